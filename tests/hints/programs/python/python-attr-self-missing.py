class Cat:
    def __init__(self, name):
        name = name
c = Cat("x")
print(c.name)
