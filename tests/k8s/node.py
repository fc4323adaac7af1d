# SPDX-License-Identifier: Apache-2.0
"""A node of the rig, in place of a kubelet: registers, keeps its lease, runs the pods that the scheduler binds to it as real processes,
says how they are, and ends them as their manifests ask: hook, SIGTERM, grace, SIGKILL.

What it does not do: pull images (image.py), run more than one container a pod or init containers, apply seccomp and AppArmor profiles and
user namespaces of pods, enforce NetworkPolicies. A manifest that asks for what it cannot do and that matters is refused, not guessed at."""
import datetime
import os
import signal
import subprocess
import threading
import time

import requests
from client import STRATEGIC, ApiError
from container import Container
from probes import Probes
from processes import RigError
from volumes import Volumes

BACKOFF_FIRST, BACKOFF_MOST = 1, 10  # seconds before a container that ended is started again; a kubelet is ten times as patient
LEASE_SECONDS, LEASE_RENEWED = 40, 10


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pod:
    """One pod, with a thread of its own from binding to deletion."""

    def __init__(self, node, pod):
        self.node, self.rig, self.pod = node, node.rig, pod
        self.uid, self.name = pod["metadata"]["uid"], pod["metadata"]["name"]
        self.path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{self.name}"
        self.client = node.client.copy()
        self.folder = self.rig.folder / "pods" / self.uid
        self.address, self.link = self.rig.address()
        self.changed = threading.Event()
        self.grace = None  # seconds, once it is being deleted
        self.restarts, self.state, self.last_state, self.started_at = 0, {"waiting": {"reason": "ContainerCreating"}}, {}, None
        self.container = self.probes = self.volumes = None
        self.told = None
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.thread.start()

    # ---- told from outside ----
    def delete(self, grace):
        if self.grace is None or grace < self.grace:
            self.grace = grace
            self.changed.set()

    # ---- its life ----
    def _run(self):
        try:
            self._prepare()
            while self.grace is None:
                self._live()
            self._end()
        except Exception as error:  # noqa: BLE001  a pod that cannot be run is said to be so, and the others go on
            self.rig.say(f"pod {self.name}: {type(error).__name__}: {error}")
            self.state = {"waiting": {"reason": "CreateContainerConfigError", "message": str(error)[:500]}}
            self._tell()
            while self.grace is None:
                self.changed.wait(1)
        finally:
            self._clean()
            self._forget()

    def _prepare(self):
        spec = self.pod["spec"]
        if len(spec["containers"]) != 1 or spec.get("initContainers"):
            raise RigError("the rig runs pods of one container, without init containers")
        self._tell()
        self.folder.mkdir(parents=True)
        self.volumes = Volumes(self.client, self.pod, self.folder, self.rig.folder / "claims")
        folders = self.volumes.make()
        wanted = spec["containers"][0]
        mounts = [(folders[mount["name"]] / mount.get("subPath", ""), mount["mountPath"], not mount.get("readOnly", False))
                  for mount in wanted.get("volumeMounts", [])]
        variables = self.volumes.variables(wanted, self.rig.service_variables(self.pod))
        self.container = Container(self.rig, self.pod, wanted, self.address, self.link, mounts, variables,
                                   self.rig.folder / "logs" / f"{self.name}.log")

    def _live(self):
        """One life of the container, until it ends or the pod is deleted."""
        self.container.start()
        self.started_at = now()
        self.state, self.probes = {"running": {"startedAt": self.started_at}}, Probes(self.container)
        self._tell()
        began = time.monotonic()
        while self.grace is None:
            self.changed.wait(min(self.probes.pause(), 0.3))
            code = self.container.ended()
            if code is not None:
                self._ended(code, time.monotonic() - began)
                return
            if self.grace is None and self.probes.check() == "failed":
                self.rig.say(f"pod {self.name}: a probe failed: its container is ended")
                self._stop(self.pod["spec"].get("terminationGracePeriodSeconds", 30))
            self._tell()

    def _ended(self, code, lived):
        self.container.kill()  # what it left behind
        self.restarts += 1
        ended = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": self.started_at, "finishedAt": now()}
        self.last_state, self.state, self.probes = {"terminated": ended}, {"waiting": {"reason": "CrashLoopBackOff"}}, None
        self.rig.say(f"pod {self.name}: its container ended with {code}; started again")
        self._tell()
        pause = 0.2 if lived > 60 else min(BACKOFF_FIRST * 2 ** (self.restarts - 1), BACKOFF_MOST)
        if self.grace is None:
            self.changed.wait(pause)

    def _stop(self, grace):
        """Hook, SIGTERM, the grace, SIGKILL. The hook's time is part of the grace. A shorter grace may be asked for meanwhile."""
        began = time.monotonic()
        hook = (self.container.spec.get("lifecycle") or {}).get("preStop") or {}
        if "sleep" in hook:
            self.changed.clear()
            self.changed.wait(min(hook["sleep"]["seconds"], grace))
        elif "exec" in hook:
            self.container.execute(hook["exec"]["command"], max(grace, 1))
        self.container.signal(signal.SIGTERM)
        while self.container.ended() is None and time.monotonic() - began < (grace if self.grace is None else self.grace):
            if self.probes is not None and self.probes.check() == "changed":
                self._tell()
            time.sleep(0.1)
        if self.container.ended() is None and not self.rig.stopping:
            self.rig.say(f"pod {self.name}: still there {grace} s after SIGTERM: killed")
            self.rig.killed.append(self.name)
        self.container.kill()

    def _end(self):
        running = self.container.process is not None and self.container.ended() is None
        if running:
            self._stop(self.grace)
        code = self.container.ended() if self.container.process else 0
        self.rig.ended.append((self.name, code))
        self.state = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error",
                                     "startedAt": self.started_at or now(), "finishedAt": now()}}
        self.probes = None
        self._tell("Succeeded" if code == 0 else "Failed")

    def _clean(self):
        if self.container is not None and self.container.process is not None:
            self.container.kill()
            self.container.clean()
        if self.volumes is not None:
            self.volumes.close()
        self.rig.release(self.address)

    def _forget(self):
        self.node.pods.pop(self.uid, None)
        if not self.rig.stopping:
            self.client.delete(self.path, {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})

    # ---- what it says of itself ----
    def _tell(self, phase=None):
        running, ready = "running" in self.state, self.probes is not None and self.probes.ready()
        if phase is None:
            phase = "Running" if running or self.restarts else "Pending"
        wanted = self.pod["spec"]["containers"][0]
        status = {
            "phase": phase, "hostIP": self.node.address, "hostIPs": [{"ip": self.node.address}], "podIP": self.address,
            "podIPs": [{"ip": self.address}], "startTime": self.pod.setdefault("_start", now()),
            "conditions": [self._condition(name, value) for name, value in (
                ("PodReadyToStartContainers", running), ("Initialized", True), ("ContainersReady", ready), ("Ready", ready))],
            "containerStatuses": [{
                "name": wanted["name"], "image": wanted["image"], "imageID": "rig", "ready": ready, "started": bool(self.probes and self.probes.started()),
                "restartCount": self.restarts, "state": self.state, "lastState": self.last_state}]}
        if status == self.told or self.rig.stopping:
            return
        try:
            self.client.patch(f"{self.path}/status", {"metadata": {"uid": self.uid}, "status": status}, STRATEGIC)
            self.told = status
        except (ApiError, requests.RequestException) as error:  # told again with the next change, or the next look
            self.rig.say(f"pod {self.name}: its status was not taken: {error}")

    def _condition(self, name, value):
        before = {one["type"]: one for one in (self.told or {}).get("conditions", [])}.get(name)
        value = "True" if value else "False"
        if before and before["status"] == value:
            return before
        return {"type": name, "status": value, "lastProbeTime": None, "lastTransitionTime": now()}


