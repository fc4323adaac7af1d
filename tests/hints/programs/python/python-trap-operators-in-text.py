text = "i++ && j-- -> print x; else if =>"
print(len(text))
