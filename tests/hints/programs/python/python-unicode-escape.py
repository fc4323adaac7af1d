path = "C:\Users\ann"
print(path)
