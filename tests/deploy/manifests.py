# SPDX-License-Identifier: Apache-2.0
"""What deploy/ renders to, as Python objects: kustomize's and Helm's, rendered once a run, and how to find things in them."""
import functools
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml
from harness import BUILD_DIR, ROOT

KUBERNETES, CHART = ROOT / "deploy" / "kubernetes", ROOT / "deploy" / "helm" / "evalx"
KUBECTL, HELM = BUILD_DIR / "npm" / "kubernetes" / "kubectl" / "kubectl", BUILD_DIR / "npm" / "kubernetes" / "helm" / "helm"
SCHEMAS = BUILD_DIR / "python"
COMPONENTS = sorted(path.name for path in (KUBERNETES / "components").iterdir())
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
SCALERS = ("hpa", "keda")

needs_tools = pytest.mark.skipif(not (KUBECTL.exists() and HELM.exists()), reason="npm could not install kubectl and helm (scripts/setup.sh deploy)")
needs_schemas = pytest.mark.skipif(not (SCHEMAS / "kubernetes_validate").exists(),
                                   reason="pip could not install kubernetes-validate (scripts/setup.sh deploy)")


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, **options)


def documents(text):
    return [document for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if document]


@functools.lru_cache(None)
def kustomize_text(folder):
    rendered = run(KUBECTL, "kustomize", folder)
    assert rendered.returncode == 0 and not rendered.stderr, rendered.stderr
    return rendered.stdout


@functools.lru_cache(None)
def kustomized(folder):
    """Of a folder below deploy/kubernetes: base, overlays/minikube."""
    return documents(kustomize_text(KUBERNETES / folder))


@functools.lru_cache(None)
def with_components(*components):
    """The base and these components."""
    with tempfile.TemporaryDirectory(prefix="evalx-kustomize-") as folder:
        up = os.path.relpath(KUBERNETES, os.path.realpath(folder))
        Path(folder, "kustomization.yaml").write_text(json.dumps({
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "resources": [f"{up}/base"], "components": [f"{up}/components/{name}" for name in components]}))
        return documents(kustomize_text(folder))


def helm(*arguments, release="evalx", namespace="evalx"):
    return run(HELM, "template", release, CHART, "--namespace", namespace, *arguments)


@functools.lru_cache(None)
def helmed(values, release="evalx"):
    """Of one of the files in ci/."""
    rendered = helm("-f", CHART / "ci" / values, release=release)
    assert rendered.returncode == 0, rendered.stderr
    return documents(rendered.stdout)


def find(objects, kind, name):
    found = [o for o in objects if o["kind"] == kind and re.fullmatch(rf"{name}(-[0-9a-z]{{10}})?", o["metadata"]["name"])]
    assert len(found) == 1, f"{kind} {name}: {[o['metadata']['name'] for o in objects if o['kind'] == kind]}"
    return found[0]


def workloads(objects):
    return [o for o in objects if o["kind"] in ("Deployment", "StatefulSet")]


def pod(workload):
    return workload["spec"]["template"]["spec"]


def container(workload):
    containers = pod(workload)["containers"]
    assert len(containers) == 1
    return containers[0]


def selects(selector, labels):
    """Whether a LabelSelector selects an object with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", rule
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def settings_file(objects):
    """evalx.yaml as its pods see it."""
    return find(objects, "ConfigMap", "evalx")["data"]["evalx.yaml"]


def seconds(text):
    """Of a duration as evalx.yaml has it."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


def quantity(text):
    """Of a Kubernetes quantity: cores, or bytes."""
    number, unit = re.fullmatch(r"([0-9.]+)(m|Ki|Mi|Gi)?", str(text)).groups()
    return float(number) * {"m": 0.001, None: 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[unit]
