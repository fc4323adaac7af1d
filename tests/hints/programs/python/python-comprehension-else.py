a = [x if x > 1 for x in range(4)]
