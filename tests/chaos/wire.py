# SPDX-License-Identifier: Apache-2.0
"""A wire that can be cut: a loopback TCP proxy in a thread of its own. One for each node, so that each is cut off alone."""
import selectors
import socket
import threading

CHUNK = 1 << 16


class Wire:
    """Passes bytes between a port of its own and the target port until it is cut; then all its connections are gone, or stuck."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.state, self.closing = "whole", False
        self.peers, self.selector = {}, selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def cut(self, silently):
        """No byte passes any more. silently: connections stay open, as when a cable is pulled; otherwise they are closed, and refused."""
        with self.lock:
            self.state = "silent" if silently else "cut"

    def mend(self):
        with self.lock:
            self.state = "whole"

    def close(self):
        self.closing = True
        self.thread.join()

    def _drop(self, end):
        other = self.peers.pop(end, None)
        if other is None:
            return
        del self.peers[other]
        for one in (end, other):
            self.selector.unregister(one)
            one.close()

    def _accept(self, state):
        client, _ = self.listener.accept()
        if state == "cut":
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=1)
        except OSError:
            client.close()
            return
        for end, other in ((client, server), (server, client)):
            end.settimeout(2)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers[end] = other
            self.selector.register(end, selectors.EVENT_READ)

    def _pass(self, end):
        try:
            data = end.recv(CHUNK)
            if data:
                self.peers[end].sendall(data)
                return
        except OSError:
            pass
        self._drop(end)

    def _run(self):
        while not self.closing:
            with self.lock:
                state = self.state
            if state == "cut":
                for end in list(self.peers):
                    self._drop(end)
            if state == "silent":
                # Nothing is read; what is sent piles up in the kernel and passes, late, when the wire is mended.
                threading.Event().wait(0.02)
                continue
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self._accept(state)
                elif key.fileobj in self.peers:
                    self._pass(key.fileobj)
        for end in list(self.peers):
            self._drop(end)
        self.selector.close()
        self.listener.close()
