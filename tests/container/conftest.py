# SPDX-License-Identifier: Apache-2.0
"""The images that tests/container/run.sh has built, as file systems that containers run from."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from pod import Containerd, Network


class Image:
    """An image of buildah: what its configuration says, and its files, read-only to everybody who behaves."""

    def __init__(self, target, storage):
        self.target, self.name = target, f"localhost/evalx-{target}"
        self.options = ["--root", f"{storage}/root", "--runroot", f"{storage}/run"]
        listed = [line for line in self.buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines() if line.startswith(self.name + ":")]
        assert len(listed) == 1, listed
        self.name = listed[0]
        self.inspected = json.loads(self.buildah("inspect", "--type", "image", self.name))
        self.config = self.inspected["Docker"]["config"]
        self.container = self.buildah("from", "--pull-never", self.name).strip()
        self.rootfs = Path(self.buildah("mount", self.container).strip())
        self.size = int(subprocess.run(["du", "--summarize", "--one-file-system", "--bytes", self.rootfs], check=True, capture_output=True, text=True).stdout.split()[0])

    def buildah(self, *arguments):
        return subprocess.run(["buildah", *self.options, *arguments], check=True, capture_output=True, text=True, timeout=120).stdout

    def close(self):
        self.buildah("umount", self.container)
        self.buildah("rm", self.container)

    def packages(self):
        """(all, those asked for by name) that are installed in it."""
        installed, automatic = set(), set()
        for entry in (self.rootfs / "var/lib/dpkg/status").read_text().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in entry.splitlines() if ": " in line and not line.startswith(" "))
            if fields.get("Status", "").endswith(" installed"):
                installed.add(fields["Package"])
        states = self.rootfs / "var/lib/apt/extended_states"
        for entry in (states.read_text() if states.exists() else "").split("\n\n"):
            fields = dict(line.split(": ", 1) for line in entry.splitlines())
            if fields.get("Auto-Installed") == "1":
                automatic.add(fields["Package"])
        return installed, installed - automatic


def image(target):
    storage = os.environ.get("STORAGE")
    if not storage:
        pytest.skip("no images: run these tests by `make image-test` or `make container-test`")
    return Image(target, storage)


@pytest.fixture(scope="session")
def worker_image():
    found = image("worker")
    yield found
    found.close()


@pytest.fixture(scope="session")
def api_image():
    found = image("api")
    yield found
    found.close()


@pytest.fixture(scope="session")
def folder():
    """For bundles and what containers write: removed at the end. Short, since sockets live in it."""
    path = Path(tempfile.mkdtemp(prefix="evalx-c-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def containerd(folder):
    with Containerd(folder / "d") as running:
        yield running


@pytest.fixture(scope="session")
def runtime_default(containerd, api_image):
    return lambda capabilities: containerd.runtime_default(api_image.rootfs, capabilities)


@pytest.fixture
def network():
    with Network("evalx-test") as name:
        yield name
