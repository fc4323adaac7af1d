# With the tools that are there.
for how in -U -m -n -p -i -u -C -T; do unshare $how true 2>/dev/null && echo "ESCAPED unshare $how"; done
mount -t tmpfs none /tmp 2>/dev/null && echo ESCAPED mount
mount -o remount,rw /usr 2>/dev/null && echo ESCAPED remount
umount /proc 2>/dev/null && echo ESCAPED umount
chroot /tmp /bin/true 2>/dev/null && echo ESCAPED chroot
nsenter -t 1 -a true 2>/dev/null && echo ESCAPED nsenter
hostname evalx-hostile 2>/dev/null && echo ESCAPED hostname
ip link add dummy0 type dummy 2>/dev/null && echo ESCAPED ip
ip addr add 10.1.2.3/8 dev lo 2>/dev/null && echo ESCAPED address
sysctl -w kernel.hostname=evalx-hostile 2>/dev/null && echo ESCAPED sysctl
echo 1 2>/dev/null >/proc/sys/kernel/sysrq && echo ESCAPED sysrq
dmesg >/dev/null 2>&1 && echo ESCAPED dmesg
date -s 2001-01-01 >/dev/null 2>&1 && echo ESCAPED date
modprobe sctp 2>/dev/null && echo ESCAPED modprobe
insmod /tmp/x.ko 2>/dev/null && echo ESCAPED insmod
chsh -s /bin/true 2>/dev/null </dev/null && echo ESCAPED chsh
crontab -l >/dev/null 2>&1 && echo ESCAPED crontab
logger evalx-hostile 2>/dev/null && [ -S /dev/log ] && echo ESCAPED logger
wall evalx-hostile 2>/dev/null </dev/null | grep . && echo ESCAPED wall
renice -n 5 -p 1 >/dev/null 2>&1 && echo ESCAPED renice
taskset -p 1 1 >/dev/null 2>&1 && echo ESCAPED taskset
prlimit --pid 1 --nofile=3 >/dev/null 2>&1 && echo ESCAPED prlimit
chrt -i -p 0 1 >/dev/null 2>&1 && echo ESCAPED chrt
ionice -c 3 -p 1 >/dev/null 2>&1 && echo ESCAPED ionice
echo done
