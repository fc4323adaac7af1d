# SPDX-License-Identifier: Apache-2.0
"""The end-to-end suite's harness and its deadline for each test, here as well."""
import importlib.util
import sys
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent / "e2e"
sys.path[:0] = [str(E2E), str(Path(__file__).resolve().parent)]

_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
pytest_runtest_call = _e2e.pytest_runtest_call
pytest_runtest_makereport = _e2e.pytest_runtest_makereport
