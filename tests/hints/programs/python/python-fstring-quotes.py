d = {"k": 1}
print(f"v {d["k"]}")
