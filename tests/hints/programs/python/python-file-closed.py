f = open("/tmp/x2.txt", "w")
f.close()
f.write("a")
