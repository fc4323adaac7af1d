# SPDX-License-Identifier: Apache-2.0
"""The short form of the chaos runs (chaos.py); `make chaos` is the long one. Each prints what it counted."""
import random
import tempfile
from pathlib import Path

import pytest
from chaos import chaos


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind, submissions, rate", [("cluster", 200, 12), ("serve", 100, 10)])
def test_nothing_is_lost_or_told_twice(kind, submissions, rate):
    seed = random.randrange(1 << 30)
    with tempfile.TemporaryDirectory(prefix="evalx-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the processes give up root
        assert chaos(kind, submissions, rate, 60, seed, folder), f"seed {seed}"
