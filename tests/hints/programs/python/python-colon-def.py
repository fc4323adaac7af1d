def area(a, b)
    return a * b


w, h = map(int, input().split())
print(area(w, h))
