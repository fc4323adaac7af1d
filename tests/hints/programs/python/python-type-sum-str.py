print(sum(["1", "2"]))
