#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command of the rig (tests/k8s/*.py) on a machine of its own, as it were: its own network, mounts and process numbers, so that
# nothing of it can be met from outside, no port is taken twice, and everything ends when it ends, however it ends.
#
#   tests/k8s/rig.sh COMMAND…       as root
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

[ "$(id -u)" -eq 0 ] || {
    echo "k8s: the rig needs root: it makes network and mount namespaces, and its workers build sandboxes" >&2
    exit 1
}

for program in unshare nsenter setpriv ip iptables openssl redis-server prometheus wrk; do
    command -v $program >/dev/null || {
        echo "k8s: there is no $program: scripts/setup.sh k8s installs what the rig needs" >&2
        exit 1
    }
done

# Control groups of rigs that were killed before they could remove them.
for group in $(find /sys/fs/cgroup -maxdepth 4 -type d -name 'evalx-rig-*' 2>/dev/null); do
    [ -d "/proc/${group##*-}" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
done

export K8S_RIG_ID=$$
# bash stays as process 1, which sees to orphans; Python would leave them as they are.
# shellcheck disable=SC2016
exec unshare --net --mount --pid --fork --kill-child --mount-proc bash -c '
    ip link set lo up
    ip address add 10.244.255.1/32 dev lo # what nodes and their pods know this machine by
    echo 1 >/proc/sys/net/ipv4/ip_forward
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$0 "$@"
    exit $?' "$here" "$@"
