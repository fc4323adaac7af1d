#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints rules/ as one PrometheusRule, for clusters with the Prometheus operator:
#   deploy/prometheus/prometheusrule.sh > deploy/prometheus/prometheusrule.yaml
#   kubectl apply -n evalx -f deploy/prometheus/prometheusrule.yaml
set -eu
cd "$(dirname "$0")"
cat <<'HEAD'
# SPDX-License-Identifier: Apache-2.0
# Made by prometheusrule.sh from rules/: change those.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: evalx
  labels: {app.kubernetes.io/name: evalx, app.kubernetes.io/part-of: evalx}
spec:
  groups:
HEAD
for file in rules/*.yaml; do
    sed -n '/^groups:/,$p' "$file" | sed -e 1d -e 's/^./  &/'
done
