hour = 23
if hour > 22:
    print("It is late)
