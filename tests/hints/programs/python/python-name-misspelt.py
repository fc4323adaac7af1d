numbers = [int(x) for x in input().split()]
total = 0
for n in nubmers:
    total += n
print(total)
