values = list(map(int, input().split()))
jumps = 0
for i in range(len(values)):
    if values[i + 1] > values[i]:
        jumps += values[i + 1]
print(jumps)
