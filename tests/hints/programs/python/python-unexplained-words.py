a, b = map(int, input().split())
if a > b:
    print("player one")
else:
    print("player two")
