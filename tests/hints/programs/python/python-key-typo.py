d = {"apple": 1}
print(d["aple"])
