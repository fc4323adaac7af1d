# SPDX-License-Identifier: Apache-2.0
"""The soak speaks to real servers with the harness of the end-to-end suite."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
