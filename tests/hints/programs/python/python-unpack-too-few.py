a, b, c = map(int, input().split())
if c == 0:
    c = (a * a + b * b) ** 0.5
print(int(c))
