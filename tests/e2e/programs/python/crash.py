print("before", flush=True)
print([][5])
