age = int(input())
if age >= 18
    print("welcome")
else:
    print("too young")
