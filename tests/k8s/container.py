# SPDX-License-Identifier: Apache-2.0
"""A container's life: what its manifest asks for (command, variables, volumes, user, capabilities, read-only root, limits) made of
namespaces and control groups by container.sh, and its end."""
import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import image

SCRIPT = Path(__file__).resolve().parent / "container.sh"
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "m": 1e-3}


def quantity(text):
    """2Gi, 500m, 1.5: Kubernetes' way to write numbers."""
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * UNITS.get(unit, 1)


def expand(text, variables):
    """$(NAME) is replaced where NAME is known, $$ is $."""
    return re.sub(r"\$\$|\$\((\w+)\)", lambda m: "$" if m[0] == "$$" else variables.get(m[1], m[0]), text)


def privileges(pod, container):
    """The words of setpriv that make this manifest's security context true."""
    pod_context, own = pod["spec"].get("securityContext") or {}, container.get("securityContext") or {}
    context = {**pod_context, **own}
    chosen = image.find(container["image"])
    user = context.get("runAsUser", chosen.user)
    group = context.get("runAsGroup", user)
    if context.get("runAsNonRoot") and user == 0:
        raise ValueError("runAsNonRoot, but the user is root")
    words = [f"--reuid={user}", f"--regid={group}"]
    extra = [str(number) for number in [context.get("fsGroup"), *context.get("supplementalGroups", [])] if number is not None]
    words.append("--groups=" + ",".join(extra) if extra else "--clear-groups")
    if context.get("allowPrivilegeEscalation") is False and not context.get("privileged"):
        words.append("--no-new-privs")
    if not context.get("privileged"):
        words.append("--bounding-set=" + bounding(context.get("capabilities") or {}))
        words.append("--inh-caps=-all")
    return words


# What a container engine leaves when nobody says otherwise.
USUAL = ("chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap").split()


def bounding(capabilities):
    dropped = {name.lower() for name in capabilities.get("drop", [])}
    kept = [] if "all" in dropped else [name for name in USUAL if name not in dropped]
    kept += [name.lower().removeprefix("cap_") for name in capabilities.get("add", [])]
    return ",".join(["-all", *(f"+{name}" for name in dict.fromkeys(kept))])


class Container:
    """One container of a pod. mounts: (source, target, writable)."""

    def __init__(self, rig, pod, spec, address, link, mounts, variables, log):
        self.rig, self.pod, self.spec = rig, pod, spec
        self.address, self.link, self.mounts, self.variables, self.log = address, link, mounts, variables, log
        self.process, self.groups, self.starts = None, [], 0

    def start(self):
        spec, uid = self.spec, self.pod["metadata"]["uid"]
        limits = (spec.get("resources") or {}).get("limits") or {}
        self.groups = self.rig.groups.make(uid, memory=int(quantity(limits["memory"])) if "memory" in limits else None,
                                           cores=quantity(limits["cpu"]) if "cpu" in limits else None)
        mounts = self.rig.folder / "pods" / uid / "mounts"
        mounts.write_text("".join(f"{source}\t{target}\t{'rw' if writable else 'ro'}\n" for source, target, writable in self.mounts))
        environment = {**dict(image.find(spec["image"]).environment), **self.variables}
        command = [expand(word, environment) for word in image.command(spec)]
        readonly = (spec.get("securityContext") or {}).get("readOnlyRootFilesystem")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--net", "--mount", "--propagation", "private", "bash", str(SCRIPT), str(self.rig.root), self.address, self.link,
                 str(mounts), "yes" if readonly else "no", spec.get("workingDir", "/"), ":".join(map(str, self.groups)), "--",
                 "setpriv", *privileges(self.pod, spec), "--", *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True)
        self.starts += 1

    def ended(self):
        """Its exit code, as Kubernetes gives it (137: SIGKILL); None while it runs."""
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self):
        """SIGKILL to everything in it, as a container's end is."""
        self.rig.groups.kill(self.groups)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def clean(self):
        if self.groups:
            self.rig.groups.remove(self.groups)
        subprocess.run(["ip", "link", "delete", self.link], capture_output=True, check=False, timeout=20)

    def execute(self, command, seconds):
        """A command in the container, for probes and hooks; True when it succeeds in time."""
        try:
            done = subprocess.run(["nsenter", f"--target={self.process.pid}", "--mount", "--net", "--root", "--wd", "setpriv",
                                   *privileges(self.pod, self.spec), "--", *command],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
                                  env={**dict(image.find(self.spec["image"]).environment), **self.variables})
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0
