# SPDX-License-Identifier: Apache-2.0
"""From a pod of the manifests to a container of containerd and runc, as a node does it: containerd's own default specification, and on it what
its Kubernetes part (CRI) does with a container's securityContext, volumes and limits. Nothing about security is decided here: every
capability, namespace, path and filter comes from the manifest or from containerd."""
import contextlib
import ctypes
import json
import os
import re
import subprocess
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFESTS = [ROOT / "deploy/kubernetes/base/worker.yaml", ROOT / "deploy/kubernetes/base/api.yaml"]
RENDERED = ROOT / "deploy/kubernetes/deployment.yaml"  # the minikube overlay, whose workers may be confined less
PROFILES = ROOT / "deploy/kubernetes/base/seccomp"
COMPONENTS = ROOT / "deploy/kubernetes/components"
V2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
FIRST_USER = 2_000_000  # on the machine, of a pod with hostUsers: false
SUITE_MEMORY = 8 * 2**30
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}
ALL = "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".split()  # containerd's default
BY_NUMBER = ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE "
             "SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
             "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()


def deployment(name, paths=None):
    """The pod template's spec of one Deployment."""
    for path in paths or MANIFESTS:
        for document in yaml.safe_load_all(path.read_text()):
            if document and document["kind"] == "Deployment" and document["metadata"]["name"] == name:
                return document["spec"]["template"]["spec"]
    raise AssertionError(f"{paths or MANIFESTS} have no Deployment {name}")


def with_component(pod, name):
    """The pod as deploy/kubernetes/components/NAME makes it: what kustomize does with patches of its one form."""
    for patch in yaml.safe_load((COMPONENTS / name / "kustomization.yaml").read_text())["patches"]:
        for step in yaml.safe_load(patch["patch"]):
            *way, last = step["path"].removeprefix("/spec/template/spec/").split("/")
            at = pod
            for part in way:
                at = at[int(part) if isinstance(at, list) else part]
            assert step["op"] == "add" or last in at, step
            if step["op"] == "remove":
                del at[last]
            else:
                at[last] = step["value"]
    return pod


def quantity(text):
    """"1536Mi" → bytes, "500m" → 0.5."""
    text = str(text)
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(float(text[:-len(unit)]) * factor)
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def default_spec():
    return json.loads(subprocess.run(["ctr", "oci", "spec"], check=True, capture_output=True, text=True).stdout)


def pick(pod, container, field, default=None):
    """A field of the container's securityContext, else of the pod's."""
    for context in (container.get("securityContext", {}), pod.get("securityContext", {})):
        if field in context:
            return context[field]
    return default


def capabilities_of(container):
    if container.get("securityContext", {}).get("privileged"):
        held = int(re.search(r"^CapEff:\s+(\w+)", Path("/proc/self/status").read_text(), re.M)[1], 16)  # all that containerd has itself
        names = [f"CAP_{name}" for number, name in enumerate(BY_NUMBER) if held >> number & 1]
        return {"bounding": names, "effective": names, "permitted": names, "inheritable": []}
    wanted = container.get("securityContext", {}).get("capabilities", {})
    names = [] if "ALL" in wanted.get("drop", []) else [name for name in ALL if name not in wanted.get("drop", [])]
    names = sorted({*names, *wanted.get("add", [])})
    names = [f"CAP_{name}" for name in names]
    return {"bounding": names, "effective": names, "permitted": names, "inheritable": []}


def seccomp_of(pod, container, runtime_default):
    profile = pick(pod, container, "seccompProfile", {"type": "Unconfined"})
    if profile["type"] == "Localhost":
        return json.loads((PROFILES / Path(profile["localhostProfile"]).name).read_text())
    if profile["type"] == "RuntimeDefault":
        assert runtime_default, "RuntimeDefault is containerd's to say (Containerd.runtime_default)"
        return runtime_default(capabilities_of(container)["bounding"])
    return None


