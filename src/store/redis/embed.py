#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the Lua scripts into C: embed.py OUTPUT SCRIPT… . One NUL-terminated array each, without comments and blank lines."""
import sys
from pathlib import Path

target, *sources = sys.argv[1:]
parts = ['/* made by embed.py */\n#include "store/redis_store.h"\n']
for source in map(Path, sources):
    lines = [line.strip() for line in source.read_text(encoding="ascii").splitlines()]
    text = "".join(line + "\n" for line in lines if line and not line.startswith("--"))
    rows = [", ".join(str(byte) for byte in text.encode()[at:at + 24]) for at in range(0, len(text), 24)]
    parts.append(f"const char redis_lua_{source.stem}[] = {{\n    " + ",\n    ".join(rows) + ", 0};\n")
Path(target).write_text("\n".join(parts), encoding="ascii")
