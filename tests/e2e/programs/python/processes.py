import os
import signal
for i in range(1000):
    try:
        if os.fork() == 0:
            signal.pause()
    except BlockingIOError:
        print("refused")
        break
else:
    print("never refused")
