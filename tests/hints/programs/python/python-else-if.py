n = int(input())
if n > 0:
    print("positive")
else if n < 0:
    print("negative")
else:
    print("zero")
