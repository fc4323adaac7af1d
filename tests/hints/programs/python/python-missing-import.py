n = int(input())
root = math.isqrt(n)
print(root)
