# SPDX-License-Identifier: Apache-2.0
"""A pod's volumes and variables, as a kubelet makes them from the API's objects: emptyDir, configMap, secret, projected (with a token of
the pod's service account), claims on a folder; variables from values, fields, config maps, secrets."""
import base64
import os
import subprocess

from container import expand, quantity
from processes import RigError


class Volumes:
    """Of one pod; client is its node's."""

    def __init__(self, client, pod, folder, claims):
        self.client, self.pod, self.folder, self.claims = client, pod, folder, claims
        self.namespace = pod["metadata"]["namespace"]
        self.group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        self.mounted = []

    def _object(self, kind, name, optional=False):
        found = self.client.find(f"/api/v1/namespaces/{self.namespace}/{kind}/{name}")
        if found is None and not optional:
            raise RigError(f"{kind} {name} is not there")
        if found is None:
            return {}
        plain = {key: value.encode() for key, value in (found.get("data") or {}).items()} if kind == "configmaps" else {
            key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
        return {**plain, **{key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}}

    # ---- folders ----
    def make(self):
        """name → folder of every volume."""
        return {volume["name"]: self._make(volume) for volume in self.pod["spec"].get("volumes", [])}

    def _make(self, volume):
        path = self.folder / "volumes" / volume["name"]
        if "persistentVolumeClaim" in volume:
            path = self.claims / self.namespace / volume["persistentVolumeClaim"]["claimName"]
        path.mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            self._empty(path, volume["emptyDir"] or {})
        elif "persistentVolumeClaim" in volume:
            self._give(path, 0o777)
        else:
            self._write(path, self._files(volume))
        return path

    def _empty(self, path, spec):
        if spec.get("medium") == "Memory" and not os.path.ismount(path):
            size = int(quantity(spec.get("sizeLimit", "64Mi")))
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "rig", str(path)], check=True, timeout=30)
            self.mounted.append(path)
        self._give(path, 0o777)

    def _give(self, path, mode):
        if self.group is not None:
            os.chown(path, -1, self.group)
            mode |= 0o2070
        path.chmod(mode)

    def _write(self, path, files):
        for name, data, mode in files:
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            if self.group is not None:
                os.chown(file, -1, self.group)
                mode |= 0o440
            file.chmod(mode)

    def _files(self, volume):
        """(name, bytes, mode) of what the API's objects hold."""
        if "projected" in volume:
            mode = volume["projected"].get("defaultMode", 0o644)
            return [file for source in volume["projected"]["sources"] for file in self._source(source, mode)]
        kind = next(iter(set(volume) - {"name"}))
        spec = dict(volume[kind])
        spec.setdefault("name", spec.get("secretName"))
        return self._source({kind: spec}, spec.get("defaultMode", 0o644))

    def _source(self, source, mode):
        (kind, spec), = source.items()
        if kind == "serviceAccountToken":
            return [(spec["path"], self._token(spec).encode(), mode)]
        if kind == "downwardAPI":
            return [(item["path"], self.field(item["fieldRef"]["fieldPath"]).encode(), mode) for item in spec["items"]]
        if kind not in ("configMap", "secret"):
            raise RigError(f"the rig knows no volume of the kind {kind}")
        data = self._object(kind.lower() + "s", spec["name"], spec.get("optional", False))
        items = spec.get("items") or [{"key": key, "path": key} for key in data]
        return [(item["path"], data[item["key"]], item.get("mode", mode)) for item in items if item["key"] in data]

    def _token(self, spec):
        metadata = self.pod["metadata"]
        account = self.pod["spec"].get("serviceAccountName", "default")
        answer = self.client.call("POST", f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"audiences": [spec["audience"]] if "audience" in spec else [], "expirationSeconds": spec.get("expirationSeconds", 3600),
                     "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}}})
        return answer["status"]["token"]

    def close(self):
        for path in self.mounted:
            subprocess.run(["umount", str(path)], check=False, capture_output=True, timeout=30)

    # ---- variables ----
    def field(self, path):
        """A field of the pod, as fieldRef names it."""
        value = self.pod
        for word in path.split("."):
            value = value[word]
        return str(value)

    def variables(self, container, given):
        """The container's variables; given: those that every container of the namespace gets."""
        known = dict(given)
        for source in container.get("envFrom", []):
            (kind, spec), = ((kind, spec) for kind, spec in source.items() if kind != "prefix")
            data = self._object("configmaps" if kind == "configMapRef" else "secrets", spec["name"], spec.get("optional", False))
            known.update({source.get("prefix", "") + key: value.decode() for key, value in data.items()})
        for variable in container.get("env", []):
            value = self._value(variable, container, known)
            if value is not None:
                known[variable["name"]] = value
        return known

    def _value(self, variable, container, known):
        if "valueFrom" not in variable:
            return expand(variable.get("value", ""), known)
        (kind, spec), = variable["valueFrom"].items()
        if kind == "fieldRef":
            return self.field(spec["fieldPath"])
        if kind == "resourceFieldRef":
            group, name = spec["resource"].split(".")
            return str(int(quantity(container["resources"][group][name]) // quantity(spec.get("divisor", 1)) or 1))
        data = self._object({"configMapKeyRef": "configmaps", "secretKeyRef": "secrets"}[kind], spec["name"], spec.get("optional", False))
        if spec["key"] in data:
            return data[spec["key"]].decode()
        if spec.get("optional"):
            return None
        raise RigError(f"{spec['name']} has no key {spec['key']}")
