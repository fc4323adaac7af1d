import random
random = random.randint(1, 3)
print(random.choice([1]))
