with open("input.txt") as f:
    n = int(f.readline())
print(n * n)
