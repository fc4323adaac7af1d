# SPDX-License-Identifier: Apache-2.0
"""Webhooks against receivers, names and moments that mean harm: nothing gets in, nobody else waits, nothing owed is lost."""
import json
import os
import random
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from harness import SLOW, Server, wait_until
from receiver import SECRET, Receiver, own_address

QUICK = {"webhook_allow": "127.0.0.0/8", "webhook_secret": SECRET, "webhook_retry": "100ms", "webhook_timeout": "700ms",
         "webhook_connect_timeout": "300ms"}
REFUSED = "the host's address is not one that webhooks may go to"


@pytest.fixture(scope="module")
def quick():
    server = Server(**QUICK)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def server(quick, request):
    request.node.servers, request.node.log_mark = [quick], len(quick.log_text())
    return quick


def submit(server, url, **fields):
    return server.submit({"language": "bash", "code": "echo hello", "webhook_url": url, **fields})


def state(server, token):
    return server.get(f"/submissions/{token}?fields=webhook").json()["webhook"]


def wait_state(server, token, wanted, seconds=20):
    return wait_until(lambda: (now := state(server, token))["state"] == wanted and now, seconds, f"the delivery to be {wanted}")


class Raw(socketserver.ThreadingTCPServer):
    """A receiver of bytes: behave(connection) after the request's headers and body have been read."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 1024

    def __init__(self, behave, address=None, port=0):
        class Handler(socketserver.BaseRequestHandler):
            def handle(handler):
                handler.server.connections += 1
                read_request(handler.request)
                behave(handler.request)
        self.connections = 0
        super().__init__((address or own_address(), port), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def url(self, host=None):
        return f"http://{host or self.server_address[0]}:{self.server_address[1]}/"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536) or b" " * length


# ---- what receivers do ----

def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        connection.sendall(b"x: y\r\n")
        time.sleep(0.1)


def endless_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x-filler: " + b"f" * 60000 + b"\r\n")


def endless_continue(connection):
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@pytest.mark.parametrize("behave, error", [
    (lambda connection: time.sleep(3), "no answer in time"),
    (drip, "no answer in time"),
    (endless_headers, "answer"),
    (endless_continue, "answer"),
    (lambda connection: connection.sendall(b"hello, this is no HTTP\r\n\r\n"), "HTTP"),
    (lambda connection: connection.sendall(b"\x16\x03\x01\x02\x00" * 10), "HTTP"),
    (lambda connection: connection.sendall(b"HTTP/1.1 99999999999999999999 OK\r\n\r\n"), ""),
    (lambda connection: connection.sendall(b"HTTP/1.1 -200 OK\r\n\r\n"), ""),
    (lambda connection: None, "broke off"),
    (lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)), "broke off"),
    (lambda connection: connection.sendall(b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nshort"), "answered 500"),
    (lambda connection: connection.sendall(b"HTTP/1.1 500 No\r\ncontent-length: 40000\r\n\r\n" + b"page" * 10000), "answered 500"),
    (lambda connection: connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n"), ""),
], ids=["never answers", "drips", "endless headers", "endless 100s", "no HTTP", "TLS", "large status", "negative status", "closes",
        "resets", "broken 500", "long 500", "upgrades"])
def test_bad_answers_are_failures(server, behave, error):
    with Raw(behave) as receiver:
        token = submit(server, receiver.url())
        dead = wait_state(server, token, "dead", 30)
        assert dead["attempts"] == 2 and receiver.connections == 2
        assert error in dead["last_error"], dead


def test_a_huge_answer_is_not_read(server):
    sent = []

    def endless_body(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        total = 0
        try:
            while total < 1_000_000_000:
                total += connection.send(b"b" * 65536)
        except OSError:
            pass
        sent.append(total)
    with Raw(endless_body) as receiver:
        token = submit(server, receiver.url())
        done = wait_state(server, token, "delivered")  # it did say 200
        assert done["attempts"] == 1
        wait_until(lambda: sent, 10, "the receiver to notice")
        assert sent[0] < 20_000_000, sent
    assert "bbbb" not in json.dumps(server.get(f"/submissions/{token}").json())


def test_answers_are_not_shown(server):
    with Raw(lambda connection: connection.sendall(b"HTTP/1.1 500 secret-reason\r\nx: secret-header\r\ncontent-length: 11\r\n\r\nsecret-body")) as receiver:
        token = submit(server, receiver.url())
        wait_state(server, token, "dead")
        assert "secret" not in server.get(f"/submissions/{token}").text
        assert "secret-" not in server.log_text()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server, status):
    inside = Receiver()
    outside = Receiver(lambda delivery: (status, {"location": inside.url("/admin")}, b""))
    try:
        token = submit(server, outside.url())
        dead = wait_state(server, token, "dead")
        assert dead["last_status"] == status and len(outside.deliveries) == 2
        assert inside.deliveries == []
    finally:
        inside.close()
        outside.close()


def test_one_that_never_answers_does_not_hold_up_others(new_server):
    """More is owed to the silent one than can be on its way at one time; the other gets its own at once all the same."""
    server = new_server(**{**QUICK, "webhook_timeout": "60s", "webhook_max_in_flight": 40, "webhook_per_host": 8, "slots": 2})
    good = Receiver()
    try:
        with Raw(lambda connection: time.sleep(50)) as silent:
            for _ in range(150):
                submit(server, silent.url())
            wait_until(lambda: silent.connections == 8, 30, "the silent receiver to have its share")
            started = time.monotonic()
            tokens = [submit(server, good.url()) for _ in range(10)]
            for token in tokens:
                wait_state(server, token, "delivered")
            assert time.monotonic() - started < 20 * SLOW
            assert silent.connections == 8
            assert server.terminate() == 0  # without waiting for it
    finally:
        good.close()


def test_a_host_that_keeps_failing_is_held_back(new_server):
    server = new_server(**{**QUICK, "webhook_retry": "50ms,50ms,50ms,50ms"})
    bad = Receiver(lambda delivery: 500)
    good = Receiver()
    try:
        tokens = [submit(server, bad.url()) for _ in range(6)]
        wait_until(lambda: "webhook.host_held_back" in server.log_text(), 30, "the host to be held back")
        time_held = len(bad.deliveries)
        token = submit(server, good.url())
        wait_state(server, token, "delivered", 10)
        assert len(bad.deliveries) <= time_held + 2 and len(bad.deliveries) < 30
        assert any(state(server, token)["state"] == "pending" for token in tokens)
    finally:
        good.close()
        bad.close()


# ---- ways into the own network ----

SPELLINGS = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
             "0", "0.0.0.0", "127.255.255.254", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
             "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "%31%32%37.0.0.1",
             "①②⑦.⓪.⓪.①"]
ELSEWHERE = ["169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fe80::1]", "[ff02::1]",
             "224.0.0.1", "255.255.255.255", "[::ffff:169.254.169.254]", "0xa9fea9fe", "2852039166"]


def test_no_spelling_leads_inside(new_server):
    server = new_server(webhook_secret=SECRET)
    inside = Raw(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), "0.0.0.0")
    with inside:
        port = inside.server_address[1]
        tokens = {}
        for host in [*SPELLINGS, *ELSEWHERE, socket.gethostname()]:
            answer = server.post("/execute-batch", {"language": "bash", "code": "true", "webhook_url": f"http://{host}:{port}/"})
            assert answer.status_code in (202, 422), (host, answer.text)
            if answer.status_code == 202:
                tokens[host] = answer.json()["token"]
        assert {"127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"} <= set(tokens)
        for host, token in tokens.items():
            ended = wait_until(lambda: (now := state(server, token))["attempts"] and (now["state"] == "dead" or now["last_error"]) and now,
                               30, f"the delivery to {host} to be tried")
            if ended["last_error"] != "the host's name cannot be resolved":
                assert ended["state"] == "dead" and ended["last_error"] == REFUSED, (host, ended)
        assert inside.connections == 0


def test_the_environment_leads_nowhere(new_server, monkeypatch, tmp_path):
    proxy, receiver = Receiver(), Receiver()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url(""))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".netrc").write_text("default login somebody password something\n")
    os.chmod(tmp_path, 0o755)
    os.chmod(tmp_path / ".netrc", 0o644)
    monkeypatch.setenv("HOME", str(tmp_path))
    server = new_server(**QUICK)
    try:
        submit(server, receiver.url())
        delivery, = receiver.wait(1)
        assert "authorization" not in delivery.headers and proxy.deliveries == []
    finally:
        proxy.close()
        receiver.close()


class Names(socketserver.ThreadingUDPServer):
    """A DNS server: zone maps a name to a list of answers, each a list of IPv4 addresses; the last answer is given for ever.
    A name with None instead gets no answer at all."""
    daemon_threads = True

    def __init__(self, address, zone):
        self.zone, self.asked = zone, []

        class Handler(socketserver.BaseRequestHandler):
            def handle(handler):
                answer = handler.server.answer(handler.request[0])
                if answer:
                    handler.request[1].sendto(answer, handler.client_address)
        super().__init__((address, 53), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, (kind,) = ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])
        answers = self.zone.get(name)
        if answers is None and name in self.zone:
            self.asked.append(name)
            return None
        addresses = []
        if answers and kind == 1:
            self.asked.append(name)
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        flags = 0x8180 if answers else 0x8183
        head = query[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address) for address in addresses)
        return head + query[12:at + 5] + records


@pytest.fixture
def names(tmp_path):
    """Starts a DNS server and gives the prefix of a command whose /etc/resolv.conf names it."""
    if os.geteuid() != 0:
        pytest.skip("a mount namespace and port 53 need root")
    servers = []

    def start(zone, options="timeout:1 attempts:2"):
        address = f"127.{random.randrange(1, 250)}.{random.randrange(1, 250)}.53"
        servers.append(Names(address, zone))
        resolv, hosts = tmp_path / "resolv.conf", tmp_path / "nsswitch.conf"
        os.chmod(tmp_path, 0o755)
        resolv.write_text(f"nameserver {address}\noptions {options}\n")
        hosts.write_text("hosts: files dns\n")
        script = f'mount --bind {resolv} {Path("/etc/resolv.conf").resolve()} && mount --bind {hosts} /etc/nsswitch.conf && exec "$@"'
        return servers[-1], ["unshare", "-m", "sh", "-c", script, "sh"]
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_name_that_changes_its_mind_gets_nowhere(new_server, names):
    """127.0.0.5 stands for an address that may be sent to, 127.0.0.1 for the inside: the same port, so that only the check is between."""
    with Raw(lambda connection: connection.sendall(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"), "127.0.0.5") as outside, \
            Raw(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), "127.0.0.1",
                outside.server_address[1]) as inside:
        zone = {"rebind.test": [["127.0.0.5"], ["127.0.0.1"]], "both.test": [["127.0.0.1", "127.0.0.5"]],
                "half.test": [["127.0.0.5", "192.0.2.1"]], "inside.test": [["127.0.0.1"]], "metadata.test": [["169.254.169.254"]]}
        dns, prefix = names(zone)
        server = new_server(prefix=prefix, **{**QUICK, "webhook_allow": "127.0.0.5", "webhook_retry": "2500ms,2500ms"})
        rebind = submit(server, outside.url("rebind.test"))
        inner = submit(server, outside.url("inside.test"))
        metadata = submit(server, outside.url("metadata.test"))
        ended = wait_state(server, rebind, "dead", 30)
        assert ended["last_error"] == REFUSED and ended["attempts"] == 2
        assert wait_state(server, inner, "dead")["last_error"] == REFUSED
        assert wait_state(server, metadata, "dead")["last_error"] == REFUSED
        assert dns.asked.count("rebind.test") >= 2 and outside.connections == 1
        both = submit(server, outside.url("both.test"))
        wait_until(lambda: state(server, both)["last_status"] == 500, 20, "the permitted address to be tried")
        assert outside.connections == 2 and inside.connections == 0
        outside.shutdown()  # one of its addresses may be sent to: that it cannot be reached now is no reason to give up
        outside.server_close()
        half = submit(server, outside.url("half.test"))
        failed = wait_until(lambda: (now := state(server, half))["attempts"] and now["last_error"] and now, 20, "the first try to fail")
        assert failed["state"] == "pending" and failed["last_error"] == "the connection was refused", failed
        missing = submit(server, outside.url("nowhere.test"))
        wait_until(lambda: state(server, missing)["last_error"] == "the host's name cannot be resolved", 20, "the name to be looked for")


def test_a_silent_name_server_does_not_hold_up_others(new_server, names):
    """The C library asks it for 20 s, far beyond the delivery's own time; nobody waits for that but the thread that asks."""
    silent = [f"silent{i}.test" for i in range(4)]
    dns, prefix = names(dict.fromkeys(silent), "timeout:20 attempts:1")
    server = new_server(prefix=prefix, **{**QUICK, "webhook_retry": "100ms,100ms,100ms"})
    good = Receiver()
    try:
        started = time.monotonic()
        unanswered = [submit(server, f"http://{name}:81/") for name in silent]
        wait_until(lambda: set(silent) <= set(dns.asked), 15, "all names to be asked for")
        for token in unanswered:
            wait_until(lambda: state(server, token)["last_error"] == "no answer in time", 15, "the delivery's own time to end")
            began = time.monotonic()
            delivered = submit(server, good.url())
            good.wait(1, 15, where=lambda delivery: delivered in delivery.id)
            assert time.monotonic() - began < 2 * SLOW
        assert time.monotonic() - started < 15 * SLOW
    finally:
        good.close()


