# SPDX-License-Identifier: Apache-2.0
"""HTTP spoken by people who mean harm, over raw sockets: one request in, one answer out, and the connection closed after anything
that two parsers could read in two ways. Every test ends with the server answering an honest client."""
import contextlib
import json
import random
import socket
import struct
import time

import pytest
from harness import SLOW, Server, read_answers, wait_until

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
BODY = json.dumps({"language": "python", "code": "print(1)", "test_cases": [{}]}).encode()
SMUGGLED = b"GET /languages HTTP/1.1\r\n" + HOST + b"\r\n"


def post(headers, body=BODY):
    return b"POST /execute-batch HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + headers + b"\r\n" + body


def length(body=BODY):
    return b"Content-Length: %d\r\n" % len(body)


@pytest.fixture(autouse=True)
def still_serves(server):
    """Whatever a test did: afterwards an honest client is served, quickly."""
    yield
    started = time.monotonic()
    assert server.get("/healthz", timeout=10).status_code == 200
    assert time.monotonic() - started < 5 * SLOW


def refused(server, data, statuses=(400,), half_close=False):
    """Exactly one answer, a problem with one of these statuses, then the connection is closed; nothing of the rest is served."""
    started = time.monotonic()
    answers, closed = server.raw(data, half_close=half_close)
    assert len(answers) == 1, answers
    assert answers[0].status in statuses, answers
    assert answers[0].headers["content-type"].startswith("application/problem+json"), answers
    assert answers[0].json()["status"] == answers[0].status
    assert closed, "the connection was left open"
    assert time.monotonic() - started < 10 * SLOW
    return answers[0]


# ---- framing: where does a request end? ----

@pytest.mark.parametrize("headers", [
    b"Content-Length: 5\r\nContent-Length: 100\r\n",
    b"Content-Length: 100\r\nContent-Length: 5\r\n",
    length() + length(),  # twice the same is refused too
    b"Content-Length: 5, 5\r\n", b"Content-Length: 5,6\r\n", b"Content-Length: -5\r\n", b"Content-Length: +5\r\n", b"Content-Length: 0x5\r\n",
    b"Content-Length: 5 5\r\n", b"Content-Length: 5a\r\n", b"Content-Length: \r\n", b"Content-Length: five\r\n", b"Content-Length: 1e1\r\n",
    b"Content-Length: 5.0\r\n", b"Content-Length: \"5\"\r\n",
    length() + b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\n" + length(),
    b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n", b"Transfer-Encoding:\r\n", b"Transfer-Encoding: \"chunked\"\r\n",
    b"Content-Length : 5\r\n", b"Content-Length\t: 5\r\n", b"Transfer-Encoding : chunked\r\n", b" Content-Length: 5\r\n",
    b"X-A: b\r\n Content-Length: 5\r\n", b"X-A: b\r\n\tfolded\r\n", b"X-A: b\r\n \r\n", b"Content-Length:\r\n 5\r\n",
    b"X A: b\r\n", b"X\tA: b\r\n", b": b\r\n", b"no colon here\r\n", b"X-(A): b\r\n", b"X-A\x00: b\r\n", b"X-\x80: b\r\n", b"X-A: b\x00c\r\n",
    b"X-A: b\rc: d\r\n", b"X-A: b\x01c\r\n", b"X-A: b\x7f\r\n", b"@: b\r\n", b"X[A]: b\r\n",
], ids=repr)
def test_ambiguous_or_malformed_headers(server, headers):
    refused(server, post(headers, BODY + SMUGGLED), (400, 501) if b"Transfer" in headers else (400,))


@pytest.mark.parametrize("number", [b"9223372036854775808", b"18446744073709551616", b"18446744073709551621", b"99999999999999999999999999"])
def test_content_length_that_overflows(server, number):
    refused(server, post(b"Content-Length: " + number + b"\r\n", BODY + SMUGGLED), (400, 413))


def test_content_length_over_the_limit_is_refused_before_the_body(server):
    refused(server, post(b"Content-Length: 16777217\r\n", b""), (413,))


