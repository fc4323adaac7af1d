n = int(input())
composite = bytearray(n)
count = 0
for i in range(2, n):
    if not composite[i]:
        count += 1
        composite[i * i::i] = b"\1" * len(range(i * i, n, i))
print(count)
