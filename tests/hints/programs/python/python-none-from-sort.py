numbers = [int(x) for x in input().split()]
ordered = numbers.sort()
print(ordered[0])
