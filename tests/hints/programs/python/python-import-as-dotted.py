import math as m.x
