x = 0o129
print(x)
