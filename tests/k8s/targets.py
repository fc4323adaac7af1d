# SPDX-License-Identifier: Apache-2.0
"""What Prometheus scrapes. Debian's is built without discovery in Kubernetes: so the rig asks the API for pods in its stead, with the rights
of the service account that the manifests give it, and tells it what it would have found, by a file. Its configuration is the manifests',
with that one word replaced (rig-prometheus, below); all relabelling goes by the same labels.

As rig-prometheus, in the container: makes that configuration and becomes prometheus."""
import json
import os
import re
import sys
import threading
from pathlib import Path

FILE = "/etc/rig-targets.json"  # in containers
ACCOUNT = "system:serviceaccount:evalx-metrics:prometheus"
NAMESPACE = "evalx"


def name(text):
    return re.sub(r"[^a-zA-Z0-9_]", "_", text)


def targets(pod):
    """One target for each port, labelled as Prometheus' own discovery does it."""
    metadata, status = pod["metadata"], pod["status"]
    if not status.get("podIP"):
        return
    common = {"namespace": metadata["namespace"], "pod_name": metadata["name"], "pod_ip": status["podIP"], "pod_phase": status.get("phase", ""),
              "pod_node_name": pod["spec"].get("nodeName", ""), "pod_uid": metadata["uid"],
              "pod_ready": str(any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or [])).lower()}
    for kind in ("label", "annotation"):
        for key, value in (metadata.get(kind + "s") or {}).items():
            common |= {f"pod_{kind}_{name(key)}": value, f"pod_{kind}present_{name(key)}": "true"}
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            own = {"pod_container_name": container["name"], "pod_container_image": container["image"], "pod_container_port_name": port.get("name", ""),
                   "pod_container_port_number": str(port["containerPort"]), "pod_container_port_protocol": port.get("protocol", "TCP")}
            yield {"targets": [f"{status['podIP']}:{port['containerPort']}"],
                   "labels": {f"__meta_kubernetes_{key}": value for key, value in (common | own).items()}}


class Targets:
    """Keeps the file."""

    def __init__(self, rig):
        self.rig, self.path, self.written = rig, rig.root / FILE.lstrip("/"), None
        self.client = rig.cluster.admin.copy()
        self.client.session.headers["Impersonate-User"] = ACCOUNT
        self.path.write_text("[]")
        threading.Thread(target=self._follow, name="targets", daemon=True).start()

    def _follow(self):
        from client import ApiError  # noqa: PLC0415  in the container there is neither of them
        import requests  # noqa: PLC0415
        while not self.rig.stopped.wait(1):
            try:
                self._look(self.client.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"])
            except ApiError as error:
                if error.status != 403:  # not applied yet
                    self.rig.say(f"targets: {error}")
            except requests.RequestException as error:
                self.rig.say(f"targets: {error}")

    def _look(self, pods):
        text = json.dumps([target for pod in pods for target in targets(pod)], sort_keys=True)
        if text != self.written:
            new = self.path.with_suffix(".new.json")
            new.write_text(text)
            new.rename(self.path)
            self.written = text


def become_prometheus(arguments):
    import yaml  # noqa: PLC0415
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    config = yaml.safe_load(Path(given["--config.file"]).read_text())
    for job in config["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None) is not None:
            job["file_sd_configs"] = [{"files": [FILE], "refresh_interval": "5s"}]
    own = Path(given["--storage.tsdb.path"]) / "prometheus.yml"
    own.write_text(yaml.safe_dump(config))
    os.execv("/usr/bin/prometheus", ["prometheus", *(f"--config.file={own}" if argument.startswith("--config.file=") else argument
                                                     for argument in arguments)])


if __name__ == "__main__":
    become_prometheus(sys.argv[1:])
