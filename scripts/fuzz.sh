#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every libFuzzer target of tests/fuzz for SECONDS (60), two at a time, under AddressSanitizer and UBSan, from its starting corpus.
# A crash leaves its input in build-fuzz/found and fails. Ends in `N passed, N failed, N skipped`, one a target.
#
#   scripts/fuzz.sh [SECONDS] [TARGET…]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
seconds=${1:-60}
shift || true
dir=build-fuzz

scripts/setup.sh build fuzz || exit 1
[ -f "$dir/build.ninja" ] ||
    CC=clang meson setup "$dir" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debugoptimized >/dev/null || exit 1
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c; done)
ninja -C "$dir" "${targets[@]/#/tests/fuzz/}" >/dev/null || exit 1

# Grows a copy of the corpus: what is in the tree stays as it is.
run_one() {
    local target=$1 subject=${1#fuzz_}
    mkdir -p "$dir/corpus/$subject" "$dir/found"
    local seeds=("$dir/corpus/$subject")
    [ -d "tests/fuzz/corpus/$subject" ] && seeds+=("tests/fuzz/corpus/$subject")
    if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$dir/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$dir/found/$target-" "${seeds[@]}" >"$dir/found/$target.log" 2>&1; then
        echo "ok $target: $(grep -o '^Done [0-9]* runs' "$dir/found/$target.log" | tail -1)"
    else
        tail -40 "$dir/found/$target.log"
        echo "FAILED $target: the input is in $dir/found"
        return 1
    fi
}
export -f run_one
export seconds dir

failed=0
printf '%s\n' "${targets[@]}" | xargs -P 2 -I {} bash -c 'run_one {}' >"$dir/results"
cat "$dir/results"
failed=$(grep -c '^FAILED ' "$dir/results")
passed=$(grep -c '^ok ' "$dir/results")
echo "$passed passed, $((${#targets[@]} - passed)) failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -eq ${#targets[@]} ]
