stock = {"apple": 4, "pear": 7}
fruit = input().strip()
print(stock[fruit])
