#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make bench: builds the measuring programs and runs them (bench/bench.py says what is measured).
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD_DIR=${BUILD_DIR:-build}
ninja -C "$BUILD_DIR" bench/spawn_loop bench/store_bench bench/box_bench bench/webhook_bench >/dev/null
exec /usr/bin/python3 bench/bench.py "$BUILD_DIR"
