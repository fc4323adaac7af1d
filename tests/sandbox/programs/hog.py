blocks = []
for _ in range(1024):
    blocks.append(bytearray(b"x") * (1 << 20))
print("ESCAPED the memory limit")
