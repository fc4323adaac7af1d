# SPDX-License-Identifier: Apache-2.0
"""The worker's image under containerd and runc with exactly the security settings that the manifests give its pod: doctor finds every step of
building a box allowed; taking one setting away is named as what it is; and the sandbox suite passes, against the image's own evalx.

The suite runs inside the container and looks at other processes from there, which takes SYS_PTRACE. Only it has that: every server is started
through setpriv, which leaves it the capabilities of the manifest (test_the_suite_gives_servers_no_more), below the same filter."""
import copy
import itertools
import json
import os
import subprocess

import pytest

from pod import AS_THE_POD, RENDERED, ROOT, V2, Container, Reachable, capabilities_of, deployment, observe, specification, suite_specification, totals_of, with_component

DOCTOR = ["/usr/local/bin/evalx", "doctor", "--json"]
STEPS = ["clone3", "namespace pid", "namespace net", "namespace ipc", "namespace uts", "namespace mount", "private mounts", "tmpfs", "tmpfs owner", "mount clone", "mount read-only", "mount attach",
         "pivot_root", "old root", "proc", "namespace cgroup", "loopback", "host name", "user namespace", "groups", "box user", "bounding set", "no new privileges", "seccomp", "pidfd", "control group"]
NUMBERS = itertools.count()
BUILD_DIR = (ROOT / os.environ.get("BUILD_DIR", "build")).resolve()
SECONDS = int(os.environ.get("CONTAINER_SECONDS", "1800"))


@pytest.fixture
def pod():
    """A copy, to take things away from."""
    return copy.deepcopy(deployment("evalx-worker"))


@pytest.fixture
def config(folder):
    path = folder / "config"
    path.mkdir(exist_ok=True)
    return path


def doctor_of(done):
    code, said = done
    assert said.lstrip().startswith("{"), (code, said[-3000:])
    return {check["name"]: check for check in json.loads(said)["checks"]}


@pytest.fixture
def doctor(worker_image, folder, config, network, runtime_default):
    """By runc alone: quicker than by containerd, and the same specification."""
    def run(pod, **settings):
        spec = specification(pod, pod["containers"][0], DOCTOR, {"EVALX_SLOTS": "1", **settings}, folders={"config": config}, network=network, runtime_default=runtime_default)
        name = f"doctor{next(NUMBERS)}"
        return doctor_of(Container(name, folder / name, worker_image.rootfs, spec).run(120))
    return run


def refused(checks, step, *words):
    assert checks[step]["state"] == "failed" and all(word in checks[step]["mend"] for word in words), (step, words, checks[step])
    assert checks["sandbox"]["state"] == "failed", checks["sandbox"]


# ---- all that the manifest gives is enough ----

def test_every_step_under_containerd(containerd, worker_image, config, network, pod):
    spec = specification(pod, pod["containers"][0], DOCTOR, {"EVALX_SLOTS": "1"}, folders={"config": config}, network=network)
    checks = doctor_of(containerd.run("doctor", worker_image.rootfs, spec, 180))
    assert {step: checks[step]["state"] for step in STEPS} == dict.fromkeys(STEPS, "ok"), checks
    assert "mounted read-only" in checks["control group"]["detail"] and f"version {2 if V2 else 1}" in checks["control group"]["detail"], checks["control group"]
    assert checks["sandbox"]["state"] == "ok" and "user namespace yes" in checks["sandbox"]["detail"], checks["sandbox"]
    weaker = [name for name in checks if name.startswith("weaker")]
    print(f"\ncontrol group: {checks['control group']['detail']}; weaker: {weaker}")
    assert set(weaker) <= {"weaker: no precedence"}, weaker  # SYS_NICE is not among what the manifests give
    assert all(check["state"] == "ok" for name, check in checks.items() if name.startswith("language ")), checks


def test_every_step_as_the_one_file_has_it(doctor):
    """deployment.yaml, that `kubectl apply -f` takes."""
    checks = doctor(deployment("evalx-worker", [RENDERED]))
    assert {step: checks[step]["state"] for step in STEPS} == dict.fromkeys(STEPS, "ok") and checks["sandbox"]["state"] == "ok", checks


def test_every_step_when_privileged(doctor, pod):
    """The component worker-privileged: every capability and device, nothing masked, no filter around the pod. (Version 2: on_cgroup_v2.py.)"""
    checks = doctor(with_component(pod, "worker-privileged"))
    assert {step: checks[step]["state"] for step in STEPS} == dict.fromkeys(STEPS, "ok") and checks["sandbox"]["state"] == "ok", checks
    assert "read-only" not in checks["control group"]["detail"] and "seccomp" not in checks["container"]["detail"], checks


# ---- and none of it is too much: what goes missing without it ----

@pytest.mark.parametrize("capability, step", [("CHOWN", "tmpfs owner"), ("NET_ADMIN", "loopback"), ("SYS_CHROOT", "proc")])
def test_without_a_capability(doctor, pod, capability, step):
    pod["containers"][0]["securityContext"]["capabilities"]["add"].remove(capability)
    refused(doctor(pod), step, capability, "capabilities.add", "--cap-add")


def test_without_the_capability_for_folders_of_others(doctor, pod):
    """Boxes can be built, but not the folder that belongs to the user evalx."""
    pod["containers"][0]["securityContext"]["capabilities"]["add"].remove("DAC_OVERRIDE")
    checks = doctor(pod)
    assert checks["state folder"]["state"] == "failed" and "DAC_OVERRIDE" in checks["container"]["detail"], checks


