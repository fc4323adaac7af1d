import shutil
import sys
shutil.copyfileobj(sys.stdin, sys.stdout)
