# SPDX-License-Identifier: Apache-2.0
"""evalx doctor where something is refused, as containers do: it says which step, and which setting gives it. Each is really refused: by a
seccomp filter, by capabilities taken away, by mounts of its own, in a user namespace of its own."""
import ctypes
import errno
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness import BUILD_DIR, EVALX, ROOT, environment

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
V2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()


@pytest.fixture(scope="module")
def languages():
    """One language: toolchains are looked at elsewhere, and take their time."""
    with tempfile.TemporaryDirectory(prefix="evalx-e2e-") as name:
        os.chmod(name, 0o755)
        shutil.copy(ROOT / "languages" / "bash.yaml", name)
        yield name


@pytest.fixture
def doctor(languages):
    def run(*prefix, before=None, **settings):
        with tempfile.TemporaryDirectory(prefix="evalx-e2e-") as state:
            os.chmod(state, 0o777)
            done = subprocess.run([*prefix, EVALX, "doctor", "--json"], env=environment(languages_dir=languages, state_dir=f"{state}/state", **settings),
                                  capture_output=True, text=True, timeout=60, cwd="/", stdin=subprocess.DEVNULL, preexec_fn=before)
        assert done.stdout, done.stderr
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    return run


def refuse(*calls, number=errno.EPERM):
    """A preexec_fn: from then on these calls are answered with that error, as a container's profile does."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(0x7FFF0000))
    for call in calls:
        name, *flag = call if isinstance(call, tuple) else (call,)
        syscall = library.seccomp_syscall_resolve_name(name.encode())

        class Compare(ctypes.Structure):  # struct scmp_arg_cmp: argument 0, masked, equals
            _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
        compare = (Compare * 1)(Compare(0, 7, flag[0], flag[0])) if flag else None
        assert library.seccomp_rule_add_array(context, 0x00050000 | number, syscall, 1 if flag else 0, compare) == 0, call

    def load():
        if library.seccomp_load(context) != 0:
            os._exit(125)
    return load


def refused(check, *words):
    assert check["state"] == "failed", check
    assert all(word in (check["mend"] or "") for word in words), (words, check)


def test_nothing_is_refused_here(doctor):
    checks = doctor()
    steps = ["clone3", "namespace pid", "namespace mount", "pivot_root", "proc", "loopback", "user namespace", "box user", "seccomp", "control group"]
    assert {checks[step]["state"] for step in steps} == {"ok"}, checks
    assert checks["sandbox"]["state"] == "ok"
    # A folder of one's own holds what its owner wants: the languages that are not there are not missed.
    assert [(name, check["state"]) for name, check in checks.items() if name.startswith("language ")] == [("language bash", "ok")]


# ---- a seccomp filter ----

@pytest.mark.parametrize("step, call, number", [
    ("pivot_root", "pivot_root", errno.EPERM), ("clone3", "clone3", errno.ENOSYS), ("mount clone", "open_tree", errno.EPERM), ("mount read-only", "mount_setattr", errno.ENOSYS),
    ("mount attach", "move_mount", errno.EPERM), ("tmpfs", "mount", errno.EPERM), ("host name", "sethostname", errno.EPERM), ("seccomp", "seccomp", errno.EINVAL), ("pidfd", "pidfd_send_signal", errno.ENOSYS),
    ("old root", "umount2", errno.EPERM), ("bounding set", "prctl", errno.EPERM)])
def test_a_filter_that_refuses_one_call(doctor, step, call, number):
    checks = doctor(before=refuse(call, number=number))
    if call == "mount":
        step = "private mounts"
    refused(checks[step], "seccomp", call, "seccompProfile", "--security-opt seccomp=")
    assert os.strerror(number) in checks[step]["detail"]
    assert "seccomp filter" in checks["container"]["detail"]
    assert checks["sandbox"]["state"] == "failed", checks["sandbox"]


def test_what_comes_after_a_refused_step_is_not_guessed(doctor):
    checks = doctor(before=refuse("pivot_root"))
    assert checks["mount attach"]["state"] == "ok" and checks["loopback"]["state"] == "ok"
    for step in ("old root", "proc"):
        assert checks[step]["state"] == "warning" and "not tried" in checks[step]["detail"], checks[step]


def test_one_kind_of_namespace(doctor):
    """What Docker's own profile does to unshare with CLONE_NEWCGROUP."""
    checks = doctor(before=refuse(("unshare", 0x02000000)))
    refused(checks["namespace cgroup"], "seccomp", "unshare")
    assert checks["namespace mount"]["state"] == "ok"


def test_the_boxes_own_user_namespace_may_be_missing_as_root(doctor):
    checks = doctor(before=refuse(("unshare", 0x10000000)))
    assert checks["user namespace"]["state"] == "warning" and "CLONE_NEWUSER" in checks["user namespace"]["mend"], checks["user namespace"]
    assert checks["sandbox"]["state"] == "ok" and "user namespace no" in checks["sandbox"]["detail"], checks["sandbox"]
    assert checks["weaker: no user namespace"]["state"] == "warning", checks


# ---- capabilities ----

@pytest.mark.parametrize("capability, step", [("net_admin", "loopback"), ("chown", "tmpfs owner"), ("sys_chroot", "proc")])
def test_root_without_a_capability(doctor, capability, step):
    checks = doctor("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}")
    refused(checks[step], capability.upper(), "--cap-add", "capabilities.add")
    assert f"without {capability.upper()}" in checks["container"]["detail"] and checks["sandbox"]["state"] == "failed"


