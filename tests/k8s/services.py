# SPDX-License-Identifier: Apache-2.0
"""Names and addresses of Services: kube-proxy itself leads their addresses to pods; their names, in place of a DNS server, are kept in the
/etc/hosts that all containers share."""
import threading

import requests
from client import ApiError
from cluster import BIN
from processes import Process

DOMAIN = "svc.cluster.local"


def start_proxy(rig, node):
    """kube-proxy for this machine's network, which all nodes of the rig share."""
    config = rig.cluster.kubeconfig("system:kube-proxy")
    process = Process("kube-proxy", rig.cluster.logs, [
        BIN / "kube-proxy", f"--kubeconfig={config}", f"--hostname-override={node}", "--proxy-mode=iptables", "--cluster-cidr=10.244.0.0/16",
        "--bind-address=10.244.255.1", "--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249",
        "--iptables-min-sync-period=1s", "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s"]).start()
    rig.cluster.processes.append(process)
    return process


class Names:
    """Keeps the file; also knows what every container is told of Services by variables."""

    def __init__(self, rig):
        self.rig, self.client = rig, rig.cluster.client("system:kube-proxy")
        self.services, self.written = {}, None
        self.look()
        threading.Thread(target=self._follow, name="names", daemon=True).start()

    def _follow(self):
        while not self.rig.stopped.wait(1):
            try:
                self.look()
            except (ApiError, requests.RequestException) as error:
                self.rig.say(f"names of services: {error}")

    def look(self):
        items = self.client.get("/api/v1/services")["items"]
        self.services = {(item["metadata"]["namespace"], item["metadata"]["name"]): item["spec"] for item in items}
        lines = ["127.0.0.1 localhost"]
        for (namespace, name), spec in sorted(self.services.items()):
            for address in [spec["clusterIP"]] if spec.get("clusterIP", "None") != "None" else self._pods_of(namespace, name):
                lines.append(f"{address} {name} {name}.{namespace} {name}.{namespace}.svc {name}.{namespace}.{DOMAIN}")
        text = "\n".join(lines) + "\n"
        if text != self.written:
            (self.rig.root / "etc/hosts").write_text(text)
            self.written = text

    def _pods_of(self, namespace, name):
        slices = self.client.get(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{name}")
        return [address for one in slices["items"] for end in one.get("endpoints") or [] if end["conditions"].get("ready")
                for address in end["addresses"]]

    def variables(self, pod):
        """NAME_SERVICE_HOST and so on: of kubernetes always, of the pod's namespace unless it declines."""
        namespace, found = pod["metadata"]["namespace"], {}
        for (where, name), spec in self.services.items():
            own = where == namespace and pod["spec"].get("enableServiceLinks", True)
            if ((where, name) == ("default", "kubernetes") or own) and spec.get("clusterIP", "None") != "None" and spec.get("ports"):
                prefix, port = name.upper().replace("-", "_"), spec["ports"][0]["port"]
                found.update({f"{prefix}_SERVICE_HOST": spec["clusterIP"], f"{prefix}_SERVICE_PORT": str(port),
                              f"{prefix}_PORT": f"tcp://{spec['clusterIP']}:{port}"})
        return found
