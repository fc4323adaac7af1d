# SPDX-License-Identifier: Apache-2.0
"""The sandbox without root: evalx really started as an ordinary user, the same hostile programs, the same verdicts where they can be had.

Which walls are not there is in src/box/weakness.c; NOT_HERE says which programs need one of them.
"""
import contextlib
import json
import os
import re
import resource
import subprocess
import tempfile
from pathlib import Path

import pytest
import test_hostile as hostile
from harness import EVALX, SANITIZED, SLOW, Server, alive, at_best, environment, wait_until
from outside import Outside, cgroup_mounts, processes_of
from test_hostile import languages  # noqa: F401  (a fixture)

USER = 2_000_000 + os.getpid()  # nobody else's on this machine
ANOTHER = USER + 1_000_000  # for commands that run beside the server


def as_user(user):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


AS_USER = as_user(ANOTHER)


class OutsideWithoutRoot(Outside):
    """Programs are the server's own user: of that user there is the server, its jail and process 1 of each box."""

    def check_processes(self):
        wait_until(lambda: processes_of(self.uids) == set(self.server.pids()), 5, f"no process but the server's own: {self.server.pids()}, {processes_of(self.uids)}")

    def check_files(self):
        own = {self.server.own_folder, str(self.server.log.name)}
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", "/home", "/etc", "/"):
            if os.path.isdir(folder):
                for entry in os.scandir(folder):
                    with contextlib.suppress(FileNotFoundError):  # somebody else's, gone meanwhile
                        assert entry.path in own or entry.stat(follow_symlinks=False).st_uid not in self.uids, entry.path

    def check_sockets(self):
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:] if os.path.exists(f"/proc/net/{table}") else []:
                fields = line.split()
                assert int(fields[7]) not in self.uids or int(fields[1].rpartition(":")[2], 16) == self.server.port, line

    def cgroups_are_right(self):
        """There are none."""


@pytest.fixture(scope="module")
def rootless(languages):  # noqa: F811
    server = Server(prefix=as_user(USER), owner=USER, languages_dir=languages, slots=1, sandbox_allow_degraded="true").start()
    try:
        server.outside = OutsideWithoutRoot(server)
        yield server
    finally:
        server.close()


# What needs a wall that is not there, and what it comes to instead.
NOT_HERE = {
    "memfd_hog.c": "memfd_create is refused, not limited",
    "shm_hog.c": "shmget is refused, not limited",
    "socket_buffers.c": "memory of the kernel's is not seen: it ends by the clock",
    "launcher_oom.c": "memfd_create is refused, not limited",
    "tcp_buffers.c": "memory of the kernel's is not seen",
    "sacrifices.c": "memory is looked at every 10 ms: children that are gone before are not seen",
    "moves_folders.c": "/box belongs to the program's own user: it goes with the scratch",
    "page_tables.c": "memory is looked at every 10 ms: it has what it wants, and says so, before it is ended",
    "short_lived_burn.c": "CPU time of processes that nobody waits for is not counted: it ends by the clock",
    "changes_streams.c": "the pipes belong to the program's own user: it may read its own output back",
}
PROGRAMS = [name for name in hostile.HOSTILE["programs"] if name not in NOT_HERE]
# All of them take minutes; what is compiled in a box is the same there and here, and of the rest a third is enough for every day.
if not os.environ.get("ROOTLESS_ALL"):
    PROGRAMS = [name for name in PROGRAMS if name.endswith((".c", ".py", ".sh")) and hostile.HOSTILE["programs"][name].get("compile", "ok") == "ok"][::9 if SANITIZED else 3]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(rootless, name, tmp_path, request):
    request.node.servers, request.node.log_mark = [rootless], len(rootless.log_text())
    body, settings = hostile.body_of(name, rootless, tmp_path)
    document = rootless.result(rootless.submit(body), 90)
    hostile.check_verdict(document, settings)
    hostile.check_said(document, settings.get("never", ()))
    rootless.outside.check()
    hostile.canary(rootless, 65, 1000, 0)


@pytest.mark.parametrize("name", NOT_HERE)
def test_program_that_meets_no_wall_ends_all_the_same(rootless, name, tmp_path):
    body, _ = hostile.body_of(name, rootless, tmp_path)
    result = rootless.result(rootless.submit(body), 90)["results"][0]
    assert result["verdict"] in ("accepted", "runtime_error", "memory_limit_exceeded", "time_limit_exceeded"), result
    assert result["wall_time_ms"] < body["limits"]["wall_time_ms"] + 500 * SLOW, result
    rootless.outside.check()
    hostile.canary(rootless, 65, 1000, 0)


def test_two_runs_do_not_meet(rootless):
    hostile.rendezvous(rootless, ["leave", "look"] * 3)
    rootless.outside.check()