def mounts_of(pod, container, folders):
    """emptyDir becomes a tmpfs (a pod's is a folder of the node, which these tests would have to clean up); a configMap a folder that is given."""
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        volume = volumes[mount["name"]]
        if mount["name"] in folders:
            yield {"destination": mount["mountPath"], "type": "bind", "source": str(folders[mount["name"]]), "options": ["rbind", "rprivate", "ro" if mount.get("readOnly") else "rw"]}
            continue
        assert "emptyDir" in volume, volume
        size = (volume["emptyDir"] or {}).get("sizeLimit")
        yield {"destination": mount["mountPath"], "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777", *([f"size={quantity(size)}"] if size else [])]}


def specification(pod, container, arguments, environment, folders=None, extra_mounts=(), network=None, runtime_default=None, handed_over=False):
    """The config.json of a container. folders: host folders by volume name; extra_mounts: the tests' own (source, destination, "ro" or "rw"); network: a Network's
    name, None: the machine's own; runtime_default: what containerd makes of seccompProfile RuntimeDefault, given the capabilities; handed_over: the handler has cgroup_writable = true."""
    spec = default_spec()
    context = container.get("securityContext", {})
    privileged = context.get("privileged")
    process, linux = spec["process"], spec["linux"]
    process.update(args=arguments, cwd="/", terminal=False, capabilities=capabilities_of(container), noNewPrivileges=context.get("allowPrivilegeEscalation") is False,
                   user={"uid": pick(pod, container, "runAsUser", 0), "gid": pick(pod, container, "runAsGroup", 0)},
                   env=["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *(f"{name}={value}" for name, value in environment.items())],
                   rlimits=[{"type": "RLIMIT_NOFILE", "hard": 20000, "soft": 20000}])
    spec["root"] = {"path": "rootfs", "readonly": bool(context.get("readOnlyRootFilesystem"))}
    spec["hostname"] = "evalx-worker-0"
    # As CRI: the pod's volumes, and /sys/fs/cgroup read-only unless privileged.
    if privileged:  # every device, nothing masked; and on version 2, below, the machine's own groups
        linux["maskedPaths"], linux["readonlyPaths"], linux["resources"]["devices"] = [], [], [{"allow": True, "access": "rwm"}]
        for mount in spec["mounts"]:
            if mount["destination"] == "/sys":
                mount["options"] = [option for option in mount["options"] if option != "ro"]
    spec["mounts"] += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "rw" if handed_over or privileged else "ro"]},
                       *mounts_of(pod, container, folders or {}),
                       *({"destination": destination, "type": "bind", "source": str(source), "options": ["rbind", "rprivate", mode]} for source, destination, mode in extra_mounts)]
    if context.get("procMount") == "Unmasked":
        linux["maskedPaths"], linux["readonlyPaths"] = [], []
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    if pod.get("hostUsers") is False:  # a network of its own users, which a new one is; without a loopback, which doctor does not need
        namespaces.append({"type": "network"})
    elif network:
        namespaces.append({"type": "network", "path": f"/run/netns/{network}"})
    if V2 and not privileged:
        namespaces.append({"type": "cgroup"})  # on version 1 containers see the machine's, as containerd has it
    if pod.get("hostUsers") is False:
        namespaces.append({"type": "user"})
        linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": FIRST_USER, "size": 65536}]
    linux["namespaces"] = namespaces
    linux["cgroupsPath"] = "/evalx-test"  # and the container's name
    limits = container.get("resources", {}).get("limits", {})
    if "memory" in limits:
        linux["resources"]["memory"] = {"limit": int(quantity(limits["memory"]))}
    if "cpu" in limits:
        linux["resources"]["cpu"] = {"period": 100000, "quota": int(quantity(limits["cpu"]) * 100000)}
    filter_ = seccomp_of(pod, container, runtime_default)
    if filter_:
        linux["seccomp"] = filter_
    return spec


# The suite looks at processes of other users from inside the container, which takes one capability more. Servers are started without it.
OBSERVER = "CAP_SYS_PTRACE"
AS_THE_POD = "setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace --"


