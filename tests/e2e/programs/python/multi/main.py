from lib.triple import triple
print(triple(int(input())))
