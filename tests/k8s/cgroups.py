# SPDX-License-Identifier: Apache-2.0
"""Control groups of pods, as a kubelet makes them: one a pod, below one of the rig, in each hierarchy of version 1 that evalx uses, or in
the one of version 2. Limits are those of the container."""
import contextlib
import os
import signal
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
V2 = (MOUNT / "cgroup.controllers").exists()
CONTROLLERS = ("memory", "cpu", "cpuacct", "pids")


def _own(controller):
    """The group that this process is in, in the hierarchy of version 1 that has the controller."""
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return MOUNT / controller / path.lstrip("/")
    raise FileNotFoundError(f"no control group of version 1 with {controller}")


def _write(path, value):
    path.write_text(str(value), encoding="ascii")


class Groups:
    """The rig's group, above those of its pods."""

    def __init__(self, name):
        self.bases = [MOUNT / name] if V2 else list(dict.fromkeys(_own(controller) / name for controller in CONTROLLERS))
        for base in self.bases:
            base.mkdir(exist_ok=True)
        if V2:
            with contextlib.suppress(OSError):  # systemd has done it, where there is systemd
                _write(MOUNT / "cgroup.subtree_control", "+memory +cpu +pids")
            _write(self.bases[0] / "cgroup.subtree_control", "+memory +cpu +pids")

    def make(self, name, memory=None, cores=None):
        """The paths of a pod's group. memory: bytes; cores: a number."""
        paths = [base / name for base in self.bases]
        for path in paths:
            path.mkdir(exist_ok=True)
        period = 100000
        for path in paths:
            files = ((path / "memory.max", memory), (path / "memory.limit_in_bytes", memory),
                     (path / "cpu.max", cores and f"{int(cores * period)} {period}"),
                     (path / "cpu.cfs_quota_us", cores and int(cores * period)))
            for file, value in files:
                if value and file.exists():
                    _write(file, value)
        return paths

    def members(self, paths):
        """All processes of a pod, those of groups that it made itself included."""
        found = set()
        for file in paths[0].rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(pid) for pid in file.read_text(encoding="ascii").split())
        return found - {0}

    def kill(self, paths, seconds=20):
        """SIGKILL to all of them, until there is none."""
        deadline = time.monotonic() + seconds
        while (pids := self.members(paths)) and time.monotonic() < deadline:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def remove(self, paths):
        for path in paths:
            for folder in sorted(path.rglob("*/"), key=lambda folder: -len(folder.parts)):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            with contextlib.suppress(OSError):
                path.rmdir()

    def close(self):
        for base in self.bases:
            self.remove([base])
