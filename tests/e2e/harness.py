# SPDX-License-Identifier: Apache-2.0
"""A real evalx server for the tests: started in its own folder, waited for, spoken to, stopped and held to its exit code.

Nothing here sleeps for a guess: every wait polls a condition up to a deadline and fails when it passes.
"""
import contextlib
import json
import os
import resource
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD_DIR = (ROOT / os.environ.get("BUILD_DIR", "build")).resolve()
EVALX = BUILD_DIR / "evalx"
SANITIZED = bool(os.environ.get("SANITIZE"))
SLOW = int(os.environ.get("E2E_SLOW", 5 if SANITIZED else 1))  # everything takes longer under a sanitizer, or on an emulated machine
FINAL = ("completed", "failed", "cancelled")


def wait_until(condition, seconds=10, what="condition", pause=0.01):
    """Polls condition() until it is true, and returns what it returned; fails after seconds, with what (or what it returns)."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds * SLOW} s in vain for {what() if callable(what) else what}"
        time.sleep(pause)


def at_best(attempt, is_in_time, tries=5):
    """What attempt() returned, the first time that it was in time; fails when it never was. For bounds of milliseconds: a machine with
    other work breaks them now and then, a fault of evalx each time."""
    for _ in range(tries):
        result = attempt()
        if is_in_time(result):
            return result
    raise AssertionError(f"not in time in any of {tries} tries: {result}")


def free_port(address="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def environment(**settings):
    """The caller's environment without any EVALX_ variable, and with these settings (queue_max_depth=1 → EVALX_QUEUE_MAX_DEPTH)."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("EVALX_")}
    env.update({f"EVALX_{name.upper()}": str(value) for name, value in settings.items()})
    return env


def run_cli(*arguments, timeout=60, env=None, **options):
    """Runs evalx with these arguments; returns the CompletedProcess (text)."""
    return subprocess.run([str(EVALX), *map(str, arguments)], capture_output=True, text=True, timeout=timeout * SLOW,
                          stdin=options.pop("stdin", subprocess.DEVNULL), env=env or environment(), **options)


