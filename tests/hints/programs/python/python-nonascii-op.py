if 3 ≠ 4:
    print("no")
