command = input()
if command = "q":
    print("bye")
else:
    print("again")
