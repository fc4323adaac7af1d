#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests: unit (cmocka, through meson), the tree's own rules, and end to end against a real server (pytest).
# Installs what they need, builds, runs everything even when something fails, and ends in one line:
#   N passed, N failed, N skipped
#
#   BUILD_DIR=build             build folder
#   STRICT=1                    a warning of the compiler fails the build
#   SANITIZE=address,undefined  build and run with these sanitizers (make asan)
#   E2E="…"                     arguments for pytest instead of the whole suite, e.g. E2E="tests/e2e/test_limits.py -x"
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export BUILD_DIR=${BUILD_DIR:-build} SANITIZE=${SANITIZE:-}
reports=$BUILD_DIR/reports

fail() {
    echo "scripts/test.sh: $*" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

groups=(build languages test)
[ -n "$SANITIZE" ] || groups+=(deploy)
scripts/setup.sh "${groups[@]}" || fail "could not install what the tests need"

options=(--buildtype=release)
[ -z "${STRICT:-}" ] || options+=(--werror)
if [ -n "$SANITIZE" ]; then
    options=(--buildtype=debugoptimized "-Db_sanitize=$SANITIZE" -Db_lundef=false)
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99:detect_stack_use_after_return=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1:exitcode=99}
fi
if [ ! -f "$BUILD_DIR/build.ninja" ]; then
    meson setup "$BUILD_DIR" "${options[@]}" >/dev/null || fail "meson setup failed"
fi
ninja -C "$BUILD_DIR" || fail "the build failed"

rm -rf "$reports" && mkdir -p "$reports" || fail "cannot write $reports"

# Machines with cgroup v1 try the limits on v2 as well, in a machine of their own that uses one core: beside the unit tests, of which the longest
# does the same. (Not with sanitizers: see tests/sandbox/v2.sh.)
v2=
if [ -z "${E2E:-}" ] && [ -z "$SANITIZE" ] && [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
    v2=$(realpath "$reports")/cgroup-v2.xml
    V2_TIMEOUT=600 setsid tests/sandbox/v2.sh "$PWD/tests/e2e/on_cgroup_v2.sh" "$(realpath "$BUILD_DIR")" "$v2" >"$v2.log" 2>&1 &
    v2_pid=$!
    trap 'kill -- "-$v2_pid"; exit 130' INT TERM
fi

echo "== unit tests"
rm -f "$BUILD_DIR/meson-logs/testlog.json"
CMOCKA_MESSAGE_OUTPUT=TAP meson test -C "$BUILD_DIR" --no-rebuild --print-errorlogs --num-processes 2 \
    --timeout-multiplier "$([ -n "$SANITIZE" ] && echo 5 || echo 2)"
cp "$BUILD_DIR/meson-logs/testlog.json" "$reports/unit.json"
parts=("$reports/unit.json")

# suite NAME ARGUMENT…: a part of it, by Debian's python, which has Debian's pytest; a python from elsewhere on the PATH would not.
suite() {
    local name=$1
    shift
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -c tests/pytest.ini --rootdir tests --junitxml "$reports/$name.xml" "$@"
    parts+=("$reports/$name.xml")
}

if [ -z "${E2E:-}" ] && [ -z "$SANITIZE" ]; then
    echo "== the tree's rules, hints, and what is shipped to run it"
    suite rules tests/test_checks.py tests/test_image_files.py tests/hints tests/deploy
fi
if [ -n "$v2" ]; then # before anything that measures time
    echo "== the limits on cgroup v2"
    wait "$v2_pid"
    v2_status=$?
    trap - INT TERM
    cat "$v2.log"
    [ "$v2_status" -eq 77 ] && v2=$reports/cgroup-v2.txt && echo "0 passed, 0 failed, 1 skipped" >"$v2"
    parts+=("$v2")
fi

echo "== end to end"
select=(${E2E:-tests/e2e tests/sandbox tests/chaos})
# A sanitizer says what it found when a process ends, which those of the chaos tests are not left time for.
[ -n "$SANITIZE" ] && [ -z "${E2E:-}" ] && select=(tests/e2e tests/sandbox tests/hints -m "not slow")
suite e2e "${select[@]}"

echo "== summary"
exec tests/summarize.py "${parts[@]}"
