# Two test cases of one submission: the first leaves what would help the second.
import os, sys
how = sys.stdin.readline().strip()
if how == "leave":
    for path in ("/artifact/main.py", "/artifact/answer", "/box/work/answer", "/tmp/answer", "/dev/shm/answer", "/box/work/main.py", "/var/tmp/answer2"):
        try:
            open(path, "w").write("42")
        except OSError:
            pass
    try:
        os.mkdir("/box/work/__pycache__")
    except OSError:
        pass
else:
    for path in ("/artifact/answer", "/box/work/answer", "/tmp/answer", "/dev/shm/answer", "/box/work/main.py", "/box/work/__pycache__", "/var/tmp/answer2"):
        if os.path.exists(path):
            print("ESCAPED", path)
    if len(open("/artifact/main.py").read()) < 100:
        print("ESCAPED its own program was changed")
print("done")
