import sys

n = int(input())
sys.stderr.write('Traceback (most recent call last):\n  File "x.py", line 2, in f\nIndexError: list index out of range\n')
print(n * n + 7)
