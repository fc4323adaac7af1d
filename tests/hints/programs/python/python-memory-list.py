n = int(input())
table = [[0] * n for _ in range(n)]
cells = 0
for row in table:
    cells += len(row)
print(cells)
