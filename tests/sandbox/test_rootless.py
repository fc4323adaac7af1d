# SPDX-License-Identifier: Apache-2.0
"""The sandbox without root: evalx really started as an ordinary user, the same hostile programs, the same verdicts where they can be had.

Which walls are not there is in src/box/weakness.c; NOT_HERE says which programs need one of them.
"""
import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import test_hostile as hostile
from harness import EVALX, Server, alive, children_of, environment, wait_until
from outside import Outside, processes_of, uid_of
from test_hostile import languages  # noqa: F401  (a fixture)

USER = 2_000_000 + os.getpid()  # nobody else's on this machine
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


class OutsideWithoutRoot(Outside):
    """Programs are the server's own user: of that user there is the server, its jail and process 1 of each box."""

    def check_processes(self):
        wait_until(lambda: processes_of(self.uids) == set(self.server.pids()), 5, f"no process but the server's own: {self.server.pids()}, {processes_of(self.uids)}")

    def check_files(self):
        with_own = self.uids
        own = {self.server.own_folder, str(self.server.log.name)}
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", "/home", "/etc", "/"):
            if os.path.isdir(folder):
                for entry in os.scandir(folder):
                    assert entry.path in own or entry.stat(follow_symlinks=False).st_uid not in with_own, entry.path

    def check_sockets(self):
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:] if os.path.exists(f"/proc/net/{table}") else []:
                fields = line.split()
                assert int(fields[7]) not in self.uids or int(fields[1].rpartition(":")[2], 16) == self.server.port, line

    def check_cgroups(self):
        """There are none."""


@pytest.fixture(scope="module")
def rootless(languages):  # noqa: F811
    server = Server(prefix=AS_USER, owner=USER, languages_dir=languages, slots=1, sandbox_allow_degraded="true").start()
    try:
        server.outside = OutsideWithoutRoot(server)
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("name", list(hostile.HOSTILE["programs"]))
def test_program(rootless, name, tmp_path, request):
    request.node.servers, request.node.log_mark = [rootless], len(rootless.log_text())
    body, settings = hostile.body_of(name, rootless, tmp_path)
    document = rootless.result(rootless.submit(body), 90)
    hostile.check_verdict(document, settings)
    hostile.check_said(document, settings.get("never", ()))
    rootless.outside.check()
    hostile.canary(rootless, 65, 1000, 0)