@pytest.fixture
def open_folder():
    """A folder that the server's user can read, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="evalx-hooks-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test_certificates_are_checked(new_server, open_folder):
    """A certificate of an unknown authority is refused; with webhook.ca_file it is taken; for another name it is not."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    open_folder / "key.pem", "-out", open_folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    os.chmod(open_folder / "cert.pem", 0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(open_folder / "cert.pem", open_folder / "key.pem")
    receiver = Receiver(address="127.0.0.1")  # which localhost is
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    try:
        port = receiver.server_address[1]
        unknown = new_server(**QUICK)
        token = submit(unknown, f"https://localhost:{port}/")
        assert wait_state(unknown, token, "dead")["last_error"] == "the host's certificate is not valid"
        trusting = new_server(**QUICK, webhook_ca_file=open_folder / "cert.pem")
        token = submit(trusting, f"https://127.0.0.1:{port}/")
        assert wait_state(trusting, token, "dead")["last_error"] == "the host's certificate is not valid"
        assert receiver.deliveries == []
        token = submit(trusting, f"https://localhost:{port}/")
        wait_state(trusting, token, "delivered")
        assert receiver.wait(1)[0].valid()
    finally:
        receiver.close()


# ---- kills ----

def test_killed_between_post_and_settlement(new_server):
    """The receiver has everything, evalx does not know: it comes once more, with the same id and the same bytes."""
    arrived, go_on = threading.Event(), threading.Event()

    def behave(delivery):
        if not arrived.is_set():
            arrived.set()
            go_on.wait(60)
        return 204
    receiver = Receiver(behave)
    server = new_server(**{**QUICK, "webhook_timeout": "60s"})
    try:
        token = submit(server, receiver.url())
        assert arrived.wait(30)
        server.kill()
        go_on.set()
        server.start()
        first, second = receiver.wait(2, 30 * SLOW)
        assert first.id == second.id == f"msg_{token}_completed" and first.body == second.body
        assert first.valid() and second.valid()
        wait_state(server, token, "delivered")
    finally:
        go_on.set()
        receiver.close()


