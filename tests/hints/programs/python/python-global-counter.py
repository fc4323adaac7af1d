hits = 0


def look(word):
    if word == "x":
        hits += 1


for w in input().split():
    look(w)
print(hits)