class Node:
    """Registers, and follows the pods that are bound to it."""

    def __init__(self, rig, name, address, cores, memory_kb):
        self.rig, self.name, self.address, self.cores, self.memory_kb = rig, name, address, cores, memory_kb
        self.client = rig.cluster.client(f"system:node:{name}", "system:nodes")
        self.pods = {}
        self._register()
        for target in (self._follow, self._keep_lease):
            threading.Thread(target=target, name=f"{name} {target.__name__}", daemon=True).start()

    def _register(self):
        capacity = {"cpu": str(self.cores), "memory": f"{self.memory_kb}Ki", "pods": "110", "ephemeral-storage": "50Gi"}
        conditions = [{"type": name, "status": status, "reason": "Rig", "message": "", "lastHeartbeatTime": now(), "lastTransitionTime": now()}
                      for name, status in (("Ready", "True"), ("MemoryPressure", "False"), ("DiskPressure", "False"), ("PIDPressure", "False"))]
        node = {"apiVersion": "v1", "kind": "Node",
                "metadata": {"name": self.name, "labels": {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                                                           "kubernetes.io/arch": "amd64"}},
                "spec": {}, "status": {"capacity": capacity, "allocatable": capacity, "conditions": conditions,
                                       "addresses": [{"type": "InternalIP", "address": self.address}, {"type": "Hostname", "address": self.name}],
                                       "nodeInfo": {"kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "operatingSystem": "linux",
                                                    "architecture": "amd64", "kernelVersion": os.uname().release, "osImage": "evalx rig",
                                                    "containerRuntimeVersion": "rig://1", "machineID": self.name, "systemUUID": self.name,
                                                    "bootID": self.name}}}
        self.client.call("POST", "/api/v1/nodes", node)

    def _keep_lease(self):
        client, path = self.client.copy(), "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        while not self.rig.stopping:
            stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            spec = {"holderIdentity": self.name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": stamp}
            try:
                if client.find(f"{path}/{self.name}"):
                    client.patch(f"{path}/{self.name}", {"spec": spec})
                else:
                    client.call("POST", path, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                                               "metadata": {"name": self.name}, "spec": spec})
            except (ApiError, requests.RequestException) as error:
                self.rig.say(f"node {self.name}: its lease was not renewed: {error}")
            self.rig.stopped.wait(LEASE_RENEWED)

    def _follow(self):
        client = self.client.copy()
        while not self.rig.stopping:
            try:
                for kind, item in client.follow("/api/v1/pods", f"fieldSelector=spec.nodeName%3D{self.name}", lambda: self.rig.stopping):
                    self._see(kind, item)
            except (ApiError, requests.RequestException) as error:
                if not self.rig.stopping:
                    self.rig.say(f"node {self.name}: the watch of its pods broke off: {error}")
            self.rig.stopped.wait(0.5)

    def _see(self, kind, item):
        if kind == "LISTED":  # what is not listed any more was deleted meanwhile
            there = {pod["metadata"]["uid"] for pod in item.get("items") or []}
            for uid, pod in list(self.pods.items()):
                if uid not in there:
                    pod.delete(0)
            return
        metadata = item["metadata"]
        pod = self.pods.get(metadata["uid"])
        if kind == "DELETED":
            if pod is not None:
                pod.delete(0)
            return
        if pod is None:
            if item["status"].get("phase") in ("Succeeded", "Failed"):
                return
            pod = self.pods[metadata["uid"]] = Pod(self, item)
        if "deletionTimestamp" in metadata:
            pod.delete(metadata.get("deletionGracePeriodSeconds", 30))


def machine():
    """Cores and memory (KiB) of this machine."""
    total = subprocess.run(["grep", "MemTotal", "/proc/meminfo"], capture_output=True, text=True, check=True, timeout=5).stdout
    return os.cpu_count(), int(total.split()[1])
