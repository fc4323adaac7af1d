# What would tell one machine from another, or who else is on it. The arguments are words that must not be seen anywhere.
import os, platform, socket, sys, subprocess
seen = [platform.node(), socket.gethostname(), socket.getfqdn(), str(os.uname()), str(dict(os.environ)), " ".join(sys.path)]
for path in ("/etc/hostname", "/etc/hosts", "/etc/passwd", "/etc/group", "/proc/self/environ", "/proc/self/cgroup", "/proc/self/maps", "/proc/self/status"):
    try:
        seen.append(open(path).read())
    except OSError:
        pass
for command in (["id"], ["who"], ["last"], ["ps", "aux"], ["hostname", "-I"], ["df"], ["lsblk"], ["ip", "addr"], ["ss", "-a"], ["dmesg"], ["crontab", "-l"], ["ipcs"]):
    try:
        seen.append(subprocess.run(command, capture_output=True, text=True, timeout=2).stdout)
    except (OSError, subprocess.TimeoutExpired):
        pass
text = "\n".join(seen)
for word in sys.argv[1:]:
    if word in text:
        print("ESCAPED", [s for s in seen if word in s][0][:200])
if platform.node() != "box":
    print("ESCAPED", platform.node())
if open("/proc/self/cgroup").read().count("evalx"):
    print("ESCAPED the control group's name")
print("done")
