# SPDX-License-Identifier: Apache-2.0
"""Checkers that are programs: testlib's conventions, whose fault is what, and nothing hostile gets further than its own verdict."""
import time
from pathlib import Path

import pytest
from harness import children_of, wait_until

SHOW = "import sys; i, o, a = (open(name).read() for name in sys.argv[1:4]); print(repr((i, o, a)), file=sys.stderr)"


def check(server, code, language="python", program="cat", tests=None, **fields):
    checker = {"type": "program", "language": language, "code": code, **fields.pop("checker", {})}
    return server.run("bash", program, tests=tests or [{"stdin": "in", "expected_output": "answer"}], checker=checker, **fields)


def one(server, code, **fields):
    result = check(server, code, **fields)["results"][0]
    return result["verdict"], result["message"]


def test_it_sees_input_output_and_answer(server):
    verdict, message = one(server, SHOW, program="cat; echo !")
    assert (verdict, message) == ("accepted", repr(("in", "in!\n", "answer")))


def test_without_input_and_expected_output_the_files_are_empty(server):
    assert one(server, SHOW, program=":", tests=[{}]) == ("accepted", repr(("", "", "")))


@pytest.mark.parametrize("code, verdict, message", [(0, "accepted", "words"), (1, "wrong_answer", "words"), (2, "wrong_answer", "presentation error: words"),
                                                    (3, "internal_error", "the checker failed: exited with code 3: words"),
                                                    (42, "internal_error", "the checker failed: exited with code 42: words")])
def test_exit_codes(server, code, verdict, message):
    assert one(server, f"echo words >&2; exit {code}", language="bash") == (verdict, message)


@pytest.mark.parametrize("points, verdict", [("12.5", "accepted"), ("0", "wrong_answer")])
def test_points(server, points, verdict):
    result = check(server, f"echo points {points} some >&2; exit 7", language="bash")["results"][0]
    assert (result["verdict"], result["points"], result["message"]) == (verdict, float(points), f"points {points} some")


def test_a_checker_in_cpp_with_a_header_is_compiled_once(server):
    """Each of many cases has its own verdict; the second submission finds the checker compiled."""
    unique = f"// {time.time_ns()}\n"
    code = unique + """#include "lib.h"
int main(int argc, char **argv) {
    if (argc != 4) return 3;
    long long in = number(argv[1]), out = number(argv[2]);
    if (out * out == in) return 0;
    fprintf(stderr, "%lld squared is not %lld", out, in);
    return 1;
}
"""
    header = '#include <cstdio>\nstatic long long number(const char *name) { long long n = -1; FILE *f = fopen(name, "r"); if (!f || fscanf(f, "%lld", &n) != 1) n = -7; return n; }\n'
    tests = [{"stdin": str(n * n)} for n in range(10)] + [{"stdin": "10"}]
    program = "import math; print(-math.isqrt(int(input())))"  # negative roots are as good: no comparison would say so
    checker = {"type": "program", "language": "c++", "code": code, "files": [{"name": "lib.h", "content": header}], "compiler_options": ["-O1"]}
    for _ in range(2):
        document = server.run("python", program, tests=tests, checker=checker)
        assert [result["verdict"] for result in document["results"]] == ["accepted"] * 10 + ["wrong_answer"], document
        assert document["results"][10]["message"] == "-3 squared is not 10"
    assert document["timings"]["compile_ms"] < 100 or document["compile"] is None


def test_it_judges_only_runs_that_ended_well(server):
    document = check(server, "exit 0", language="bash", program="read x; exit $x", tests=[{"stdin": "0\n"}, {"stdin": "5\n"}])
    assert [result["verdict"] for result in document["results"]] == ["accepted", "runtime_error"]
    assert document["results"][1]["message"] == "exited with code 5"


def test_it_sees_output_that_is_cut_in_the_result(server):
    code = "import sys; n = len(open(sys.argv[2]).read()); sys.exit(n != 5_000_000)"
    document = check(server, code, program="head -c 5000000 /dev/zero", limits={"output_kb": 8192})
    assert document["verdict"] == "accepted"
    assert document["results"][0]["truncated"] is True


def test_a_checker_that_does_not_compile(server):
    document = check(server, "int main() { retrun 0; }", language="cpp", tests=[{}, {}])
    assert (document["status"], document["verdict"]) == ("completed", "internal_error")
    for result in document["results"]:
        assert result["verdict"] == "internal_error"
        assert result["message"].startswith("the checker does not compile: ") and "retrun" in result["message"]


