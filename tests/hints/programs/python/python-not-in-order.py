x = 3
if x not [1, 2]:
    print(x)
