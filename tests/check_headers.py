#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone, with the project's warnings as errors, under gcc and clang.

    tests/check_headers.py [ROOT]     prints the compilers' complaints, exits 1 when there is any
"""
import concurrent.futures
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Wundef",
         "-Wno-gnu-zero-variadic-macro-arguments", "-Werror"]
PACKAGES = ["jansson", "libcrypto", "libuv", "sqlite3", "libcyaml", "yaml-0.1", "libcurl", "libseccomp", "cmocka"]


def headers(root):
    return sorted((Path(root) / "src").rglob("*.h"))


def compilers():
    return [name for name in ("gcc", "clang") if shutil.which(name)]


@functools.cache
def package_flags():
    flags = []
    for package in PACKAGES:
        done = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += done.stdout.split() if done.returncode == 0 else []
    return flags


def check_header(root, header, compiler):
    """Empty, or what the compiler says. The header is included from an empty file, as a first include would be."""
    root = Path(root)
    done = subprocess.run(
        [compiler, *FLAGS, *package_flags(), "-I", str(root / "src"), "-include", str(root / "src/base/banned.h"), "-"],
        input=f'#include "{header.relative_to(root / "src").as_posix()}"\nint header_stands_alone;\n',
        capture_output=True, text=True, timeout=60, cwd=root)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(pool.map(lambda pair: check_header(root, *pair), [(header, compiler) for header in headers(root) for compiler in compilers()]))
    for complaint in filter(None, complaints):
        print(complaint)
    return 1 if any(complaints) or not complaints else 0


if __name__ == "__main__":
    sys.exit(main())
