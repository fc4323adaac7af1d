def f(x):
    if x > 3:
        r = 1
    return r
f(1)
