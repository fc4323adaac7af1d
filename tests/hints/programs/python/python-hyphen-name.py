my-name = "x"
print(my-name)
