import sys

total = 0
for line in sys.stdin:
    try:
        total += int(line)
    except ValueError as error:
        print("ValueError:", error, file=sys.stderr)
print(total)
