#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Renders overlays/minikube into deployment.yaml (make k8s-render). A test compares the two.
#
#   deploy/kubernetes/render.sh          writes deploy/kubernetes/deployment.yaml
#   deploy/kubernetes/render.sh -        prints it
#
# kubectl is the one that scripts/setup.sh deploy installed, or that on the PATH; their kustomize may lay out YAML differently.
set -euo pipefail
cd "$(dirname "$0")/../.."
kubectl=${BUILD_DIR:-build}/npm/kubernetes/kubectl/kubectl
[ -x "$kubectl" ] || kubectl=$(command -v kubectl) || {
    echo "render.sh: there is no kubectl; scripts/setup.sh deploy installs one" >&2
    exit 1
}
rendered=$("$kubectl" kustomize deploy/kubernetes/overlays/minikube)
text="# SPDX-License-Identifier: Apache-2.0
# Made from overlays/minikube by render.sh (make k8s-render): change that, not this.
# kubectl apply -f deployment.yaml — everything that a trial on minikube needs; docs/kubernetes.md walks through it.
$rendered"
if [ "${1:-}" = - ]; then
    printf '%s\n' "$text"
else
    printf '%s\n' "$text" >deploy/kubernetes/deployment.yaml
fi
