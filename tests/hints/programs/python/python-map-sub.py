m = map(int, ["1"])
print(m[0])