def children_of(pid):
    """All living descendants of a process, parents first."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        direct = parents.get(todo.pop(), [])
        found += direct
        todo += direct
    return found


def alive(pid):
    """True while the process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def usual_descriptor_limit():
    """What a shell gives a program (conftest.py raised it for this process): the server must ask for more itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))


class Server:
    """`evalx serve`, or another role, with its own state folder and port. Settings are configuration keys (queue_max_depth=1). A prefix is a command that
    becomes the server in the end (setpriv, unshare); owner: whose the state folder is then."""

    def __init__(self, state_dir=None, arguments=(), prefix=(), owner=None, role="serve", **settings):
        self.role = role
        self.own_folder = None
        if state_dir is None:
            # Not below pytest's 0700 folder: the server gives up root and must still reach its state.
            self.own_folder = tempfile.mkdtemp(prefix="evalx-e2e-")
            os.chmod(self.own_folder, 0o755)
            if owner is not None:
                os.chown(self.own_folder, owner, owner)
            state_dir = Path(self.own_folder) / "state"
        self.state_dir, self.arguments, self.settings = Path(state_dir), list(arguments), settings
        # Commands that start it: setpriv …, unshare …; E2E_PREFIX: for every server of a suite (tests/container).
        self.prefix = [*shlex.split(os.environ.get("E2E_PREFIX", "")), *map(str, prefix)]
        self.process, self.port, self.log = None, None, None
        self.session = requests.Session()
        self.session.trust_env = False

    # ---- life ----
    def start(self, wait=True):
        assert EVALX.exists(), f"{EVALX} is not built"
        self.port = free_port()
        self.log = tempfile.NamedTemporaryFile(prefix="evalx-log-", suffix=".txt", delete=False)
        self.process = subprocess.Popen(
            [*self.prefix, str(EVALX), self.role, "--listen", f"127.0.0.1:{self.port}", "--state-dir", str(self.state_dir), *self.arguments],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, env=environment(**self.settings),
            start_new_session=True, preexec_fn=usual_descriptor_limit)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        def ready():
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log_text()}"
            try:
                return self.session.get(self.url("/readyz"), timeout=5).status_code == 200
            except requests.ConnectionError:
                return False
        try:
            wait_until(ready, seconds, "/readyz")
        except AssertionError:
            print(self.log_text())
            self.kill()
            raise

    def pids(self):
        """The server's processes: itself and every descendant."""
        return [self.process.pid, *children_of(self.process.pid)]

    def kill(self):
        """SIGKILL to every process of the server, the first one first; returns when all are gone."""
        pids = self.pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=20)
        wait_until(lambda: not any(alive(pid) for pid in pids), 20, "the killed processes to be gone")

    def terminate(self, seconds=30):
        """SIGTERM; returns the exit code. No process of the server may be left."""
        pids = self.pids()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=seconds * SLOW)
        wait_until(lambda: not any(alive(pid) for pid in pids), 10, f"processes {pids} to be gone after the server ended")
        return code

    def close(self):
        """The end of a test: a server that still runs must stop with 0 when asked to."""
        try:
            if self.process and self.process.poll() is None:
                try:
                    code = self.terminate()
                finally:
                    if self.process.poll() is None:
                        self.kill()
                assert code == 0, f"evalx {self.role} ended with {code} on SIGTERM:\n{self.log_text()}"
            sanitizer = [line for line in self.log_text().splitlines() if "Sanitizer" in line or "runtime error:" in line]
            assert not sanitizer, self.log_text()
        finally:
            self.session.close()
            if self.log:
                self.log.close()
                os.unlink(self.log.name)
                self.log = None
            if self.own_folder:
                shutil.rmtree(self.own_folder, ignore_errors=True)

    def log_text(self):
        return Path(self.log.name).read_text(errors="replace") if self.log else ""

    def log_lines(self):
        """The log as objects; a line that is not JSON fails."""
        return [json.loads(line) for line in self.log_text().splitlines() if line.strip()]

    # ---- HTTP ----
    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, method, path, timeout=90, **options):
        return self.session.request(method, self.url(path), timeout=timeout, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        if body is not None:
            options["json"] = body
        return self.request("POST", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def submit(self, body, path="/execute-batch"):
        """Submits without waiting; returns the token."""
        answer = self.post(path, body)
        assert answer.status_code == 202, answer.text
        return answer.json()["token"]

    def result(self, token, seconds=120, encoding=None):
        """Waits for a submission's end with ?wait= and returns the document."""
        deadline = time.monotonic() + seconds * SLOW
        suffix = f"&encoding={encoding}" if encoding else ""
        while True:
            answer = self.get(f"/submissions/{token}?wait=20{suffix}")
            assert answer.status_code == 200, answer.text
            document = answer.json()
            if document["status"] in FINAL:
                return document
            assert time.monotonic() < deadline, f"still {document['status']} after {seconds * SLOW} s"

    def run(self, language, code, tests=None, seconds=120, **fields):
        """Submits a batch and returns its finished document. tests: list of test cases; default one without stdin."""
        body = {"language": language, "code": code, "test_cases": tests if tests is not None else [{}], **fields}
        return self.result(self.submit(body), seconds)

    def run_one(self, language, code, limits=None, **fields):
        """One test case; returns its result (the submission must have completed)."""
        if limits:
            fields["limits"] = limits
        document = self.run(language, code, [{}] if "stdin" not in fields else [{"stdin": fields.pop("stdin")}], **fields)
        assert document["status"] == "completed", document
        assert document["compile"] is None or document["compile"]["verdict"] == "ok", document["compile"]
        return document["results"][0]

    def languages(self):
        answer = self.get("/languages")
        assert answer.status_code == 200, answer.text
        return {language["name"]: language for language in answer.json()["languages"]}

    # ---- raw sockets ----
    def connect(self, source=None, timeout=20):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout, source_address=source and (source, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def raw(self, data, half_close=False, timeout=20):
        """Sends bytes on a fresh connection and returns every answer (list of Answer) and whether the server closed it."""
        with self.connect(timeout=timeout) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return read_answers(connection, timeout)


class Answer:
    """One HTTP answer as it came over the wire."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"Answer({self.status}, {self.headers}, {self.body[:200]!r})"


def parse_answer(data):
    """(Answer, rest), or None while it is incomplete."""
    head, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    lines = head.split(b"\r\n")
    version, status, *_ = lines[0].split(b" ", 2)
    assert version in (b"HTTP/1.1", b"HTTP/1.0"), data[:200]
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        assert colon, line
        headers[name.strip().lower().decode()] = value.strip().decode("latin-1")
    status = int(status)
    if status < 200 or status in (204, 304):
        return Answer(status, headers, b""), rest
    assert "content-length" in headers, f"an answer without Content-Length: {head!r}"
    length = int(headers["content-length"])
    if len(rest) < length:
        return None
    return Answer(status, headers, rest[:length]), rest[length:]


def read_answers(connection, timeout=20, count=None):
    """Reads until the server closes (or count answers came). Returns (answers, closed). Bytes that are no answer fail."""
    answers, data, closed = [], b"", False
    deadline = time.monotonic() + timeout
    while count is None or len(answers) < count:
        parsed = parse_answer(data)
        if parsed:
            answers.append(parsed[0])
            data = parsed[1]
            continue
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([connection], [], [], remaining)[0]:
            break
        try:
            chunk = connection.recv(65536)
        except ConnectionError:
            closed = True
            break
        if not chunk:
            closed = True
            break
        data += chunk
    assert not (closed and data), f"bytes after the last answer: {data[:300]!r}"
    return answers, closed


def event_stream(response):
    """Server-Sent Events of a streamed requests response, one after the other as they come."""
    event = {}
    for line in response.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            name, _, value = line.partition(":")
            if name:
                value = value[1:] if value.startswith(" ") else value
                event[name] = event[name] + "\n" + value if name in event else value
        else:
            if "data" in event:
                yield {"event": "message", **event}
            event = {}


def read_events(events, stop=lambda event: event["event"] == "done"):
    """Reads from an event_stream up to the event that stop() accepts, or its end."""
    found = []
    for event in events:
        found.append(event)
        if stop(event):
            break
    return found


class Redis:
    """A Redis server of the test's own, which syncs every write (what was acknowledged survives it)."""

    def __init__(self):
        self.folder, self.port, self.process = Path(tempfile.mkdtemp(prefix="evalx-redis-")), free_port(), None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "yes",
             "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--logfile", str(self.folder / "log")], stdin=subprocess.DEVNULL)

        def answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            return False
        wait_until(answers, 30, "Redis to answer")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
