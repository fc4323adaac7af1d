n = int(input())
if n % 3 == 0 && n % 5 == 0:
    print("fizzbuzz")
else:
    print(n)
