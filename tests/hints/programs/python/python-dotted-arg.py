def f(p.x):
    return p.x
