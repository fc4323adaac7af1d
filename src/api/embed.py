#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns openapi.json into C: embed.py INPUT VERSION OUTPUT. Checks that it is JSON, puts the version in, drops the white space."""
import json
import sys
from pathlib import Path

source, version, target = sys.argv[1:]
document = json.loads(Path(source).read_text(encoding="utf-8"))
document["info"]["version"] = version
data = json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
rows = [", ".join(str(byte) for byte in data[at:at + 24]) for at in range(0, len(data), 24)]
Path(target).write_text(
    '/* made by embed.py */\n#include "api/openapi.h"\n\n'
    "const char openapi_text[] = {\n    " + ",\n    ".join(rows) + "};\n"
    "const size_t openapi_len = sizeof openapi_text;\n", encoding="ascii")
