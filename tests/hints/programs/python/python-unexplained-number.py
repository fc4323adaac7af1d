n = int(input())
total = 1
d = 3
while d < n:
    if n % d == 0:
        total += d
    d += 2
print(total)
