# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' own control plane, from the programs that build.sh made: etcd, API server, controllers, scheduler. Only the nodes are ours
(node.py). Everything is as a cluster has it: TLS both ways, RBAC and the Node authorizer, aggregation, service accounts."""
import os
import subprocess
from pathlib import Path

import requests
import yaml
from client import Client
from pki import Authority, service_account_key
from processes import Process, RigError

BIN = Path(os.environ.get("K8S_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evalx-k8s") / "bin"
ADDRESS = "10.244.255.1"  # of this machine (rig.sh); also what the API server advertises
PORT, ETCD_PORT, CONTROLLERS_PORT, SCHEDULER_PORT = 6443, 2379, 10257, 10259
URL = f"https://{ADDRESS}:{PORT}"
SERVICES = "10.96.0.0/16"


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        for name in ("pki", "logs", "etcd", "kubeconfigs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.logs = folder / "logs"
        self.authority = Authority(folder / "pki", "evalx-rig")
        self.front = Authority(folder / "pki", "front-proxy")
        self.accounts = service_account_key(folder / "pki")
        self.processes = []
        self.controllers = None

    # ---- identities ----
    def user(self, name, group=None):
        """A certificate for a user of the API."""
        return self.authority.sign(name.replace(":", "-"), name, group)

    def client(self, name, group=None):
        return Client(URL, self.authority.path, self.user(name, group))

    def kubeconfig(self, name, group=None):
        certificate, key = self.user(name, group)
        path = self.folder / "kubeconfigs" / name.replace(":", "-")
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "rig",
            "clusters": [{"name": "rig", "cluster": {"server": URL, "certificate-authority": str(self.authority.path)}}],
            "users": [{"name": "rig", "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
            "contexts": [{"name": "rig", "context": {"cluster": "rig", "user": "rig"}}]}))
        return path

    # ---- up and down ----
    def _start(self, name, command, ready, seconds=90):
        if not (BIN / command[0]).exists():
            raise RigError(f"{BIN / command[0]} is missing: tests/k8s/build.sh makes it")
        process = Process(name, self.logs, [BIN / command[0], *command[1:]]).start()
        self.processes.append(process)
        return process.wait_ready(ready, seconds)

    def start(self):
        self._start_etcd()
        self._start_api()
        self.admin_config = self.kubeconfig("rig-admin", "system:masters")
        self.admin = self.client("rig-admin", "system:masters")
        self.controllers = self._start_controllers()
        self._start_scheduler()

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def _start_etcd(self):
        url = f"http://127.0.0.1:{ETCD_PORT}"
        command = ["etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", url, "--advertise-client-urls", url,
                   "--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380",
                   "--initial-cluster", "default=http://127.0.0.1:2380", "--unsafe-no-fsync"]  # its data need not outlive the rig
        self._start("etcd", command, lambda: _answers(f"{url}/health"))

    def _start_api(self):
        certificate, key = self.authority.sign("apiserver", "kube-apiserver", hosts=(
            f"IP:{ADDRESS}", "IP:127.0.0.1", "IP:10.96.0.1", "DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default.svc"))
        proxy_certificate, proxy_key = self.front.sign("front-proxy-client", "front-proxy-client")
        command = [
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}", f"--secure-port={PORT}", f"--advertise-address={ADDRESS}",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}", f"--client-ca-file={self.authority.path}",
            "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", f"--service-cluster-ip-range={SERVICES}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-signing-key-file={self.accounts}", f"--service-account-key-file={self.accounts}",
            f"--requestheader-client-ca-file={self.front.path}", "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={proxy_certificate}", f"--proxy-client-key-file={proxy_key}",
            "--profiling=false", "--allow-privileged=true"]
        admin = self.user("rig-probe", "system:masters")
        self._start("kube-apiserver", command, lambda: _answers(f"{URL}/readyz", verify=str(self.authority.path), cert=tuple(map(str, admin))))

    def _component(self, name, port):
        config = self.kubeconfig(f"system:{name}")
        return [name, f"--kubeconfig={config}", f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
                "--bind-address=127.0.0.1", f"--secure-port={port}", "--leader-elect=false"]

    def _start_controllers(self):
        command = [*self._component("kube-controller-manager", CONTROLLERS_PORT), "--use-service-account-credentials=true",
                   f"--service-account-private-key-file={self.accounts}", f"--root-ca-file={self.authority.path}",
                   f"--cluster-signing-cert-file={self.authority.path}", f"--cluster-signing-key-file={self.folder / 'pki/evalx-rig.key'}",
                   # Says of every sync what was proposed, and of every rescaling what was done: hpa.py reads it.
                   "--vmodule=horizontal=4"]
        return self._start("kube-controller-manager", command, lambda: _answers(f"https://127.0.0.1:{CONTROLLERS_PORT}/healthz", verify=False))

    def _start_scheduler(self):
        self._start("kube-scheduler", self._component("kube-scheduler", SCHEDULER_PORT),
                    lambda: _answers(f"https://127.0.0.1:{SCHEDULER_PORT}/healthz", verify=False))

    # ---- as a person would ----
    def kubectl(self, *words, stdin=None, timeout=120):
        done = subprocess.run([str(BIN / "kubectl"), "--kubeconfig", str(self.admin_config), *map(str, words)], input=stdin,
                              capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise RigError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout


def _answers(url, **options):
    session = requests.Session()
    session.trust_env = False
    try:
        return session.get(url, timeout=5, **options).status_code == 200
    except requests.RequestException:
        return False
