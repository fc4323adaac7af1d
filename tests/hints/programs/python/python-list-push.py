n = int(input())
squares = []
for i in range(n):
    squares.push(i * i)
print(squares)
