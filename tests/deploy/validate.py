# SPDX-License-Identifier: Apache-2.0
"""Reads [[name, object], …] as JSON and prints what Kubernetes' own schemas say against each, unknown fields too, as [[name, complaint], …].
A program of its own, because it needs newer libraries than Debian's (scripts/setup.sh deploy), which it is given on its PYTHONPATH."""
import functools
import json
import sys

import kubernetes_validate
from kubernetes_validate import utils

utils.schema_contents = functools.lru_cache(None)(utils.schema_contents)  # a megabyte of JSON, which it would read for each object

CUSTOM = ("keda.sh/", "monitoring.coreos.com/")  # of operators: no schema of Kubernetes' own; test_kubernetes.py knows their fields

complaints = []
for name, document in json.load(sys.stdin):
    if document["apiVersion"].startswith(CUSTOM):
        continue
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as wrong:
            complaints.append([name, f"{version}: {'.'.join(map(str, wrong.path))}: {wrong.message}"])
        except kubernetes_validate.SchemaNotFoundError:
            complaints.append([name, f"{version}: no such kind"])
json.dump(complaints, sys.stdout)
