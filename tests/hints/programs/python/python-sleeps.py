import time

n = int(input())
while n > 0:
    print(n)
    time.sleep(1)
    n -= 1
print("go")