def test_a_body_without_a_length(server):
    """It has none; what follows is another request, and a malformed one."""
    answers, closed = server.raw(post(b"", b"") + BODY + b"\r\n\r\n")
    assert answers and all(answer.status in (400, 411, 415) for answer in answers) and closed, answers


@pytest.mark.parametrize("chunks", [
    b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5 5\r\nhello\r\n0\r\n\r\n", b"g\r\n", b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"ffffffffffffffffff\r\nx", b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"7fffffffffffffff\r\nx", b"+5\r\nhello\r\n0\r\n\r\n", b"5;" + b"x" * 100000 + b"\r\nhello\r\n0\r\n\r\n", b"0" * 100000 + b"5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", b"0\r\nTransfer-Encoding: x\r\n\r\n", b"5\rhello\r0\r\r",
], ids=lambda data: repr(data[:40]))
def test_malformed_chunks(server, chunks):
    answers, closed = server.raw(post(b"Transfer-Encoding: chunked\r\n", chunks + SMUGGLED))
    assert len(answers) == 1 and answers[0].status in (400, 413, 431) and closed, answers


def test_chunked_body_over_the_limit(server):
    """Nobody announced 17 MiB: they are counted as they come."""
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    refused(server, post(b"Transfer-Encoding: chunked\r\n", chunk * 17 + b"0\r\n\r\n"), (413,))


def test_well_formed_chunks_are_one_request(server):
    body = b"".join(b"%x;ext=1\r\n%c\r\n" % (1, byte) for byte in BODY) + b"0\r\nX-Trailer: fine\r\n\r\n"
    answers, closed = server.raw(post(b"Transfer-Encoding: Chunked\r\nConnection: close\r\n", body))
    assert [answer.status for answer in answers] == [202] and closed
    body = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in BODY) + b"0\r\n\r\n"
    answers, closed = server.raw(post(b"Transfer-Encoding: chunked\r\nConnection: close\r\n", body))
    assert [answer.status for answer in answers] == [202] and closed


def test_get_with_a_body_does_not_smuggle(server):
    request = GET + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED
    answers, _ = server.raw(request + GET + b"Connection: close\r\n\r\n")
    assert [answer.status for answer in answers] in ([200, 200], [400], [413]), answers
    assert all(b"languages" not in answer.body for answer in answers)


# ---- request line and path ----

@pytest.mark.parametrize("line", [
    b"GET /healthz\r\n", b"GET  /healthz HTTP/1.1\r\n", b"GET /healthz  HTTP/1.1\r\n", b"GET /healthz HTTP/1.1 \r\n", b" GET /healthz HTTP/1.1\r\n",
    b"GET /healthz HTTP/2.0\r\n", b"GET /healthz HTTP/1.10\r\n", b"GET /healthz HTTP/11\r\n", b"GET /healthz http/1.1\r\n", b"GET /healthz XTTP/1.1\r\n",
    b"GET /healthz HTTP/0.9\r\n", b"GET /healthz HTTP/1.\r\n", b"GET\t/healthz\tHTTP/1.1\r\n", b"G\x00ET /healthz HTTP/1.1\r\n", b"GET healthz HTTP/1.1\r\n",
    b"GET /hea lthz HTTP/1.1\r\n", b"GET /healthz\x00 HTTP/1.1\r\n", b"GET /healthz\x00/x HTTP/1.1\r\n", b"GET /healthz%00 HTTP/1.1\r\n",
    b"GET /healthz%00.json HTTP/1.1\r\n", b"GET /healthz\x7f HTTP/1.1\r\n", b"GET /healthz\xff HTTP/1.1\r\n", b"GET /%2e%2e/healthz HTTP/1.1\r\n",
    b"GET /../healthz HTTP/1.1\r\n", b"GET /x/../healthz HTTP/1.1\r\n", b"GET /./healthz HTTP/1.1\r\n", b"GET //healthz HTTP/1.1\r\n",
    b"GET /%2E./healthz HTTP/1.1\r\n", b"GET /healthz%2 HTTP/1.1\r\n", b"GET /healthz%zz HTTP/1.1\r\n", b"GET /healthz?x=%00 HTTP/1.1\r\n",
    b"GET http://[::1 HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-OpenSSH_9.2\r\n",
    b"get /healthz HTTP/1.1\r\n", b"GET /healthz#fragment HTTP/1.1\r\n",
], ids=repr)
def test_malformed_request_lines(server, line):
    """Refused: 400 (404, 405, 501 and 505 are true words about some of them), never 200."""
    answers, closed = server.raw(line + HOST + b"\r\n", half_close=True)
    assert len(answers) <= 1 and closed, answers
    if answers:
        assert answers[0].status in (400, 404, 405, 501, 505), answers
        assert answers[0].headers["content-type"].startswith("application/problem+json")
    else:
        assert b"HTTP/1." not in line, "no answer to something that looks like HTTP"


