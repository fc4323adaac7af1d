count = 0
for word in input().split():
    if word == "a":
        count++
print(count)
