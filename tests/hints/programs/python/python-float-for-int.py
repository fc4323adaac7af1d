total, people = map(int, input().split())
each = total / people
left = total - people * each
print(each - left)
