# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the end-to-end suite (tests/e2e), for the programs with known faults as well."""
import importlib.util
import sys
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent / "e2e"
sys.path.insert(0, str(E2E))

# Under another name: this file is a conftest itself. What it has, fixtures and hooks, is found here.
_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
globals().update({name: value for name, value in vars(_e2e).items() if not name.startswith("_")})
