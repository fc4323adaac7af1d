def f(x):
    return y = x + 1
f(1)
