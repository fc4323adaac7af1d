def f(1, x):
    return x
