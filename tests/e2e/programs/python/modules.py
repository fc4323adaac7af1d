import collections, heapq, itertools, json, math, re
from fractions import Fraction
heap = [5, 1, 4]
heapq.heapify(heap)
print(heapq.heappop(heap), math.comb(5, 2), Fraction(1, 3) + Fraction(1, 6), json.dumps(collections.Counter("aab")),
      re.sub(r"\d+", "#", "a1b22"), list(itertools.permutations([1, 2])))