@pytest.mark.parametrize("capability", ["SYS_ADMIN", "SETUID", "SETGID"])
def test_without_the_capabilities_of_boxes(doctor, pod, capability):
    """Then evalx tries a user namespace, where a container's masked /proc is in the way."""
    pod["containers"][0]["securityContext"]["capabilities"]["add"].remove(capability)
    checks = doctor(pod)
    assert checks["privileges"]["state"] == "failed" and checks["sandbox"]["state"] == "failed", checks
    assert capability in checks["container"]["detail"], checks["container"]


@pytest.mark.parametrize("capability", ["SETPCAP", "FOWNER", "KILL"])
def test_without_the_capabilities_of_boxes_in_the_machines_own_users(doctor, pod, capability):
    """Each box has a user namespace, where the jail has every right. Without it (user.max_user_namespaces=0) it takes these."""
    pod["containers"][0]["securityContext"]["capabilities"]["add"].remove(capability)
    checks = doctor(pod)
    assert checks["sandbox"]["state"] == "ok" and "user namespace yes" in checks["sandbox"]["detail"], checks


def test_runtime_default_refuses_the_change_of_root(doctor, pod):
    pod["securityContext"]["seccompProfile"] = {"type": "RuntimeDefault"}
    checks = doctor(pod)
    refused(checks, "pivot_root", "seccomp", "pivot_root", "seccompProfile", "--security-opt seccomp=")
    assert checks["namespace mount"]["state"] == checks["mount attach"]["state"] == "ok", checks


# ---- in a user namespace (hostUsers: false) ----

@pytest.fixture(scope="module")
def reachable(worker_image, folder):
    with Reachable(worker_image.rootfs, folder / "rootfs") as place:
        yield place


def doctor_in_user_namespace(reachable, folder, config, pod, **options):
    spec = specification(pod, pod["containers"][0], DOCTOR, {"EVALX_SLOTS": "1"}, folders={"config": config}, **options)
    name = f"users{next(NUMBERS)}"
    return doctor_of(Container(name, folder / name, reachable, spec).run(120))


@pytest.mark.parametrize("proc", ["Default", "Unmasked"])
def test_users_of_its_own(reachable, folder, config, pod, proc):
    """All steps but one: the control group belongs to the machine's root unless the runtime hands it over (on version 2: test_on_cgroup_v2). What is
    masked in /proc is masked within the pod's own namespaces, and no obstacle to its root."""
    pod["hostUsers"] = False
    pod["containers"][0]["securityContext"]["procMount"] = proc
    checks = doctor_in_user_namespace(reachable, folder, config, pod)
    assert "user namespace" in checks["container"]["detail"], checks["container"]
    steps = {step: checks[step]["state"] for step in STEPS}
    assert steps == {**dict.fromkeys(STEPS, "ok"), "control group": "failed"}, checks
    refused(checks, "control group", "cgroup_writable")


def test_an_ordinary_container(doctor, pod):
    """Nothing granted at all: refused, and weaker is not taken silently; what allow_degraded would still need is named."""
    del pod["containers"][0]["securityContext"]["capabilities"]["add"]
    pod["securityContext"]["seccompProfile"] = {"type": "RuntimeDefault"}
    checks = doctor(pod)
    assert checks["privileges"]["state"] == "failed" and checks["sandbox"]["state"] == "failed", checks
    checks = doctor(pod, EVALX_SANDBOX_ALLOW_DEGRADED="true")
    assert checks["privileges"]["state"] == "warning" and checks["sandbox"]["state"] == "failed", checks


# ---- the suite ----

def test_the_suite_gives_servers_no_more(worker_image, folder, config, network, pod):
    container = pod["containers"][0]
    spec = observe(specification(pod, container, [*AS_THE_POD.split(), "/bin/sh", "-c", "cat /proc/self/status"], {}, folders={"config": config}, network=network))
    code, said = Container("status", folder / "status", worker_image.rootfs, spec).run(60)
    status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    count = len(capabilities_of(container)["bounding"])
    assert code == 0 and [bin(int(status[kind], 16)).count("1") for kind in ("CapEff", "CapPrm", "CapBnd")] == [count] * 3, said
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), said


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("what, arguments", [
    ("sandbox", ["/src/tests/sandbox/test_hostile.py"]),
    ("limits", ["/src/tests/e2e/test_limits.py"]),
])
def test_the_suite_passes(containerd, worker_image, folder, config, network, pod, what, arguments):
    spec = suite_specification(pod, folder / what, BUILD_DIR, [*arguments, *os.environ.get("CONTAINER_ARGUMENTS", "").split()], {"config": config}, network)
    code, said = containerd.run(f"suite-{what}", worker_image.rootfs, spec, SECONDS - 60)
    print(f"\n{what}: {totals_of(said)}")
    assert code == 0 and " passed" in totals_of(said), said[-8000:]


@pytest.mark.timeout(SECONDS)
@pytest.mark.skipif(V2, reason="control groups are version 2 here: the tests above were on it")
def test_on_cgroup_v2(worker_image):
    """The same container by runc, doctor and those programs where the two versions differ most, on a kernel with version 2."""
    done = subprocess.run([ROOT / "tests/sandbox/v2.sh", ROOT / "tests/container/on_cgroup_v2.py", worker_image.rootfs, BUILD_DIR], capture_output=True, text=True, timeout=SECONDS,
                          env={**os.environ, "V2_TIMEOUT": str(SECONDS - 30)}, cwd=ROOT, stdin=subprocess.DEVNULL)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    print(f"\n{done.stdout[-600:]}")
    assert done.returncode == 0, (done.stdout[-6000:], done.stderr[-2000:])


def test_nothing_is_left_on_the_machine():
    """No group of a container."""
    for path, names, _ in os.walk("/sys/fs/cgroup"):
        assert not [name for name in names if name.startswith("evalx-test") and name.endswith(str(os.getpid()))], path
