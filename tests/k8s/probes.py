# SPDX-License-Identifier: Apache-2.0
"""Startup, readiness and liveness probes, done for real and counted as a kubelet counts them."""
import contextlib
import http.client
import socket
import ssl
import time

NO_CHECK = ssl._create_unverified_context()  # noqa: SLF001  as kubelets do it


class Probe:
    def __init__(self, spec, container, initially):
        self.spec, self.container = spec, container
        self.result, self.streak = initially, 0  # streak: of answers unlike result
        self.due = time.monotonic() + spec.get("initialDelaySeconds", 0)

    def ask(self):
        """The answer when it is time to probe, else None."""
        if time.monotonic() < self.due:
            return None
        answer = self._ask()
        self.due = time.monotonic() + self.spec.get("periodSeconds", 10)
        return answer

    def check(self):
        """Probes when it is time. True when the result has changed."""
        answer = self.ask()
        if answer is None:
            return False
        self.streak = 0 if answer == self.result else self.streak + 1
        if answer == self.result or self.streak < self.spec.get("successThreshold" if answer else "failureThreshold", 1 if answer else 3):
            return False
        self.result, self.streak = answer, 0
        return True

    def _ask(self):
        seconds = self.spec.get("timeoutSeconds", 1)
        if "exec" in self.spec:
            return self.container.execute(self.spec["exec"]["command"], seconds)
        if "tcpSocket" in self.spec:
            with contextlib.suppress(OSError), socket.create_connection((self.container.address, self._port("tcpSocket")), seconds):
                return True
            return False
        return self._get(self.spec["httpGet"], seconds)

    def _port(self, kind):
        port = self.spec[kind]["port"]
        if isinstance(port, int):
            return port
        return next(one["containerPort"] for one in self.container.spec.get("ports", []) if one.get("name") == port)

    def _get(self, spec, seconds):
        address = (self.container.address, self._port("httpGet"))
        secure = spec.get("scheme", "HTTP") == "HTTPS"
        link = http.client.HTTPSConnection(*address, timeout=seconds, context=NO_CHECK) if secure else http.client.HTTPConnection(
            *address, timeout=seconds)
        try:
            link.request("GET", spec.get("path", "/"), headers={"User-Agent": "evalx-rig-probe", "Connection": "close"})
            return 200 <= link.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()


class Probes:
    """Those of one container."""

    def __init__(self, container):
        spec = container.spec
        self.failures = 0  # of the startup probe
        self.startup = Probe(spec["startupProbe"], container, False) if "startupProbe" in spec else None
        self.readiness = Probe(spec["readinessProbe"], container, False) if "readinessProbe" in spec else None
        self.liveness = Probe(spec["livenessProbe"], container, True) if "livenessProbe" in spec else None

    def started(self):
        return self.startup is None or self.startup.result

    def ready(self):
        return self.started() and (self.readiness is None or self.readiness.result)

    def check(self):
        """Probes what is due. "failed" when the container is to be ended, "changed" when its readiness is another."""
        if not self.started():
            answer = self.startup.ask()
            self.startup.result = bool(answer)
            self.failures += answer is False
            return "failed" if self.failures >= self.startup.spec.get("failureThreshold", 3) else "changed" if answer else None
        if self.liveness and self.liveness.check() and not self.liveness.result:
            return "failed"
        return "changed" if self.readiness and self.readiness.check() else None

    def pause(self):
        """Seconds until there is something to do."""
        if not self.started():
            return max(0, self.startup.due - time.monotonic())
        dues = [probe.due for probe in (self.readiness, self.liveness) if probe]
        return max(0, min(dues) - time.monotonic()) if dues else 1
