n = int(input())
prices = [float(x) for x in input().split()]
total = 0.0
for p in prices:
    total += p
print(total)
