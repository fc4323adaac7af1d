import sys

n = int(input())
print("Traceback (most recent call last):", file=sys.stderr)
print('  File "main.py", line 3, in <module>', file=sys.stderr)
print("ZeroDivisionError: division by zero", file=sys.stderr)
print(n * n)
