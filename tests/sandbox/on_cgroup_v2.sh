#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The hostile programs on a kernel with cgroup v2 (tests/e2e/on_cgroup_v2.sh says what is special about it): run inside the machine that
# v2.sh boots. All of them take a quarter of an hour there; without arguments, those where the two versions differ most.
#
#   tests/sandbox/v2.sh tests/sandbox/on_cgroup_v2.sh BUILD_DIR [PYTEST-ARGUMENT …]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
if [[ $(ldd "$build/evalx") == *libasan* ]]; then
    echo "SKIPPED: cgroup v2: user-mode-linux holds the addresses that AddressSanitizer needs; the build without it is tested" >&2
    exit 77
fi
mount -t tmpfs tmpfs /mnt
/usr/bin/python3 -c '
import fcntl, socket, struct
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))'

if [ $# -eq 0 ]; then
    set -- -k 'daemon.c or orphans_burn or small_hogs or fills_tmpfs or in_flight or sets_process_1'
fi
export BUILD_DIR=$build TMPDIR=/mnt E2E_SLOW=10 PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests --basetemp /mnt/pytest -q tests/sandbox "$@"
