a, b = map(int, input().split())
largest = max(a, min(b, 100)
print(largest)
