# SPDX-License-Identifier: Apache-2.0
"""What must be as it was on the machine, however a program in a box behaved. Nothing here looks into a box."""
import os
import re
from pathlib import Path

from harness import alive, children_of, wait_until

MARK = re.compile(r"evalx[-_](hostile|planted)")
FOLDERS = ("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", "/root", "/home", "/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/local",
           "/usr/local/bin", "/usr/local/include", "/usr/share", "/var", "/var/lib", "/opt", "/srv", "/mnt")
DEVICES = ("null", "zero", "full", "random", "urandom")
KEY = 0x4711


def text(path):
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def uid_of(pid):
    match = re.search(r"^Uid:\s+(\d+)", text(f"/proc/{pid}/status"), re.M)
    return int(match[1]) if match else None


def processes_of(uids):
    return {int(entry) for entry in os.listdir("/proc") if entry.isdigit() and uid_of(entry) in uids}


def mounts():
    """Without the numbers of mounts, which a new mount may take over from one that has gone."""
    return sorted(re.sub(r"^\d+ \d+ ", "", line) for line in text("/proc/self/mountinfo").splitlines())


def cgroup_mounts():
    """(group that is shown, mount point) of control groups by controller; "" is version 2. A container's mounts show its own group only."""
    found = {}
    for line in text("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        root, point = left.split()[3:5]
        if kind == "cgroup2":
            found[""] = root, point
        elif kind == "cgroup":
            found.update({option: (root, point) for option in options.replace(",", " ").split()})
    return found


def direct_children(pid):
    return [int(child) for task in os.listdir(f"/proc/{pid}/task") for child in text(f"/proc/{pid}/task/{task}/children").split()]


class Outside:
    """Taken while a server is idle; check() says what is no longer as it was."""

    def __init__(self, server):
        self.server = server
        self.jail = next(pid for pid in children_of(server.process.pid) if os.readlink(f"/proc/{pid}/exe").endswith("/evalx-jail"))
        self.uids = {uid_of(pid) for pid in self.launchers()}
        assert self.uids and min(self.uids) >= 1000, self.uids
        self.mounts = mounts()
        self.names = (text("/proc/sys/kernel/hostname"), text("/proc/sys/kernel/domainname"), text("/proc/sys/kernel/core_pattern"))
        self.devices = self.device_times()

    def launchers(self):
        """Process 1 of each box."""
        return [launcher for slot in direct_children(self.jail) for launcher in direct_children(slot)]

    def zombies(self):
        return [pid for pid in self.server.pids() if text(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] == ["Z"]]

    @staticmethod
    def device_times():
        return [(os.stat(f"/dev/{name}").st_mtime_ns, os.stat(f"/dev/{name}").st_mode) for name in DEVICES]

    def check(self):
        assert self.server.process.poll() is None and alive(self.jail), self.server.log_text()[-3000:]
        assert self.server.get("/readyz").status_code == 200
        self.check_processes()
        self.check_files()
        self.check_sockets()
        self.check_objects()
        wait_until(lambda: self.cgroups_are_right() is None, 5, lambda: f"each box to have its one group: {self.cgroups_are_right()}")  # a slot may just be built anew
        wait_until(lambda: mounts() == self.mounts, 5, "the machine's mounts to be as they were")
        assert (text("/proc/sys/kernel/hostname"), text("/proc/sys/kernel/domainname"), text("/proc/sys/kernel/core_pattern")) == self.names
        assert self.device_times() == self.devices, "times or modes of the machine's devices"

    def check_processes(self):
        """Of the boxes' users, there is process 1 of each box and nobody else."""
        wait_until(lambda: self.launchers() and processes_of(self.uids) == set(self.launchers()), 5,
                   f"the boxes to hold nobody but their process 1: {self.uids}, {self.launchers()}, {processes_of(self.uids)}")
        wait_until(lambda: not self.zombies(), 5, "every process that ended to be waited for")  # a slot may just be built anew

    def check_files(self):
        for folder in FOLDERS:
            if not os.path.isdir(folder):
                continue
            for entry in os.scandir(folder):
                assert not MARK.search(entry.name), entry.path
                try:
                    assert entry.stat(follow_symlinks=False).st_uid not in self.uids, f"{entry.path} belongs to a box"
                except OSError:
                    pass  # gone meanwhile

    def check_sockets(self):
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp"):
            for line in text(f"/proc/net/{table}").splitlines()[1:]:
                assert int(line.split()[7]) not in self.uids, f"a socket of a box: {line}"
        assert not MARK.search(text("/proc/net/unix"))

    def check_objects(self):
        for kind in ("shm", "sem", "msg"):
            lines = text(f"/proc/sysvipc/{kind}").splitlines()
            columns = lines[0].split() if lines else []
            for line in lines[1:]:
                fields = dict(zip(columns, line.split()))
                assert int(fields["key"]) != KEY and not {int(fields["uid"]), int(fields["cuid"])} & self.uids, f"{kind}: {line}"
        owners = {int(line.split(":")[0]) for line in text("/proc/key-users").splitlines()}
        assert not owners & self.uids, "keys of a box"
        assert not MARK.search(text("/proc/keys"))

    def cgroups_are_right(self):
        """None when each box has its one group, with nothing below it and its process 1 in it; else what is wrong."""
        points = cgroup_mounts()
        for launcher in self.launchers():
            groups = 0
            for line in text(f"/proc/{launcher}/cgroup").splitlines():
                _, controllers, path = line.split(":", 2)
                if f"evalx-{self.jail}-" not in path:
                    continue
                root, point = points[controllers.split(",")[0]]
                leaf = Path(point + path.removeprefix(root if root != "/" else ""))
                if [int(pid) for pid in text(leaf / "cgroup.procs").split()] != [launcher]:
                    return f"{leaf} holds more than its process 1"
                if not leaf.is_dir() or [entry for entry in os.scandir(leaf) if entry.is_dir()]:
                    return f"groups below {leaf}"
                if len([entry for entry in os.scandir(leaf.parent) if entry.is_dir()]) != len(self.launchers()):
                    return f"groups beside {leaf}"
                groups += 1
            if not groups:
                return f"process 1 of a box is in no group of ours: {text(f'/proc/{launcher}/cgroup')}"
        return None
