# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the process that parses HTTP holds no privilege, the one that does is small, single-threaded and speaks no HTTP;
a program in its box holds nothing at all."""
import json
import os
import subprocess
from pathlib import Path

import pytest
from harness import BUILD_DIR, Server, wait_until

INTERPRETED = {"cpu_time_ms": 5000, "wall_time_ms": 15000}


def status(pid, task=None):
    path = Path(f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status")
    return dict(line.split(":\t", 1) for line in path.read_text().splitlines() if ":\t" in line)


def comm(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""  # it ended between being listed and being looked at


def exe(pid):
    return os.path.basename(os.readlink(f"/proc/{pid}/exe"))


def listening_inodes():
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {fields[9]: int(fields[1].split(":")[1], 16) for fields in map(str.split, lines) if fields[3] == "0A"}


@pytest.fixture(scope="module")
def quiet():
    """A server that has nothing to do, so that all its processes are its own and stay."""
    server = Server()
    try:
        yield server.start()
    finally:
        server.close()


def test_the_serving_process_is_not_root_and_has_no_capabilities(quiet):
    pid = quiet.process.pid
    tasks = os.listdir(f"/proc/{pid}/task")
    assert len(tasks) > 1, "threads are looked at one by one"
    for task in tasks:
        fields = status(pid, task)
        assert 0 not in map(int, fields["Uid"].split()), (task, fields["Uid"])
        assert 0 not in map(int, fields["Gid"].split()), (task, fields["Gid"])
        assert "0" not in fields["Groups"].split(), (task, fields["Groups"])
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(fields[kind], 16) == 0, (task, kind, fields[kind])
        assert fields["NoNewPrivs"] == "1", task


def test_only_the_serving_process_listens(quiet):
    assert quiet.port in listening_inodes().values()
    looked_at = 0
    for pid in quiet.pids()[1:]:
        try:
            targets = [os.readlink(f"/proc/{pid}/fd/{descriptor}") for descriptor in os.listdir(f"/proc/{pid}/fd")]
        except (FileNotFoundError, ProcessLookupError):
            wait_until(lambda pid=pid: pid not in quiet.pids(), 10, "the process that cannot be looked at to be gone")
            continue
        looked_at += 1
        sockets = {target[8:-1] for target in targets if target.startswith("socket:")}
        assert not sockets & set(listening_inodes()), (pid, comm(pid))
    assert looked_at > 0


def test_the_privileged_process_is_small(quiet):
    """The jail: its own program, one thread, no JSON, HTTP, SQLite or TLS library."""
    jails = quiet.pids()[1:]
    assert jails and {exe(pid) for pid in jails} == {"evalx-jail"}
    for pid in jails:
        assert len(os.listdir(f"/proc/{pid}/task")) == 1
        libraries = {line.rsplit("/", 1)[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line}
        assert not [name for name in libraries if name.startswith(("libjansson", "libsqlite", "libcurl", "libuv", "libhttp", "libssl"))], libraries


def test_no_child_of_the_server_runs_user_code(server):
    """While a program runs, no process with the engine's own binary has forked into it: every process of it belongs to the jail."""
    token = server.submit({"language": "bash", "code": "sleep 30", "test_cases": [{}], "limits": {"wall_time_ms": 30000}})
    sleeping = wait_until(lambda: [pid for pid in server.pids() if comm(pid) == "sleep"], 30, "the program to run")
    parent = sleeping[0]
    chain = []
    while parent != server.process.pid:
        chain.append(exe(parent))
        parent = int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
    assert chain[-1] == "evalx-jail", chain
    server.delete(f"/submissions/{token}")


PROBE = r"""
import os, json, socket, ctypes, errno, resource
status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
def attempt(what):
    try:
        what()
        return "done"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e.errno))
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    def what():
        if libc.syscall(number, *args) < 0:
            raise OSError(ctypes.get_errno(), "")
    return what
def connect(family, address):
    def what():
        s = socket.socket(family, socket.SOCK_STREAM)
        s.settimeout(2)
        s.connect(address)
    return what
print(json.dumps({
    "uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(), "caps": [status[c] for c in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "nnp": status["NoNewPrivs"], "seccomp": status["Seccomp"], "env": dict(os.environ), "pid": os.getpid(), "cwd": os.getcwd(),
    "fds": sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)), "pids": [p for p in os.listdir("/proc") if p.isdigit()],
    "root": sorted(os.listdir("/")), "dev": sorted(os.listdir("/dev")), "etc": sorted(os.listdir("/etc")), "hostname": socket.gethostname(),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "write": {place: attempt(lambda: open(place + "/evalx-probe", "w").close()) for place in ("/", "/usr", "/usr/bin", "/etc", "/bin", "/dev", "/proc", "/artifact", "/box")},
    "read": {path: attempt(lambda: open(path).close()) for path in ("/etc/shadow", "/proc/kcore", "/proc/1/environ", "/proc/1/mem", "/dev/mem", "/dev/kmsg", "/proc/kmsg", "/sys/kernel", "/dev/sda", "/dev/vda", "/root/.bashrc")},
    "calls": {"mount": attempt(call(165, b"x", b"/tmp", b"tmpfs", 0, 0)), "unshare user": attempt(call(272, 0x10000000)), "unshare mount": attempt(call(272, 0x20000)), "setuid 0": attempt(lambda: os.setuid(0)),
              "setgid 0": attempt(lambda: os.setgid(0)), "chroot": attempt(lambda: os.chroot("/tmp")), "ptrace": attempt(call(101, 16, 1, 0, 0)), "bpf": attempt(call(321, 0, 0, 0)), "keyctl": attempt(call(250, 0, 0, 0)),
              "add_key": attempt(call(248, b"user", b"a", b"b", 1, -3)), "io_uring": attempt(call(425, 4, 0)), "userfaultfd": attempt(call(323, 0)), "perf": attempt(call(298, 0, 0, -1, -1, 0)),
              "mknod": attempt(lambda: os.mknod("/tmp/n", 0o20600, os.makedev(1, 1))), "sethostname": attempt(call(170, b"x", 1)), "reboot": attempt(call(169, 1, 2, 3, 0)), "swapon": attempt(call(167, b"/tmp", 0)),
              "settime": attempt(call(227, 0, 0)), "chown": attempt(lambda: os.chown("/tmp", 0, 0)), "init_module": attempt(call(175, 0, 0, 0)), "kexec": attempt(call(246, 0, 0, 0, 0)), "nice": attempt(lambda: os.setpriority(0, 0, -5)),
              "open_by_handle": attempt(call(304, -1, 0, 0)), "setns": attempt(call(308, 0, 0)), "clone user": attempt(call(56, 0x10000011, 0, 0, 0, 0))},
    "sockets": {str(family): attempt(lambda: socket.socket(family, kind).close()) for family, kind in ((16, 3), (17, 3), (38, 5), (40, 1), (31, 3))},
    "network": {"server": attempt(connect(socket.AF_INET, ("127.0.0.1", int(input())))), "metadata": attempt(connect(socket.AF_INET, ("169.254.169.254", 80))), "outside": attempt(connect(socket.AF_INET, ("1.1.1.1", 53)))},
}))
"""


