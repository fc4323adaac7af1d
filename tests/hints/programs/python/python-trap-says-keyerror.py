try:
    print({"a": 1}["b"])
except KeyError as problem:
    print("KeyError:", problem)
print(sum([1, 2]))
