name = "a"
print(f"hi {name")
