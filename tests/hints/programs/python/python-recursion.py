def power(base, exponent):
    return base * power(base, exponent - 1)


b, e = map(int, input().split())
print(power(b, e))
