#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the images as deploy/image/build.sh does, into a storage of its own, and runs tests of this folder on them. Takes minutes and
# half a gigabyte of packages, and about 7 GiB of disk while it runs; nothing of it stays. As root.
#
#   tests/container/run.sh test_image.py | test_container.py …
#
#   STORAGE=DIR   keep the images there, and build only what has changed since the last time
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export BUILD_DIR=${BUILD_DIR:-build}

skip() {
    echo "SKIPPED: tests/container: $*" >&2
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ "$(id -u)" -eq 0 ] || skip "needs root, for buildah and runc"
scripts/setup.sh test image container || exit 1
probe=$(mktemp -d /var/tmp/evalx-probe-XXXXXX)
unshare --mount mount -t tmpfs none "$probe" 2>/dev/null || {
    rmdir "$probe"
    skip "this machine may not mount: no container can be built or run in it"
}
rmdir "$probe"

if [ -z "${STORAGE:-}" ]; then
    STORAGE=$(mktemp -d /var/tmp/evalx-images-XXXXXX)
    forget() {
        buildah --root "$STORAGE/root" --runroot "$STORAGE/run" rm --all >/dev/null 2>&1
        umount "$STORAGE/root/overlay" 2>/dev/null
        rm -rf "$STORAGE"
    }
    trap forget EXIT
fi
export STORAGE
SECONDS=0
deploy/image/build.sh worker api || exit 1
echo "images built in $SECONDS s"
tests=()
for name in "$@"; do
    tests+=("tests/container/$name")
done
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests -s "${tests[@]}"
