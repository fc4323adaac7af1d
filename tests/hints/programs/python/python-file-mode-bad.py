open("/tmp/x.txt", "rw")