@pytest.mark.parametrize("path", [b"/healthz/%2e%2e/version", b"/submissions/..", b"/submissions/%2e%2e", b"/submissions/a%2fb", b"/submissions/a%20b",
                                  b"/submissions/%C3%BC", b"/submissions/" + b"a" * 65, b"/healthz;x=y", b"/healthz%2f", b"/healthz%3f", b"/%68ealthz%00",
                                  b"/submissions/a.b", b"/submissions/a'b"])
def test_paths_match_exactly_or_not_at_all(server, path):
    answers, _ = server.raw(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert len(answers) == 1 and answers[0].status in (400, 404), answers


@pytest.mark.parametrize("method, statuses", [(b"TRACE", (400, 405, 501)), (b"CONNECT", (400, 405, 501)), (b"BREW", (400, 405, 501)), (b"PROPFIND", (400, 405, 501)),
                                              (b"X" * 1000, (400, 405, 431, 501))])
def test_unusual_methods(server, method, statuses):
    answers, _ = server.raw(method + b" /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert len(answers) == 1 and answers[0].status in statuses, answers


def test_no_method_override(server):
    answers, _ = server.raw(GET + b"X-HTTP-Method-Override: DELETE\r\nX-Method-Override: POST\r\nConnection: close\r\n\r\n")
    assert [answer.status for answer in answers] == [200]


# ---- Host ----

@pytest.mark.parametrize("hosts", [b"", HOST + HOST, HOST + b"Host: other\r\n", b"Host: a\r\nhost: a\r\n", b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: a\x00b\r\n",
                                   b"Host: a,b\r\n", b"Host: @\r\n"], ids=repr)
def test_host_must_be_there_once_and_be_one(server, hosts):
    refused(server, b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")


def test_http_1_0_needs_no_host_and_closes(server):
    answers, closed = server.raw(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert [answer.status for answer in answers] == [200] and closed


# ---- sizes ----

def test_long_request_line(server):
    refused(server, b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (414, 431))
    refused(server, b"GET /healthz?" + b"a=b&" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (414, 431))


def test_long_header(server):
    refused(server, GET + b"X-Long: " + b"a" * 65536 + b"\r\n\r\n", (431,))
    refused(server, GET + b"X" * 65536 + b": a\r\n\r\n", (431,))


def test_many_headers(server):
    refused(server, GET + b"".join(b"X-%d: y\r\n" % i for i in range(2000)) + b"\r\n", (431,))
    refused(server, GET + b"X:\r\n" * 5000 + b"\r\n", (431,))


def test_endless_headers(server):
    """A client that never stops sending headers is cut off within seconds (a moment is left to read its answer)."""
    line = b"X-Endless: %s\r\n" % (b"y" * 1000)
    with server.connect() as connection:
        connection.sendall(GET)
        deadline = time.monotonic() + 15 * SLOW
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                connection.sendall(line)


# ---- pipelining and order ----

def test_pipelined_requests_are_answered_in_order(server):
    requests = b"".join(b"GET %s HTTP/1.1\r\n" % path + HOST + b"\r\n" for path in (b"/healthz", b"/nothing", b"/version"))
    answers, closed = server.raw(requests + GET + b"Connection: close\r\n\r\n")
    assert [answer.status for answer in answers] == [200, 404, 200, 200] and closed
    assert "version" in answers[2].json()


def test_nothing_after_close_is_served(server):
    answers, closed = server.raw(GET + b"Connection: close\r\n\r\n" + SMUGGLED * 3)
    assert len(answers) == 1 and closed


def test_nothing_after_an_error_is_served(server):
    answers, closed = server.raw(b"GET /healthz HTTP/1.1\r\n\r\n" + SMUGGLED * 3)
    assert [answer.status for answer in answers] == [400] and closed


def test_a_slow_answer_holds_back_the_later_ones(server):
    body = json.dumps({"language": "python", "code": "import time; time.sleep(0.5); print(1)", "stdin": ""}).encode()
    first = b"POST /execute HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + length(body) + b"\r\n" + body
    answers, _ = server.raw(first + GET + b"Connection: close\r\n\r\n", timeout=60)
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json()["status"] == "completed" and "token" not in answers[1].json()


def test_many_pipelined_requests(server):
    answers, _ = server.raw((GET + b"\r\n") * 500 + GET + b"Connection: close\r\n\r\n", timeout=60)
    assert [answer.status for answer in answers] == [200] * 501


def test_a_request_byte_by_byte(server):
    with server.connect() as connection:
        for byte in post(length() + b"Connection: close\r\n"):
            connection.sendall(bytes([byte]))
        answers, closed = read_answers(connection)
    assert [answer.status for answer in answers] == [202] and closed


def test_leading_empty_lines_do_not_confuse(server):
    answers, _ = server.raw(b"\r\n\r\n" + GET + b"Connection: close\r\n\r\n")
    assert [answer.status for answer in answers] in ([200], [400])


@pytest.mark.parametrize("newline", [b"\n", b"\r"])
def test_other_line_ends(server, newline):
    """A bare LF is read as a line end or refused, a bare CR is refused; never two answers."""
    request = (GET + b"Content-Length: 0\r\nConnection: close\r\n\r\n").replace(b"\r\n", newline)
    answers, closed = server.raw(request + SMUGGLED, half_close=True)
    assert len(answers) == 1 and closed
    assert answers[0].status in ((200, 400) if newline == b"\n" else (400,))


# ---- Expect ----

def test_expect_continue(server):
    with server.connect() as connection:
        connection.sendall(post(length() + b"Expect: 100-continue\r\nConnection: close\r\n", b""))
        answers, _ = read_answers(connection, count=1)
        assert [answer.status for answer in answers] == [100]
        connection.sendall(BODY)
        answers, closed = read_answers(connection)
    assert [answer.status for answer in answers] == [202] and closed


def test_expect_continue_is_refused_by_size_and_by_type(server):
    refused(server, post(b"Content-Length: 999999999\r\nExpect: 100-continue\r\n", b""), (413,))


def test_other_expectations(server):
    answers, _ = server.raw(post(length() + b"Expect: 200-maybe\r\nConnection: close\r\n"))
    assert len(answers) == 1 and answers[0].status in (202, 400, 417)


# ---- time ----

def drip(connection, data, pause, deadline):
    """Sends a byte every pause seconds until the other side ends it; returns how long that took, or None after deadline."""
    started = time.monotonic()
    connection.settimeout(pause)
    position = 0
    while time.monotonic() - started < deadline:
        try:
            connection.sendall(data[position % len(data):position % len(data) + 1])
            position += 1
            received = connection.recv(65536)
            if not received:
                return time.monotonic() - started
        except TimeoutError:
            continue
        except ConnectionError:
            return time.monotonic() - started
    return None


def closes(connection, seconds):
    """True when the server ends the connection within so many seconds."""
    connection.settimeout(seconds * SLOW)
    try:
        while connection.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@pytest.fixture(scope="module")
def hasty():
    """A server whose deadlines are one second, so that tests of deadlines do not take half a minute."""
    server = Server(api_header_timeout="1s", api_body_timeout="1s", api_body_min_rate="1KiB", api_idle_timeout="1s", api_write_timeout="1s")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.mark.parametrize("start", [b"", GET + b"X-Slow: ", b"GET /"], ids=["nothing", "header", "path"])
def test_slow_headers_have_a_total_deadline(hasty, start):
    """A byte now and then does not extend it."""
    with hasty.connect() as connection:
        connection.sendall(start)
        taken = drip(connection, b"a", 0.1, 10 * SLOW)
    assert taken is not None and 0.5 < taken < 4 * SLOW


def test_slow_bodies_have_a_total_deadline(hasty):
    with hasty.connect() as connection:
        connection.sendall(post(b"Content-Length: 100000\r\n", b"{"))
        taken = drip(connection, b" ", 0.1, 10 * SLOW)
    assert taken is not None and 0.5 < taken < 4 * SLOW


def test_a_body_that_keeps_its_rate_may_take_longer(hasty):
    """32 KiB at 16 KiB a second: past the deadline of one second, but much faster than it must be."""
    body = BODY + b" " * (32768 - len(BODY))
    with hasty.connect() as connection:
        connection.sendall(post(length(body) + b"Connection: close\r\n", b""))
        started = time.monotonic()
        for position in range(0, len(body), 1024):
            due = started + position / 16384  # paces the sending itself; nothing is awaited here
            while time.monotonic() < due:
                time.sleep(0.005)
            connection.sendall(body[position:position + 1024])
        answers, closed = read_answers(connection)
    assert time.monotonic() - started > 1.5
    assert [answer.status for answer in answers] == [202] and closed


def test_an_idle_connection_is_closed(hasty):
    with hasty.connect() as connection:
        assert closes(connection, 5)


def test_a_kept_alive_connection_is_closed_when_idle(hasty):
    with hasty.connect() as connection:
        connection.sendall(GET + b"\r\n")
        answers, closed = read_answers(connection, count=1)
        assert answers[0].status == 200 and not closed
        assert closes(connection, 5)


def test_a_client_that_never_reads_is_closed(hasty):
    with hasty.connect(timeout=0.5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deadline = time.monotonic() + 15 * SLOW
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                with contextlib.suppress(TimeoutError):
                    connection.sendall(b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n")
    assert hasty.get("/healthz").status_code == 200


def test_default_header_deadline(server):
    """On the default configuration too, headers have to arrive within seconds."""
    with server.connect() as connection:
        connection.sendall(GET + b"X-Slow: ")
        taken = drip(connection, b"a", 0.5, 25)
    assert taken is not None and 3 < taken < 15


def test_slow_clients_do_not_hold_up_others(server):
    connections = [server.connect() for _ in range(200)]
    try:
        for connection in connections:
            connection.sendall(post(b"Content-Length: 1000\r\n", b"{"))
        for _ in range(20):
            started = time.monotonic()
            assert server.get("/healthz", timeout=10).status_code == 200
            assert time.monotonic() - started < 1 * SLOW
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_never_reads_does_not_hold_up_others(server):
    """It asks for a large answer again and again and reads nothing: the server must neither block nor pile up answers."""
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(server.connect())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError, ConnectionError):
                for _ in range(300):
                    connection.sendall((b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 20)
        started = time.monotonic()
        assert server.get("/healthz", timeout=10).status_code == 200
        assert time.monotonic() - started < 2 * SLOW


# ---- connections ----

def test_half_closed_connection_is_still_answered(server):
    answers, closed = server.raw(GET + b"\r\n", half_close=True)
    assert [answer.status for answer in answers] == [200] and closed


def test_connections_cut_off_anywhere(server):
    """Resets in the middle of everything, and clients that leave before their answer."""
    request = post(length())
    for cut in range(0, len(request) + 1, 7):
        with server.connect() as connection:
            connection.sendall(request[:cut])
            if cut % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_clients_that_leave_while_waiting(server):
    body = json.dumps({"language": "python", "code": "import time; time.sleep(1)", "stdin": ""}).encode()
    request = b"POST /execute HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + length(body) + b"\r\n" + body
    for _ in range(10):
        with server.connect() as connection:
            connection.sendall(request)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.run("bash", "echo on", [{"expected_output": "on"}])["verdict"] == "accepted"


def test_connection_limit(new_server):
    """More connections than api.max_connections: the others are turned away at once, those it has go on, and room comes back."""
    server = new_server(api_max_connections=50)
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(server.connect()) for _ in range(50 - 1)]  # readiness may have left one open
        more = [stack.enter_context(server.connect()) for _ in range(20)]
        turned_away = sum(closes_or_refuses(connection) for connection in more)
        assert turned_away >= 19
        kept[0].sendall(GET + b"\r\n")
        answers, _ = read_answers(kept[0], count=1)
        assert [answer.status for answer in answers] == [200]
    wait_until(lambda: serves(server), 30, "the server to serve again")


def closes_or_refuses(connection):
    """Closed without a word, or with one 503 or 429."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(GET + b"\r\n")
    answers, closed = read_answers(connection, timeout=5 * SLOW)
    return closed and [answer.status for answer in answers] in ([], [503], [429])


def test_connection_limit_per_address(new_server):
    server = new_server(api_max_connections_per_ip=10)
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(server.connect(source="127.0.0.9")) for _ in range(15)]
        assert sum(closes_or_refuses(connection) for connection in many[10:]) == 5
        other = stack.enter_context(server.connect(source="127.0.0.10"))
        other.sendall(GET + b"\r\n")
        assert [answer.status for answer in read_answers(other, count=1)[0]] == [200]


def test_ten_thousand_connections(new_server):
    """Far more than the default limit: the server survives, also where descriptors run out, and serves again when they are gone."""
    server = new_server()
    with contextlib.ExitStack() as stack:
        opened = 0
        with contextlib.suppress(OSError):
            for i in range(10000):
                stack.enter_context(server.connect(source=f"127.0.1.{i % 200 + 1}", timeout=5 * SLOW))
                opened += 1
        assert opened > 4096
        assert server.process.poll() is None
    wait_until(lambda: serves(server), 30, "the server to serve again")


def serves(server):
    try:
        return server.get("/healthz", timeout=2).status_code == 200
    except (OSError, AssertionError):
        return False


def test_answers_never_reflect_input_in_headers(server):
    for path in (b"/x%0d%0aSet-Cookie:%20a=b", b"/healthz?x=%0d%0aX-Injected:%201", b"/submissions/%0d%0aX-Injected"):
        answers, _ = server.raw(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Origin: http://x%0d%0ay\r\nConnection: close\r\n\r\n")
        assert len(answers) == 1
        assert not {"set-cookie", "x-injected"} & set(answers[0].headers)


def test_the_log_stays_one_json_object_a_line(new_server):
    """Control bytes and line ends that come from outside are escaped; neither source code nor tokens are logged at the default level."""
    server = new_server()
    server.raw(b"GET /a\x1b[31m HTTP/1.1\r\n" + HOST + b"\r\n")
    server.raw(b"GET /%0a{\"level\":\"fake\"} HTTP/1.1\r\n" + HOST + b"User-Agent: x\x08\r\n\r\n")
    server.get("/x%0a%1b[2J")
    document = server.run("python", "print('secret-source-text')  # secret-source-text")
    assert document["verdict"] == "accepted"
    for line in server.log_lines():
        assert isinstance(line, dict) and line.get("level") != "fake"
    assert "secret-source-text" not in server.log_text()
    assert "\x1b" not in server.log_text() and "\x08" not in server.log_text()


def test_random_garbage(server):
    """Two hundred connections of seeded noise, some of it shaped like HTTP."""
    chance = random.Random(20)
    pieces = [b"GET ", b"POST ", b"/", b"/execute-batch", b" HTTP/1.1\r\n", b"\r\n", HOST, b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"5\r\n", b"0\r\n\r\n",
              b"\x00", b"{", b"\xff\xfe", b": ", b"Connection: keep-alive\r\n", b"99999", b"Expect: 100-continue\r\n", b" "]
    for _ in range(200):
        noise = b"".join(chance.choice(pieces) if chance.random() < 0.8 else chance.randbytes(chance.randrange(30)) for _ in range(chance.randrange(1, 30)))
        with server.connect() as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
            answers, closed = read_answers(connection, timeout=10)
            assert closed, noise
            assert all(400 <= answer.status < 600 for answer in answers if answer.status != 100), (noise, answers)