@pytest.mark.timeout(900)
def test_nothing_is_lost_to_failures_and_kills(new_server):
    """
    Receivers that fail three times in ten, and a server that is killed every few seconds: each event arrives at least once, in one
    version only, rightly signed. `make webhook-soak` runs it with 2,000 submissions.
    """
    count, seed = int(os.environ.get("WEBHOOK_SOAK", 120)), random.randrange(1 << 30)
    dice = random.Random(seed)
    receiver = Receiver(lambda delivery: dice.choice((500, 503, None)) if dice.random() < 0.3 else 204)
    server = new_server(**{**QUICK, "webhook_retry": ",".join(["100ms"] * 20), "webhook_timeout": "5s", "slots": 2})
    tokens, kills = [], 0

    def submit_some(number):
        while len(tokens) < number:
            answer = server.post("/execute-batch", {"language": "bash", "code": f"echo {len(tokens)}", "webhook_url": receiver.url()})
            assert answer.status_code == 202, answer.text
            tokens.append(answer.json()["token"])

    def arrived():
        return {delivery.id for delivery in list(receiver.deliveries) if delivery.status == 204}
    try:
        step = max(count // 20, 40)
        for number in range(step, count + step, step):
            submit_some(min(number, count))
            new = {f"msg_{token}_completed" for token in tokens[-step:]}
            wait_until(lambda: new & arrived(), 120, "the first of them to arrive", pause=0.001)
            server.kill()  # in the middle of the others
            kills += 1
            server.start()
        expected = {f"msg_{token}_completed" for token in tokens}
        wait_until(lambda: arrived() >= expected, 120, f"all {count} to arrive (seed {seed})")
        for token in tokens:
            document = server.get(f"/submissions/{token}").json()
            assert document["status"] == "completed", document
        bodies = {}
        for delivery in list(receiver.deliveries):
            assert delivery.valid()
            assert bodies.setdefault(delivery.id, delivery.body) == delivery.body
        assert set(bodies) == expected
        for index, token in enumerate(tokens):
            assert json.loads(bodies[f"msg_{token}_completed"])["results"][0]["stdout"] == f"{index}\n"
        print(f"{count} submissions, {kills} kills, {len(receiver.deliveries)} tries, {len(arrived())} arrived, 0 lost, "
              f"{sum(delivery.status == 204 for delivery in receiver.deliveries) - count} repeated (seed {seed})")
    finally:
        receiver.close()
