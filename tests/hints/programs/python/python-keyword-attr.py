class T: pass
t = T()
t.pass = 3