def observe(spec):
    for kind in ("bounding", "effective", "permitted"):
        spec["process"]["capabilities"][kind].append(OBSERVER)
    return spec


def suite_specification(pod, place, build, arguments, folders, network):
    """The sandbox suite in a pod's container, against the image's evalx. place: a folder to write in; build: the tree's build folder, for the programs
    that the tests have compiled. Python's modules are this machine's own (Debian's, of the same release): the image has nothing of the tests."""
    place = Path(place)
    (place / "build").mkdir(parents=True)
    (place / "build" / "evalx").symlink_to("/usr/local/bin/evalx")
    (place / "build" / "evalx-jail").symlink_to("/usr/local/libexec/evalx/evalx-jail")
    (place / "build" / "tests").symlink_to("/src-build/tests")
    (place / "tmp").mkdir()
    (place / "tmp").chmod(0o1777)
    container = pod["containers"][0]
    command = ["/usr/bin/python3", "-m", "pytest", "-c", "/src/tests/pytest.ini", "--rootdir", "/src/tests", "-q", "--durations=3", "--basetemp", "/suite/tmp/pytest", *arguments]
    environment = {"BUILD_DIR": "/suite/build", "PYTHONPATH": "/python", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/suite/tmp", "HOME": "/suite/tmp", "E2E_PREFIX": AS_THE_POD,
                   "E2E_SLOW": os.environ.get("E2E_SLOW", "1"), "HOSTILE_LESS": "" if "SYS_NICE" in container["securityContext"]["capabilities"]["add"] else "1"}
    extra = [(ROOT, "/src", "ro"), (build, "/src-build", "ro"), (Path("/usr/lib/python3/dist-packages"), "/python", "ro"), (place, "/suite", "rw")]
    spec = observe(specification(pod, container, command, environment, folders=folders, extra_mounts=extra, network=network))
    # The pod's memory is one slot's. The suite's servers have more slots, and the tests themselves run beside them.
    spec["linux"]["resources"]["memory"] = {"limit": SUITE_MEMORY}
    return spec


def totals_of(said):
    """pytest's last line: "229 passed in 174.71s"."""
    found = re.findall(r"^(?:=+ )?((?:\d+ \w+,? ?)+ in [\d.]+s.*)$", said, re.M)
    return found[-1] if found else "no result"


class Container:
    """A bundle that runc runs; everything of it is gone after close()."""

    def __init__(self, name, folder, rootfs, spec):
        self.name, self.folder = f"{name}-{os.getpid()}", Path(folder)
        spec["linux"]["cgroupsPath"] = f"{spec['linux']['cgroupsPath']}-{self.name}"
        self.folder.mkdir(parents=True)
        spec["root"]["path"] = str(rootfs)
        (self.folder / "config.json").write_text(json.dumps(spec, indent=1))
        self.log = self.folder / "output"
        self.process = None
        self.group = spec["linux"]["cgroupsPath"]

    def hand_over(self):
        """Gives its group (version 2) to its root, as runc's systemd driver does for a handler with cgroup_writable = true; without systemd it does not."""
        group = Path("/sys/fs/cgroup") / self.group.lstrip("/")
        group.mkdir()
        for path in (group, *(group / name for name in Path("/sys/kernel/cgroup/delegate").read_text().split() if (group / name).exists())):
            os.chown(path, FIRST_USER, FIRST_USER)
        return self

    def runc(self, *arguments, **options):
        return subprocess.run(["runc", "--root", str(self.folder / "state"), *arguments], capture_output=True, text=True, timeout=options.pop("timeout", 60), stdin=subprocess.DEVNULL, **options)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["runc", "--root", str(self.folder / "state"), "run", "--bundle", str(self.folder), self.name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def run(self, timeout):
        """To its end: (exit code, everything it printed)."""
        self.start()
        try:
            return self.process.wait(timeout=timeout), self.said()
        finally:
            self.close()

    def exec(self, *arguments, user=None, timeout=60):
        return self.runc("exec", *(["--user", user] if user else []), self.name, *arguments, timeout=timeout)

    def pid(self):
        """Of its process 1, seen from here."""
        return json.loads(self.runc("state", self.name, check=True).stdout)["pid"]

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def terminate(self, seconds=60):
        """SIGTERM to its process 1, as a node does; its exit code."""
        self.runc("kill", self.name, "TERM")
        return self.process.wait(timeout=seconds)

    def close(self):
        if self.process and self.process.poll() is None:
            self.runc("kill", "--all", self.name, "KILL")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=30)
        self.runc("delete", "--force", self.name)


