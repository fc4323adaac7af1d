# SPDX-License-Identifier: Apache-2.0
"""Large submissions do not hold up small ones."""
import time

from harness import wait_until

SLEEPER = "#include <unistd.h>\nint main(void) { usleep(20000); return 0; }\n"


def done_of(server, token):
    return len([result for result in server.get(f"/submissions/{token}").json()["results"] if result])


def test_a_thousand_cases_do_not_hold_up_a_small_submission(new_server):
    """One slot, at work for at least 20 s; each small one is through long before."""
    server = new_server(slots=1)
    big = server.submit({"language": "c", "code": SLEEPER, "test_cases": [{}] * 1000})
    wait_until(lambda: done_of(server, big) >= 3, what="the big one to be under way")
    for number in range(3):
        began, done = time.monotonic(), done_of(server, big)
        document = server.run("bash", f"echo {number}", [{"expected_output": str(number)}] * 5)
        assert document["verdict"] == "accepted", document
        passed = done_of(server, big) - done
        # Each takes turns with it; and the big one goes on meanwhile.
        assert 1 <= passed < 200, f"{passed} of the big one's cases in {time.monotonic() - began:.1f} s"
    assert server.get(f"/submissions/{big}").json()["status"] == "running"
    assert server.delete(f"/submissions/{big}").status_code == 200


def test_several_large_ones_and_a_small_one(new_server):
    server = new_server(slots=1)
    big = [server.submit({"language": "c", "code": SLEEPER, "test_cases": [{}] * 1000}) for _ in range(4)]
    wait_until(lambda: all(done_of(server, token) >= 1 for token in big), 30, "all of them to be under way at once")
    document = server.run("bash", "echo 1", [{"expected_output": "1"}])
    assert document["verdict"] == "accepted", document
    assert all(server.get(f"/submissions/{token}").json()["status"] == "running" for token in big)
    for token in big:
        server.delete(f"/submissions/{token}")