def test_a_program_that_does_not_compile_needs_no_checker(server):
    document = server.run("c", "int main(void) { retrun 0; }", checker={"type": "program", "language": "bash", "code": "exit 0"})
    assert document["verdict"] == "compilation_error"


def test_stopping_at_the_first_failure(server):
    tests = [{"stdin": "0"}, {"stdin": "1"}, {"stdin": "0"}]
    document = check(server, 'exit $(cat "$1")', language="bash", program="cat", tests=tests, stop_on_first_failure=True)
    assert [result["verdict"] for result in document["results"]] == ["accepted", "wrong_answer", "skipped"]


@pytest.mark.parametrize("checker, field", [({"language": "klingon", "code": "x"}, "checker.language"), ({"language": "cpp", "version": "99", "code": "x"}, "checker.version"), ({"code": "x"}, "checker.language"),
                                            ({"language": "cpp", "code": "x", "compiler_options": ["-fplugin=x"]}, "checker.compiler_options[0]"), ({"language": "cpp"}, "checker.code")])
def test_mistakes_name_their_field(server, checker, field):
    answer = server.post("/execute-batch", {"language": "bash", "code": ":", "checker": {"type": "program", **checker}})
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    answer = server.post("/execute-batch", [{"language": "bash", "code": ":", "checker": {"type": "program", **checker}}])
    assert [error["field"] for error in answer.json()["errors"]] == [f"[0].{field}"]


# ---- hostile ones ----

def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("code, found", [
    ("while :; do :; done", "CPU time limit"), ("yes", "output limit"), ("yes >&2", "output limit"), ("kill -SEGV $$", "SIGSEGV"), ("x=x; while :; do x=$x$x; done", "memory limit"),
])
def test_a_checker_that_misbehaves_is_the_checkers_failure(server, code, found):
    verdict, message = one(server, code, language="bash")
    assert verdict == "internal_error"
    assert message.startswith("the checker failed: ") and found in message
    assert len(message) < 1200


def test_a_fork_bomb_as_checker(server):
    verdict, message = one(server, "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    assert verdict == "internal_error" and message.startswith("the checker failed: ")
    assert one(server, "exit 0", language="bash") == ("accepted", None)


def test_a_checker_cannot_change_what_it_is_given_nor_leave_anything(server):
    code = """import os, sys
if sorted(os.listdir("/proc/self/fd")) != list("0123456"): sys.exit("more descriptors")  # 6 is the folder itself
for name in sys.argv[1:4]:
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try:
            os.write(os.open(name, flags), b"x")
            sys.exit(f"wrote to {name}")
        except OSError:
            pass
for number in (3, 4, 5):
    for change in (lambda: os.ftruncate(number, 0), lambda: os.write(number, b"x")):
        try:
            change()
            sys.exit(f"changed {number}")
        except OSError:
            pass
open("/tmp/left", "w").write("x")
print(open(sys.argv[2]).read(), file=sys.stderr)
"""
    document = check(server, code, program="ls /tmp; cat", tests=[{"stdin": "in"}] * 4)
    assert {(result["verdict"], result["message"]) for result in document["results"]} == {("accepted", "in")}, document


def test_the_program_does_not_see_the_checker(server):
    """Nor its code, nor the expected output: the checker's files are in another run's box."""
    secret = "the-secret-answer"
    program = "grep -rs the-secret /artifact /box /tmp /proc/self/fd 2>/dev/null; ls /proc/self/fd | wc -l"
    document = check(server, f"# {secret}\nexit 0", language="bash", program=program, tests=[{"expected_output": secret}])
    assert secret not in document["results"][0]["stdout"]


def test_a_submission_can_be_cancelled_while_its_checker_runs(server):
    token = server.submit({"language": "bash", "code": ":", "test_cases": [{}], "checker": {"type": "program", "language": "bash", "code": "sleep 15; exit 0"}})
    before = time.monotonic()
    wait_until(lambda: any(b"sleep\0" in command_of(pid) for pid in children_of(server.process.pid)), what="the checker's run")
    assert server.delete(f"/submissions/{token}").status_code < 300
    assert server.result(token)["status"] == "cancelled"
    assert one(server, "exit 0", language="bash") == ("accepted", None)
    assert time.monotonic() - before < 10
