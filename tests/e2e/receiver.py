# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver for the tests, on a loopback address of its own: a real HTTP server, whose behaviour each test scripts.

`behave(delivery)` returns a status, (status, headers, body), or None to drop the connection without an answer; it may block.
"""
import base64
import hashlib
import hmac
import random
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from dataclasses import dataclass, field

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def own_address():
    """One of 127.0.0.0/8: to evalx a receiver is its host, whatever the port, and the tests of one server are not to share one."""
    return f"127.{random.randrange(1, 250)}.{random.randrange(250)}.{random.randrange(1, 250)}"


def signature(secret, message_id, timestamp, body):
    """What the specification says, written down once more, independently of the program under test."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()).decode()


@dataclass
class Delivery:
    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.time)
    at_monotonic: float = field(default_factory=time.monotonic)
    status: int = 0

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def event(self):
        return self.headers["evalx-event"]

    def valid(self, *secrets):
        """Signed by each of the secrets, in their order."""
        expected = [signature(secret, self.id, self.headers["webhook-timestamp"], self.body) for secret in secrets or [SECRET]]
        return self.headers["webhook-signature"].split(" ") == expected


class Receiver(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, behave=lambda delivery: 204, address=None):
        self.behave, self.deliveries = behave, []
        self.changed = threading.Condition()
        self.connections = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            receiver = self
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                delivery = Delivery(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                self.receiver.take(self, delivery)

            def log_message(self, *arguments):
                pass

        super().__init__((address or own_address(), 0), Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def take(self, handler, delivery):
        answer = self.behave(delivery)
        delivery.status = answer[0] if isinstance(answer, tuple) else answer or 0
        with self.changed:
            self.deliveries.append(delivery)
            self.changed.notify_all()
        if answer is None:
            handler.close_connection = True
            handler.connection.close()
            return
        status, headers, body = answer if isinstance(answer, tuple) else (answer, {}, b"")
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def handle_error(self, request, client_address):
        pass  # a sender that goes away in the middle is what some tests are about

    def url(self, path="/hook"):
        return f"http://{self.server_address[0]}:{self.server_address[1]}{path}"

    def wait(self, count=1, seconds=20, where=lambda delivery: True):
        """The deliveries that fit, once there are so many."""
        def fitting():
            return [delivery for delivery in self.deliveries if where(delivery)]
        with self.changed:
            assert self.changed.wait_for(lambda: len(fitting()) >= count, seconds), \
                f"{len(fitting())} of {count} deliveries in {seconds} s"
            return fitting()

    def close(self):
        self.shutdown()
        self.server_close()
