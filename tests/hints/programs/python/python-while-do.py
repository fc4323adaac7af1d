while True do:
    break