class Containerd:
    """A containerd of the tests' own: its folders and socket in a folder of theirs, nothing of the machine's."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.address = str(self.folder / "containerd.sock")
        (self.folder / "config.toml").write_text(f"""version = 2
root = "{self.folder}/root"
state = "{self.folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{self.address}"
[ttrpc]
address = "{self.address}.ttrpc"
""")

    def __enter__(self):
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(["containerd", "--config", str(self.folder / "config.toml")], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(lambda: self.process.poll() is not None or self.ctr("version").returncode == 0, 60, "containerd to answer")
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return self

    def __exit__(self, *_):
        for name in self.ctr("container", "list", "--quiet").stdout.split():  # of a test that was broken off
            self.end(name)
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def end(self, name):
        self.ctr("task", "kill", "--all", "--signal", "SIGKILL", name)
        self.ctr("task", "delete", "--force", name)
        wait_until(lambda: self.ctr("container", "delete", name).returncode == 0 or name not in self.ctr("container", "list", "--quiet").stdout.split(), 30, "the container to be gone")

    def ctr(self, *arguments, timeout=60):
        return subprocess.run(["ctr", "--address", self.address, *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def runtime_default(self, rootfs, capabilities):
        """The filter that containerd has by default for these: of a container that is made, looked at, and never started."""
        granted = [argument for name in capabilities for argument in ("--cap-add", name)]
        dropped = [argument for name in ALL if f"CAP_{name}" not in capabilities for argument in ("--cap-drop", f"CAP_{name}")]
        made = self.ctr("container", "create", "--seccomp", *granted, *dropped, "--rootfs", str(rootfs), "evalx-default")
        assert made.returncode == 0, made.stderr
        try:
            return json.loads(self.ctr("container", "info", "evalx-default").stdout)["Spec"]["linux"]["seccomp"]
        finally:
            self.ctr("container", "delete", "evalx-default")

    def run(self, name, rootfs, spec, timeout):
        """Runs a container to its end: (exit code, everything it printed)."""
        name = f"{name}-{os.getpid()}"
        spec["root"]["path"] = str(rootfs)
        spec["linux"]["cgroupsPath"] += f"-{name}"
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(spec))
        try:
            done = self.ctr("run", "--rm", "--runc-root", str(self.folder / "runc"), "--config", str(path), name, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            self.end(name)
            return 124, ((late.stdout or b"") + (late.stderr or b"")).decode(errors="replace")
        return done.returncode, done.stdout + done.stderr


class Reachable:
    """An image's files at a place that other users may reach: a storage's own folders are closed to them."""

    def __init__(self, rootfs, place):
        self.rootfs, self.place = rootfs, Path(place)

    def __enter__(self):
        self.place.mkdir()
        subprocess.run(["mount", "--bind", self.rootfs, self.place], check=True)
        (self.place / "etc/evalx").mkdir(exist_ok=True)  # where the manifests mount their configuration: nobody in the container may make it
        return self.place

    def __exit__(self, *_):
        subprocess.run(["umount", self.place], check=True)
        self.place.rmdir()


class Network:
    """A network namespace with a loopback, as a pod has; no other interface."""

    def __init__(self, name):
        self.name = f"{name}-{os.getpid()}"

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "netns", "exec", self.name, "ip", "link", "set", "lo", "up"], check=True)
        return self.name

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=True)


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what() if callable(what) else what}"
        time.sleep(0.05)
