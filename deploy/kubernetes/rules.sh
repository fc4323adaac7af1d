#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints Prometheus' rules (deploy/prometheus/rules) as the Prometheus operator's PrometheusRules, one a file:
#
#   deploy/kubernetes/rules.sh [NAMESPACE, default evalx] [key=value, a label that your Prometheus selects rules by] | kubectl apply -f -
set -euo pipefail
cd "$(dirname "$0")/../prometheus/rules"
namespace=${1:-evalx}
label=${2:-}
for file in *.yaml; do
    printf -- '---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: evalx-%s\n  namespace: %s\n  labels:\n' "${file%.yaml}" "$namespace"
    printf '    app.kubernetes.io/name: evalx\n    app.kubernetes.io/part-of: evalx\n'
    [ -z "$label" ] || printf '    %s: "%s"\n' "${label%%=*}" "${label#*=}"
    printf 'spec:\n'
    sed 's/^\(.\)/  \1/' "$file"
done
