#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that can be said about the code without running it: format, both compilers without a single warning, clang-tidy,
# the layers, shell scripts. Runs all of it, says what is wrong, exits 1 when anything is.
#
#   LINT_DIR=build/lint   where the extra builds go
#   BUILD_DIR=build       taken for gcc's when it lets no warning pass (scripts/test.sh with STRICT=1)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
LINT_DIR=${LINT_DIR:-build/lint}
BUILD_DIR=${BUILD_DIR:-build}
failed=()

step() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

# Not the programs that the tests submit: some of them are meant to be wrong.
sources() {
    git ls-files -co --exclude-standard -- 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' ':!tests/sandbox/programs' ':!tests/e2e/programs' ':!tests/hints/programs'
}

formatted() {
    sources | xargs clang-format --dry-run --Werror
}

lets_no_warning_pass() {
    [ -f "$1/build.ninja" ] && meson introspect --buildoptions "$1" |
        python3 -c 'import json, sys; found = {one["name"]: one["value"] for one in json.load(sys.stdin)}; sys.exit(not (found["werror"] and found["buildtype"] == "release" and found["b_sanitize"] == "none"))'
}

build_with() {
    local dir=$LINT_DIR/$1
    if [ "$1" = gcc ] && lets_no_warning_pass "$BUILD_DIR"; then dir=$BUILD_DIR; fi
    [ -f "$dir/build.ninja" ] || CC=$1 meson setup "$dir" --werror --buildtype=release >/dev/null || return 1
    ninja -C "$dir" >"$dir/log" && return
    grep -v '^\[' "$dir/log"
    return 1
}

# The clang build's commands: gcc's has flags that clang-tidy does not know.
tidy() {
    local headers
    headers="$(pwd)/(src|tests)/.*"
    sources | grep '\.c$' | xargs -P 2 -n 4 clang-tidy --quiet -p "$LINT_DIR/clang" --header-filter="$headers" 2> >(grep -v 'warnings\? generated\|^Suppressed\|^Use -header-filter' >&2)
}

shell_scripts() {
    local script status=0
    for script in $(git ls-files -co --exclude-standard -- 'scripts/*' .ci/run | sort -u); do
        case $(head -1 "$script") in
        *bash) bash -n "$script" || status=1 ;;
        *sh) sh -n "$script" || status=1 ;;
        esac
    done
    return $status
}

scripts/setup.sh build test lint || exit 1
step "format (mend it with: make format)" formatted
step "gcc without warnings" build_with gcc
step "clang without warnings" build_with clang
step "clang-tidy" tidy
step "layers" tests/check_layers.py
step "headers stand alone" tests/check_headers.py
step "shell syntax" shell_scripts

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "lint: everything is fine"
