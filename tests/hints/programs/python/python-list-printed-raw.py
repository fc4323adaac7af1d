numbers = sorted(int(x) for x in input().split())
print(numbers)
