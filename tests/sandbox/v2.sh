#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command as root on a kernel of its own with cgroup v2: Debian's user-mode-linux, whose root is this machine's own file system.
# Output and exit status are the command's. For machines whose own cgroups are v1, so that both are tested everywhere.
#
#   tests/sandbox/v2.sh COMMAND [ARG …]          (environment passed on: CMOCKA_MESSAGE_OUTPUT)
set -euo pipefail
if ! command -v linux.uml >/dev/null; then
    echo "SKIPPED: cgroup v2: user-mode-linux is not installed (scripts/setup.sh test)" >&2
    exit 77
fi
if [[ $(ldd "$1" 2>/dev/null || true) == *libasan* ]]; then
    echo "SKIPPED: cgroup v2: user-mode-linux holds the addresses that AddressSanitizer needs; the build without it is tested" >&2
    exit 77
fi
limit=${V2_TIMEOUT:-240}
dir=$(mktemp -d /var/tmp/evalx-v2-XXXXXX)
trap 'rm -rf "$dir"' EXIT

printf 'cd %q\nexport CMOCKA_MESSAGE_OUTPUT=%q\nexec' "$PWD" "${CMOCKA_MESSAGE_OUTPUT:-}" >"$dir/command"
printf ' %q' "$@" >>"$dir/command"

gcc -shared -fPIC -O1 -o "$dir/xstate.so" "$(dirname "$0")/uml_xstate.c"

cat >"$dir/init" <<EOF
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t cgroup2 cgroup2 /sys/fs/cgroup
/bin/bash $dir/command >$dir/out 2>$dir/err
echo \$? >$dir/status
sync
halt -f || poweroff -f
EOF
chmod +x "$dir/init"

# The machine's memory is a file in TMPDIR; only what is used takes room.
LD_PRELOAD=$dir/xstate.so TMPDIR=$dir timeout "$limit" linux.uml mem=1500M rootfstype=hostfs rootflags=/ rw quiet loglevel=0 panic=-1 con=null con0=null \
    "init=$dir/init" >"$dir/console" 2>&1 </dev/null || ended=$?

if [ ! -s "$dir/status" ]; then
    echo "v2.sh: the machine ended with ${ended:-0} (124: not within $limit s)" >&2
    cat "$dir/console" "$dir"/out "$dir"/err >&2 2>/dev/null || true
    exit 1
fi
cat "$dir/out"
cat "$dir/err" >&2
exit "$(cat "$dir/status")"