def test_root_without_sys_admin_tries_a_user_namespace(doctor):
    checks = doctor("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    assert checks["privileges"]["state"] == "failed" and "SYS_ADMIN" in checks["privileges"]["detail"], checks["privileges"]
    assert checks["pivot_root"]["state"] == "ok" and "weaker: no user of its own" in checks


def test_root_without_precedence_starts_all_the_same(doctor):
    checks = doctor("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")
    assert checks["sandbox"]["state"] == "ok"
    assert checks["weaker: no precedence"]["state"] == "warning" and "SYS_NICE" in checks["weaker: no precedence"]["mend"], checks


def test_programs_run_at_a_lower_priority_that_cannot_be_left(tmp_path):
    (tmp_path / "a.sh").write_text("nice")
    done = subprocess.run(["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", "nice", "-n", "7", EVALX, "run", tmp_path / "a.sh", "--json"], env=environment(), capture_output=True, text=True,
                          timeout=60, cwd="/", stdin=subprocess.DEVNULL)
    assert json.loads(done.stdout)["results"][0]["stdout"].strip() in [str(priority) for priority in range(7, 20)], done


def test_root_of_an_ordinary_container(doctor):
    """No SYS_ADMIN, parts of /proc masked: what is in the way of a user namespace is that, not the capability."""
    checks = doctor("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /proc/uptime && exec "$@"', "sh", "setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    refused(checks["proc"], "procMount: Unmasked", "systempaths=unconfined")
    assert "root without SYS_ADMIN" in checks["container"]["detail"] and checks["sandbox"]["state"] == "failed", checks


# ---- without root ----

def test_user_namespaces_are_refused(doctor):
    checks = doctor(*NOBODY, before=refuse(("unshare", 0x10000000)))
    refused(checks["user namespace of evalx"], "seccomp", "kernel.unprivileged_userns_clone", "apparmor_restrict_unprivileged_userns")
    assert checks["sandbox"]["state"] == "failed" and "clone3" not in checks


def test_masked_proc(doctor):
    """As every container has it by default."""
    masked = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /proc/uptime && exec "$@"', "sh", *NOBODY]
    checks = doctor(*masked, sandbox_allow_degraded="true")
    refused(checks["proc"], "procMount: Unmasked", "systempaths=unconfined")
    assert checks["old root"]["state"] == "ok" and checks["sandbox"]["state"] == "failed"


# ---- control groups ----

READ_ONLY = ["unshare", "--mount", "sh", "-c", 'for point in $(awk \'$3 ~ /^cgroup/ {print $2}\' /proc/mounts); do mount -o remount,bind,ro "$point"; done; exec "$@"', "sh"]


def test_control_groups_mounted_read_only(doctor):
    """As in every container that is not privileged. One that may mount has a writable view of them."""
    checks = doctor(*READ_ONLY)
    assert checks["control group"]["state"] == "ok" and "mounted read-only" in checks["control group"]["detail"], checks["control group"]
    assert checks["sandbox"]["state"] == "ok", checks


def test_control_groups_read_only_for_good(doctor):
    """As in a pod that has user namespaces: what was mounted outside of its namespace stays as it is."""
    checks = doctor(*READ_ONLY, "unshare", "--user", "--map-root-user", "--mount")
    refused(checks["control group"], "writable-cgroups=true", "cgroup_writable", "privileged")
    assert "Read-only file system" in checks["control group"]["detail"] and "/sys/fs/cgroup" in checks["control group"]["detail"]
    assert checks["seccomp"]["state"] == "ok" and checks["sandbox"]["state"] == "failed"


def test_no_control_groups_are_mounted(doctor):
    checks = doctor("unshare", "--mount", "sh", "-c", 'umount -R /sys/fs/cgroup && exec "$@"', "sh")
    refused(checks["control group"], "mount -t cgroup2")
    assert checks["sandbox"]["state"] == "failed"


@pytest.mark.skipif(not V2, reason="cgroup v1 here: done under user-mode-linux (on_cgroup_v2.sh)")
def test_version_2_moves_out_of_the_way(doctor):
    """The rule that a group with controllers below it holds no process: evalx moves itself, but not somebody else's processes."""
    (Path("/sys/fs/cgroup") / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    group = Path("/sys/fs/cgroup") / f"evalx-test-{os.getpid()}"
    group.mkdir()
    enter = ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]
    try:
        alone = subprocess.run([*enter, BUILD_DIR / "evalx-jail", "--check", "--uid-base", "60600"], capture_output=True, text=True, timeout=60)
        assert "control group\t0\tversion 2" in alone.stdout, alone
        again = subprocess.run(["sh", "-c", f'echo $$ >{group}/evalx-main/cgroup.procs && exec "$@"', "sh", BUILD_DIR / "evalx-jail", "--check", "--uid-base", "60600"],
                               capture_output=True, text=True, timeout=60)
        assert "control group\t0\tversion 2" in again.stdout and not [*(group / "evalx-main").glob("*/")], again
        (group / "cgroup.subtree_control").write_text("-memory -pids -cpu")
        with subprocess.Popen([*enter, "sleep", "60"]) as other:
            try:
                shared = subprocess.run([*enter, BUILD_DIR / "evalx-jail", "--check", "--uid-base", "60600"], capture_output=True, text=True, timeout=60)
            finally:
                other.kill()
        line = next(line for line in shared.stdout.splitlines() if line.startswith("control group"))
        assert line.split("\t")[1] == str(errno.EBUSY) and "other processes are in it" in line, shared
    finally:
        for folder in (*group.glob("*/"), group):
            folder.rmdir()
