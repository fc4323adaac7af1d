n = int(input("Which number? "))
print(n * n)
