class Basket:
    def __init__(self):
        self.items = 0

    def add(count):
        self.items += count


b = Basket()
b.add(5)
print(b.items)
