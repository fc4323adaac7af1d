#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two more pairs of eyes than `make asan` has: ThreadSanitizer over the unit tests of the rooms with threads, and valgrind over those of
# the rooms without boxes (a box's processes are not valgrind's to follow). Ends in `N passed, N failed, N skipped`, one a test program.
#
#   BUILD_DIR=build   a plain build, for valgrind
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD_DIR=${BUILD_DIR:-build}
tsan_dir=build-tsan

threaded=(http_exchanges http_serving http_streams store_contract store_sqlite store_stress store_redis_faults worker_loop worker_executor worker_worker
    api_submit api_follow)
single=(base auth_keys api_drain model_request model_stored model_document checker request http_parts language-language language-java language-command
    store_contract worker_artifact worker_outcome cli_config cli_program cli_table cli_values)

scripts/setup.sh build test languages || exit 1
[ -f "$BUILD_DIR/build.ninja" ] || meson setup "$BUILD_DIR" --buildtype=release >/dev/null || exit 1
[ -f $tsan_dir/build.ninja ] || meson setup $tsan_dir -Db_sanitize=thread -Db_lundef=false --buildtype=debugoptimized >/dev/null || exit 1

# run NAME DIR MESON-ARGS… -- TEST…: counts programs by meson's own log.
run() {
    local name=$1 dir=$2 log=$2/memcheck.log
    shift 2
    echo "== $name"
    rm -f "$dir"/meson-logs/testlog*.json
    meson test -C "$dir" --print-errorlogs --num-processes 2 --timeout-multiplier 10 "$@"
    cat "$dir"/meson-logs/testlog*.json >"$log" # a wrapper gives the file another name
    passed=$((passed + $(grep -c '"result": "OK"' "$log")))
    failed=$((failed + $(grep -cE '"result": "(FAIL|ERROR|TIMEOUT)"' "$log")))
    skipped=$((skipped + $(grep -c '"result": "SKIP"' "$log")))
}

passed=0 failed=0 skipped=0
TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" run "ThreadSanitizer" $tsan_dir "${threaded[@]}"
run "valgrind" "$BUILD_DIR" --wrapper "valgrind --quiet --fair-sched=yes --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite" "${single[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
