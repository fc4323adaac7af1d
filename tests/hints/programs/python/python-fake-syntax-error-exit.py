import sys

line = input()
if not line.endswith(":"):
    print("your program: SyntaxError: expected ':'")
    sys.exit(1)
print("ok")