@pytest.fixture(scope="module")
def inside(shared_server):
    """What a program sees and can do in its box."""
    result = shared_server.run_one("python", PROBE, INTERPRETED, stdin=f"{shared_server.port}\n")
    assert result["verdict"] == "accepted", result
    return json.loads(result["stdout"])


def test_box_identity(inside):
    assert len(set(inside["uid"])) == 1 and inside["uid"][0] >= 1000 and len(set(inside["gid"])) == 1 and inside["gid"][0] >= 1000
    assert not [group for group in inside["groups"] if group != inside["gid"][0]]
    assert [int(caps, 16) for caps in inside["caps"]] == [0] * 5
    assert inside["nnp"] == "1" and inside["seccomp"] == "2" and max(inside["core"]) <= 1  # 1: not even to a pipe


def test_box_sees_itself_only(inside):
    assert inside["fds"] in ([0, 1, 2], [0, 1, 2, 3])  # the listing of the folder has one open itself
    assert len(inside["pids"]) <= 2 and inside["hostname"] != os.uname().nodename
    assert not {"root", "home", "work", "boot", "srv", "mnt", "media", "sys"} & set(inside["root"])
    assert set(inside["dev"]) <= {"null", "zero", "full", "random", "urandom", "fd", "stdin", "stdout", "stderr", "shm", "tty"}
    assert "shadow" not in inside["etc"]


def test_box_environment_is_built_not_inherited(inside):
    for name in inside["env"]:
        assert name in ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER", "LOGNAME", "PWD", "SHLVL", "_") or name.startswith("PYTHON"), name
    assert inside["env"].get("HOME", "/tmp") != os.environ.get("HOME")


def test_box_cannot_write_outside(inside):
    assert {place: said for place, said in inside["write"].items() if said == "done"} == {}


def test_box_cannot_read_secrets(inside):
    assert {path: said for path, said in inside["read"].items() if said == "done"} == {}


def test_box_system_calls_are_refused(inside):
    assert {name: said for name, said in inside["calls"].items() if said not in ("EPERM", "EACCES", "ENOSYS")} == {}


def test_box_has_no_network_and_no_odd_sockets(inside):
    assert "done" not in inside["network"].values(), inside["network"]
    assert "done" not in inside["sockets"].values(), inside["sockets"]


def test_slots_have_users_of_their_own(new_server):
    """Two programs at the same time are two users of the machine, and neither is the server's: none could signal or trace another."""
    server = new_server(slots=2)
    token = server.submit({"language": "bash", "code": "sleep 30", "test_cases": [{}, {}], "limits": {"wall_time_ms": 30000}})
    sleeping = wait_until(lambda: [pid for pid in server.pids() if comm(pid) == "sleep"][1:] and [pid for pid in server.pids() if comm(pid) == "sleep"], 30, "both to run")
    users = [status(pid)["Uid"].split() for pid in sleeping]
    assert all(len(set(ids)) == 1 for ids in users) and len({ids[0] for ids in users}) == 2, users
    assert status(server.process.pid)["Uid"].split()[0] not in {"0", users[0][0], users[1][0]}
    server.delete(f"/submissions/{token}")


def test_state_folder_is_closed_to_others(server):
    """Programs of other users on the machine cannot read submissions."""
    for path in [server.state_dir, *server.state_dir.rglob("*.db*")]:
        assert path.stat().st_mode & 0o007 == 0, (path, oct(path.stat().st_mode))


def test_binaries_are_hardened():
    """Position independent, with full relocation protection and no executable stack."""
    for name in ("evalx", "evalx-jail"):
        headers = subprocess.run(["readelf", "-Wldh", BUILD_DIR / name], capture_output=True, text=True, check=True).stdout
        assert "DYN (" in headers, name
        assert "GNU_RELRO" in headers, name
        stack = next(line for line in headers.splitlines() if "GNU_STACK" in line)
        assert " RW " in stack and "RWE" not in stack, name
