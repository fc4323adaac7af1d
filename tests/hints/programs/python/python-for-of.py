for i of [1,2]:
    print(i)
