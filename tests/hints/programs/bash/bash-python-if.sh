x=1
if x == 1:
  echo a
