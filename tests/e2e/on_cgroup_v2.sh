#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The limits again, end to end, on a kernel with cgroup v2: run by scripts/test.sh inside the machine that tests/sandbox/v2.sh boots.
# Its root is the host's file system through a driver that knows no owners, so that everything written goes to a tmpfs; and it is
# about ten times slower, so that only what differs between the two versions is tried.
#
#   tests/sandbox/v2.sh tests/e2e/on_cgroup_v2.sh BUILD_DIR REPORT
set -euo pipefail
cd "$(dirname "$0")/../.."
mount -t tmpfs tmpfs /mnt
/usr/bin/python3 -c '
import fcntl, socket, struct
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))'

export BUILD_DIR=$1 TMPDIR=/mnt E2E_SLOW=10 PYTHONDONTWRITEBYTECODE=1
# (not address_space: the emulated machine has too little of it for anybody)
cases="not address_space and (memory or output_limit or process_limit or processes or fork_bombs or priority or eight or four_children or parent_that_has_ended or daemon or version_2 or group_of_its_own)"
exec /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests --basetemp /mnt/pytest -q --junitxml "$2" tests/e2e/test_limits.py \
    tests/e2e/test_doctor.py::test_version_2_moves_out_of_the_way tests/sandbox/test_rootless.py::test_a_group_of_its_own_limits_as_with_root -k "$cases"
