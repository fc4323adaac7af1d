# SPDX-License-Identifier: Apache-2.0
"""A copy of the database made while the server works (docs/operations.md): whole, and a server on it goes on from that moment."""
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from harness import FINAL, Server, wait_until
from test_durability import Submitters, check_all


def online_backup(source, copy):
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(copy)) as target:
        database.backup(target, pages=64, sleep=0.001)


def vacuum_into(source, copy):
    if shutil.which("sqlite3"):
        subprocess.run(["sqlite3", str(source), f"VACUUM INTO '{copy}'"], check=True, timeout=60)
    else:
        with closing(sqlite3.connect(source)) as database:
            database.execute("VACUUM INTO ?", (str(copy),))


@pytest.mark.parametrize("make_copy", [vacuum_into, online_backup])
def test_a_copy_made_under_load_serves_what_was_there(make_copy, new_server):
    server = new_server(slots=2)
    load = Submitters(server, threads=6)
    folder = Path(tempfile.mkdtemp(prefix="evalx-backup-"))
    folder.chmod(0o755)
    try:
        wait_until(lambda: len(load.acknowledged) > 100, 60, "some load")
        with load.lock:
            before = dict(load.acknowledged)
        documents = {}
        for token in before:
            document = server.get(f"/submissions/{token}").json()
            if document["status"] in FINAL:
                documents[token] = document
        (folder / "state").mkdir()
        make_copy(server.state_dir / "evalx.db", folder / "state" / "evalx.db")
        count = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > count, 30, "the load to go on after the copy")
        acknowledged = load.finish()
        assert len(documents) > 10 and len(before) > 100
        with closing(sqlite3.connect(folder / "state" / "evalx.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

        check_all(server, acknowledged)  # the copying has hurt nobody
        restored = Server(state_dir=folder / "state")
        try:
            restored.start()
            for token, document in documents.items():
                again = restored.get(f"/submissions/{token}").json()
                again.pop("webhook", None), document.pop("webhook", None)
                assert again == document
            check_all(restored, before)  # what waited or ran at that moment is run again
        finally:
            restored.close()
    finally:
        load.finish()
        shutil.rmtree(folder, ignore_errors=True)
