#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Becomes the first process of a container: called by container.py through `unshare --net --mount`, with its own empty network and a
# copy of the rig's mounts. Sets up both, and executes the program.
#
#   container.sh ROOT ADDRESS LINK MOUNTS READONLY FOLDER GROUPS -- COMMAND…
#
# ROOT: what the image holds. LINK: the other end of the container's eth0, in the rig. MOUNTS: a file of lines "SOURCE<tab>TARGET<tab>rw|ro".
# READONLY: yes or no. FOLDER: the working directory. GROUPS: the control groups to enter, separated by ":".
set -euo pipefail
root=$1 address=$2 link=$3 mounts=$4 readonly=$5 folder=$6 groups=$7
shift 8
gateway=169.254.1.1 hardware=02:00:00:00:00:01

IFS=: read -ra entered <<<"$groups"
for group in ${entered[@]+"${entered[@]}"}; do
    echo $$ >"$group/cgroup.procs"
done

rig() { nsenter --net="/proc/$PPID/ns/net" "$@"; }
rig ip link add "$link" address $hardware type veth peer name eth0 netns $$
rig ip link set "$link" up
ip link set lo up
ip address add "$address/32" dev eth0
ip link set eth0 up
ip route add $gateway dev eth0
ip neighbour add $gateway lladdr $hardware dev eth0
ip route add default via $gateway src "$address"
rig ip route replace "$address/32" dev "$link"

while IFS=$'\t' read -r source target mode; do
    mkdir -p "$root$target"
    mount --bind "$source" "$root$target"
    [ "$mode" = rw ] || mount -o remount,bind,ro "$root$target"
done <"$mounts"

cd "$root"
pivot_root . .rig
umount -l /.rig
[ "$readonly" = no ] || mount -o remount,bind,ro /
cd "$folder"
exec "$@"
