n = int(input())
steps = 0
while n != 1:
    if n % 2 == 0:
        m = n // 2
    else:
        m = 3 * n + 1
    steps += 1
print(steps)
