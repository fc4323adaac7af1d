import sys

n = int(input())
if n < 0:
    print("invalid")
    sys.exit(3)
print(n ** 0.5)
