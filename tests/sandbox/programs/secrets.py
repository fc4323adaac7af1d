# Reads what it should not. The arguments are paths that exist on the machine that serves: they must not even be there.
import glob, os, sys
paths = sys.argv[1:] + """/etc/shadow /etc/gshadow /etc/sudoers /etc/ssh/ssh_host_ed25519_key /etc/machine-id /etc/fstab /etc/resolv.conf /etc/crontab
    /root /root/.ssh /root/.bashrc /root/.bash_history /home /var/lib/evalx /var/log /var/spool /var/lib/dpkg/status /run /run/secrets /run/docker.sock /var/run/docker.sock
    /var/run/secrets/kubernetes.io/serviceaccount/token /proc/1/environ /proc/1/cmdline /proc/1/maps /proc/1/root /proc/1/cwd /proc/1/fd /proc/2 /proc/sys /proc/kallsyms
    /proc/kcore /proc/kmsg /proc/keys /proc/timer_list /proc/sched_debug /proc/interrupts /proc/diskstats /proc/partitions /proc/modules /proc/cmdline /proc/version /proc/cpuinfo
    /proc/meminfo /proc/stat /proc/uptime /proc/loadavg /proc/mounts /proc/net /proc/swaps /proc/vmstat /proc/slabinfo /sys /sys/fs/cgroup /sys/kernel/debug /dev/mem /dev/kmem /dev/port
    /dev/kmsg /dev/vda /dev/sda /dev/nvme0n1 /dev/loop0 /dev/mapper /dev/snapshot /dev/log /dev/mqueue /boot /lost+found /mnt /media /srv /opt /work /workspace /.dockerenv""".split()
for path in paths:
    if os.path.lexists(path):
        print("ESCAPED", path)
others = [p for p in glob.glob("/proc/[0-9]*") if p != f"/proc/{os.getpid()}"]
print(*["ESCAPED " + p for p in others], sep="\n")
for path in ("/proc/self/net/tcp", "/proc/self/net/unix", "/proc/self/net/softnet_stat", "/proc/self/net/snmp", "/proc/self/net/route"):
    try:
        open(path).read()
        print("ESCAPED", path)
    except OSError:
        pass
print("done")
