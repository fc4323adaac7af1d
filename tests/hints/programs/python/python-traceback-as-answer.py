lines = ["Traceback (most recent call last):", "KeyError: 'b'"]
for line in lines:
    print(line)
