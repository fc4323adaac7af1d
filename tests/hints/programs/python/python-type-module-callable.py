import random
print(random(1, 3))
