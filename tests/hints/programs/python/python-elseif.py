x = 2
if x > 3:
    print(1)
elseif x > 1:
    print(2)
