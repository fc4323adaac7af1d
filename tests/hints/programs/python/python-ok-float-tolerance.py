n = float(input())
guess = n
for _ in range(30):
    guess = (guess + n / guess) / 2
print(guess)