# ---- verdicts ----

SPIN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\nprint('done')"
CPU_MS = 1000 if SLOW == 1 else 6000  # an emulated machine takes its time to start Python
LIMITS = {"cpu_time_ms": CPU_MS, "wall_time_ms": 10 * CPU_MS, "memory_kb": 131072}


def run(server, code, **limits):
    return server.run_one("python", code, {**LIMITS, **limits})


def test_cpu_time_is_told_exactly_and_limited(rootless):
    just_below = run(rootless, SPIN.format(seconds=0.8 * CPU_MS / 1000))
    assert just_below["verdict"] == "accepted" and 0.8 * CPU_MS <= just_below["cpu_time_ms"] <= CPU_MS, just_below
    above = at_best(lambda: run(rootless, SPIN.format(seconds=30)), lambda result: result["cpu_time_ms"] <= CPU_MS + 60 * SLOW)
    assert above["verdict"] == "time_limit_exceeded" and above["cpu_time_ms"] >= CPU_MS, above


@pytest.mark.parametrize("hidden", ["", "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)"])
def test_cpu_time_of_children_counts(rootless, hidden):
    """Also of those that may not be looked into (PR_SET_DUMPABLE 0)."""
    code = f"import ctypes, os, time\n{hidden}\nfor _ in range(3):\n  if os.fork() == 0:\n    end = time.process_time() + 30\n    while time.process_time() < end: pass\nos.wait()"
    result = at_best(lambda: run(rootless, code), lambda result: result["cpu_time_ms"] <= CPU_MS + 200 * SLOW)
    assert result["verdict"] == "time_limit_exceeded" and result["cpu_time_ms"] >= CPU_MS, result


def test_memory_is_told_and_limited(rootless):
    told = run(rootless, "import time; b = bytearray(60 << 20); time.sleep(0.1)")
    assert told["verdict"] == "accepted" and 60 << 10 <= told["memory_kb"] <= 80 << 10, told
    above = run(rootless, "b = bytearray(1 << 31)")
    assert above["verdict"] == "memory_limit_exceeded" and above["memory_kb"] <= LIMITS["memory_kb"], above


def test_memory_of_all_processes_counts_but_shared_pages_only_once(rootless):
    """Eight processes of 12 MB are 96 MB; eight that share 60 MB are 60."""
    each = "import os, time\nfor _ in range(8):\n  if os.fork() == 0:\n    {what}\n    time.sleep(0.3); os._exit(0)\nfor _ in range(8): os.wait()\nprint('done')"
    shared = run(rootless, "b = bytearray(b'x') * (60 << 20)\n" + each.format(what="pass"))
    assert shared["verdict"] == "accepted", shared
    separate = run(rootless, each.format(what="b = bytearray(b'x') * (24 << 20)"))
    assert separate["verdict"] == "memory_limit_exceeded", separate


def test_wall_time_output_and_processes_are_limited(rootless):
    assert run(rootless, "import time; time.sleep(60)", wall_time_ms=300)["verdict"] == "time_limit_exceeded"
    assert run(rootless, "while True: print('x' * 1000)", output_kb=64)["verdict"] == "output_limit_exceeded"
    forks = run(rootless, "import os, time\nn = 0\ntry:\n  for _ in range(40):\n    if os.fork() == 0:\n      time.sleep(60)\n    n += 1\nexcept BlockingIOError: pass\nprint(n)", processes=8)
    assert forks["stdout"] == "7\n", forks


# ---- consent, and what is told ----

@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="evalx-e2e-") as name:
        os.chown(name, ANOTHER, ANOTHER)
        (Path(name) / "a.py").write_text("print(5)")
        yield Path(name)


