list = input().split()
numbers = sorted(int(x) for x in list)
copy = list(numbers)
print(copy)
