numbers = [int(x) for x in input().split()]
numbers.sort()
for n in numbers:
    print(n)
