boys, girls = map(int, input().split())
ratio = boys / girls
print(round(ratio, 2))
