# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end suite: one server on the default configuration for most tests, own servers for the others."""
import resource
import signal

import pytest
from harness import SLOW, Server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Every test has a deadline: @pytest.mark.timeout(seconds), 120 by default."""
    marker = item.get_closest_marker("timeout")
    seconds = (marker.args[0] if marker else 120) * SLOW

    def late(_signal, _frame):
        pytest.fail(f"the test took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its servers logged since it began."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for server in getattr(item, "servers", []):
            report.sections.append(("evalx serve", server.log_text()[getattr(item, "log_mark", 0):][-6000:]))


@pytest.fixture(scope="session", autouse=True)
def many_descriptors():
    """Tests with thousands of connections need as many descriptors on this side; the server inherits the usual limit all the same."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))


@pytest.fixture(scope="session")
def shared_server():
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def server(shared_server, request):
    """The shared server on its default configuration; a test must leave it as it found it: alive."""
    request.node.servers, request.node.log_mark = [shared_server], len(shared_server.log_text())
    assert shared_server.process.poll() is None, f"the server has died:\n{shared_server.log_text()}"
    yield shared_server
    assert shared_server.process.poll() is None, f"the test killed the server:\n{shared_server.log_text()}"


@pytest.fixture
def new_server(request):
    """A factory: new_server(queue_max_depth=1) starts another server, which ends with the test."""
    servers = request.node.servers = []

    def start(**options):
        server = Server(**options)
        servers.append(server)
        return server.start()

    yield start
    problems = []
    for server in servers:
        try:
            server.close()
        except AssertionError as problem:
            problems.append(problem)
    assert not problems, problems
