print("{name}".format(nam=3))