def evalx(folder, *arguments, prefix=AS_USER, **settings):
    return subprocess.run([*prefix, EVALX, *arguments], cwd=folder, env=environment(state_dir=folder / "state", **settings), capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("command", [["run", "a.py"], ["serve", "--listen", "127.0.0.1:0"]])
def test_nothing_runs_weaker_without_consent(folder, command):
    done = evalx(folder, *command)
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "sandbox.allow_degraded" in said and "no user of its own" in said and "no control group" in said, said
    assert not processes_of({ANOTHER})


def test_run_says_what_is_weaker(folder):
    done = evalx(folder, "run", "a.py", "--set", "sandbox.allow_degraded=true")
    assert done.returncode == 0 and done.stdout == "5\n", done
    assert len(re.findall("weaker sandbox: ", done.stderr)) >= 2 and "no control group: memory is looked at every 10 ms" in done.stderr, done.stderr
    assert not processes_of({ANOTHER})


def test_serve_says_what_is_weaker(rootless):
    weaker = {line["what"] for line in rootless.log_lines() if line["event"] == "sandbox.weaker"}
    assert {"no user of its own", "no control group"} <= weaker and "groups are kept" not in weaker, weaker


def test_doctor_says_what_is_weaker(folder):
    done = evalx(folder, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    for name in ("weaker: no user of its own", "weaker: no control group"):
        assert checks[name]["state"] == "failed" and "allow_degraded" in checks[name]["mend"], checks
    done = evalx(folder, "doctor", "--json", sandbox_allow_degraded="true")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0 and checks["weaker: no user of its own"]["state"] == "warning", checks


def test_groups_that_are_kept_are_told(folder):
    done = evalx(folder, "run", "a.py", "--set", "sandbox.allow_degraded=true", prefix=[*AS_USER[:-1], "--groups=4711"])
    assert done.returncode == 0 and "groups are kept" in done.stderr, done


def test_root_without_capabilities_becomes_another_user(folder):
    """As in a container that has taken them away: programs are not root, and root as the wanted user is refused."""
    dropped = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    (folder / "who.py").write_text("import os; print(open('/proc/self/uid_map').read().split(), os.getuid())")
    done = evalx(folder, "run", "who.py", "--set", "sandbox.allow_degraded=true", prefix=dropped)
    assert done.returncode == 0 and "1000" in done.stdout, done
    refused = evalx(folder, "run", "who.py", "--set", "sandbox.allow_degraded=true", "--user", "root", prefix=dropped)
    assert refused.returncode == 3 and "--user" in refused.stderr, refused


def test_no_user_namespace_is_told(folder):
    """In a user namespace that allows none below it."""
    allow_none = ["unshare", "-r", "sh", "-c", "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \"$@\"", "sh"]
    done = subprocess.run([*AS_USER, *allow_none, EVALX, "run", "a.py", "--set", "sandbox.allow_degraded=true"], cwd=folder, env=environment(state_dir=folder / "state"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "without root" in done.stderr, done


# ---- the end ----

def test_nothing_is_left_when_it_is_killed(languages):  # noqa: F811
    server = Server(prefix=AS_USER, owner=ANOTHER, languages_dir=languages, slots=1, sandbox_allow_degraded="true").start()
    try:
        server.submit({"language": "bash", "code": "setsid sleep 300 & setsid sleep 300", "test_cases": [{}], "limits": {"wall_time_ms": 60000}})
        pids = wait_until(lambda: (found := server.pids()) and len(found) > 7 and found, 30, "the program to run")
        server.process.kill()
        wait_until(lambda: not any(alive(pid) for pid in pids), 20, f"everything to be gone: {pids}")
    finally:
        server.close()


# ---- with a control group that somebody has handed over ----

@pytest.fixture
def delegated():
    """A group that belongs to ANOTHER in every hierarchy that is needed, and the command that goes there and becomes that user."""
    points = {name: point for name, (_, point) in cgroup_mounts().items()}
    two = "" in points and {"memory", "pids", "cpu"} <= set((Path(points[""]) / "cgroup.controllers").read_text().split())
    wanted = [""] if two else ["memory", "cpuacct", "pids", "cpu"]
    groups = [Path(points[name]) / f"evalx-test-{os.getpid()}" for name in wanted]
    if two:
        (Path(points[""]) / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    for group in groups:
        group.mkdir()
        for file in (group, group / "cgroup.procs", *([group / "cgroup.subtree_control", group / "cgroup.threads"] if two else [])):
            os.chown(file, ANOTHER, ANOTHER)
    enter = " && ".join(f"echo $$ >{group}/cgroup.procs" for group in groups)
    yield ["sh", "-c", f'{enter} && exec "$@"', "sh", *AS_USER]
    for group in groups:
        def gone(group=group):
            for below in (*group.glob("*/"), group):
                with contextlib.suppress(OSError):
                    below.rmdir()
            return not group.exists()
        wait_until(gone, 20, f"{group} to be empty")


def test_a_group_of_its_own_limits_as_with_root(languages, delegated, tmp_path):  # noqa: F811
    server = Server(prefix=delegated, owner=ANOTHER, languages_dir=languages, slots=1, sandbox_allow_degraded="true").start()
    try:
        weaker = {line["what"] for line in server.log_lines() if line["event"] == "sandbox.weaker"}
        assert "no control group" not in weaker and "no user of its own" in weaker, weaker
        for name in ("memfd_hog.c", "mmap_hog.c", "short_lived_burn.c", "fork_bomb.py", "socket_buffers.c", "page_tables.c"):
            body, settings = hostile.body_of(name, server, tmp_path)
            hostile.check_verdict(server.result(server.submit(body), 90), settings)
            hostile.canary(server, min(65536, resource.getrlimit(resource.RLIMIT_NPROC)[1]), 0, 0)
    finally:
        server.close()
