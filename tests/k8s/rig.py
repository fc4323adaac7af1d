# SPDX-License-Identifier: Apache-2.0
"""The rig: Kubernetes' own control plane, nodes that run pods as processes of this machine, and evalx' manifests applied to it.

    tests/k8s/rig.sh python3 tests/k8s/rig.py COMMAND…     brings it up, runs the command in it with KUBECONFIG set, and takes it down

Runs inside the namespaces that rig.sh makes."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import image
from cgroups import Groups
from cluster import ADDRESS, BIN, SERVICES, Cluster
from node import Node, machine
from processes import RigError, wait_until
from services import Names, start_proxy
from targets import Targets

HERE = Path(__file__).resolve().parent
OVERLAY = HERE / "overlay"
LANGUAGES = ("bash", "c", "python")  # that the rig's image has: fifty workers start sooner on two cores when they ask for fewer toolchains


class Rig:
    """One at a time in its namespaces. Attributes: cluster, folder, root (what containers are made of), ended and killed (what became of pods)."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="evalx-rig-"))
        self.folder.chmod(0o755)
        for name in ("pods", "claims", "logs"):
            (self.folder / name).mkdir()
        self.began = time.monotonic()
        self.stopped, self.stopping = threading.Event(), False
        self.ended, self.killed, self.nodes = [], [], []
        self.free, self.lock = [f"10.244.{net}.{host}" for net in (2, 1) for host in range(250, 1, -1)], threading.Lock()
        self.links = 0
        self.cluster = self.groups = self.names = self.root = None

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.1f}] {text}", flush=True)

    # ---- what nodes ask for ----
    def address(self):
        """An address for a pod, and a name for its link. Addresses are used again as late as can be."""
        with self.lock:
            self.links += 1
            return self.free.pop(), f"pod{self.links}"

    def release(self, address):
        with self.lock:
            self.free.insert(0, address)

    def service_variables(self, pod):
        return self.names.variables(pod)

    # ---- up and down ----
    def start(self):
        for command in (["ip", "route", "add", SERVICES, "dev", "lo", "src", ADDRESS], ["ip", "address", "add", "10.244.255.2/32", "dev", "lo"]):
            subprocess.run(command, check=True, timeout=10)
        self.groups = Groups(f"evalx-rig-{os.environ['K8S_RIG_ID']}")
        self.root = image.prepare(self.folder, LANGUAGES)
        shutil.copy(BIN / "prometheus-adapter", self.root / "usr/local/bin/adapter")
        self.say("starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler")
        self.cluster = Cluster(self.folder / "cluster")
        self.cluster.start()
        cores, memory_kb = machine()
        share = (max(1, cores // 2), memory_kb // 2)
        self.names = Names(self)
        self.nodes = [Node(self, "rig-1", ADDRESS, *share), Node(self, "rig-2", "10.244.255.2", *share)]
        start_proxy(self, "rig-1")
        Targets(self)
        wait_until(lambda: self.cluster.admin.find("/api/v1/namespaces/default/serviceaccounts/default"), 60, "the default service account")
        self.say(f"the control plane is up: {self.cluster.kubectl('version').splitlines()[-1]}; nodes: 2")

    def apply(self, overlay=OVERLAY):
        self.say(f"kubectl apply -k {overlay.relative_to(image.ROOT)}")
        self.cluster.kubectl("apply", "--validate=strict", "-k", overlay)

    def wait_ready(self, seconds=180):
        """All Deployments and the StatefulSet as they should be, and the autoscaler with figures."""
        def undone():
            return [f"{item['metadata']['name']} {item['status'].get('readyReplicas', 0)}/{item['spec']['replicas']}"
                    for kind in ("deployments", "statefulsets") for item in self.cluster.admin.get(f"/apis/apps/v1/{kind}")["items"]
                    if item["status"].get("readyReplicas", 0) != item["spec"]["replicas"]]
        wait_until(lambda: not undone(), seconds, lambda: f"pods to be ready: {undone()}", pause=0.5)
        self.say("all pods are ready")

    def pods(self, component):
        """The living pods of evalx with this component."""
        return [pod for node in self.nodes for pod in list(node.pods.values())
                if pod.pod["metadata"]["labels"].get("app.kubernetes.io/component") == component and pod.grace is None]

    def stop(self):
        self.stopping = True
        self.stopped.set()
        pods = [pod for node in self.nodes for pod in list(node.pods.values())]
        for pod in pods:
            pod.delete(0)
        for pod in pods:
            pod.thread.join(30)
        if self.cluster is not None:
            self.cluster.stop()
        if self.groups is not None:
            self.groups.close()

    def keep_logs(self, where):
        """Copies what everything said to a folder that outlives the rig."""
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(self.folder / "logs", where / "pods")
        if self.cluster is not None:
            shutil.copytree(self.cluster.logs, where / "cluster")

    def remove(self):
        subprocess.run(["umount", "-R", str(self.folder / "root")], check=False, capture_output=True, timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


warnings.filterwarnings("ignore", message="Unverified HTTPS")  # of health checks on loopback


def ends_on_signals():
    """SIGTERM ends Python as Ctrl-C does, so that everything is taken down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def main():
    ends_on_signals()
    rig = Rig()
    try:
        rig.start()
        rig.apply()
        rig.wait_ready()
        environment = {**os.environ, "KUBECONFIG": str(rig.cluster.admin_config), "PATH": f"{BIN}:{os.environ['PATH']}"}
        return subprocess.run(sys.argv[1:] or [os.environ.get("SHELL", "bash")], env=environment, check=False).returncode
    except RigError as error:
        print(f"k8s: {error}", file=sys.stderr)
        return 1
    finally:
        rig.stop()
        rig.keep_logs(image.BUILD / "k8s" / "logs")
        rig.remove()


if __name__ == "__main__":
    sys.exit(main())
