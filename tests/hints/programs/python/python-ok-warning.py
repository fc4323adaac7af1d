path = input()
found = 0
for c in path:
    if c == "\:"[-1]:
        found += 1
print(found)
