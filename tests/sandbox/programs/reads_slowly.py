import os, time
while os.read(0, 1):
    time.sleep(1)
