class A:
    def __init__(self):
        self.b = A()
A()
