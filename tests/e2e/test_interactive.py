# SPDX-License-Identifier: Apache-2.0
"""Interactive problems: program and interactor talk through pipes; whoever broke the protocol first is to blame; nobody waits for ever."""
import time
from pathlib import Path

import pytest
from harness import SLOW, children_of, wait_until

# Guess a number between 1 and 100: the interactor knows it from its input file.
GUESS = """import sys
secret = int(open(sys.argv[1]).read())
for turn in range(1, 9):
    line = sys.stdin.readline()
    if not line: sys.exit("no guess")  # exits with 1
    guess = int(line)
    print("<" if secret < guess else ">" if secret > guess else "=", flush=True)
    if guess == secret:
        print(f"{turn} turns", file=sys.stderr)
        sys.exit(0)
print("too many turns", file=sys.stderr)
sys.exit(1)
"""
BISECT = """low, high = 1, 100
while True:
    guess = (low + high) // 2
    print(guess, flush=True)
    answer = input()
    if answer == "=": break
    if answer == "<": high = guess - 1
    else: low = guess + 1
"""


def play(server, program, interactor, language="bash", judge="bash", tests=None, **fields):
    return server.run(language, program, tests=tests or [{"stdin": "in\n", "expected_output": "answer\n"}], checker={"type": "interactor", "language": judge, "code": interactor}, **fields)


def one(server, program, interactor, **fields):
    document = play(server, program, interactor, **fields)
    assert document["status"] == "completed", document
    return document["results"][0]


def verdict(server, program, interactor, **fields):
    result = one(server, program, interactor, **fields)
    return result["verdict"], result["message"]


def test_guessing(server):
    document = play(server, BISECT, GUESS, "python", "python", [{"stdin": str(secret)} for secret in range(1, 101, 9)])
    assert document["verdict"] == "accepted", document
    assert document["results"][0]["message"] == "6 turns"


def test_guessing_badly(server):
    program = "for guess in range(1, 101):\n    print(guess, flush=True)\n    if input() == '=': break\n"
    document = play(server, program, GUESS, "python", "python", [{"stdin": "5"}, {"stdin": "50"}])
    assert [result["verdict"] for result in document["results"]] == ["accepted", "wrong_answer"]
    assert document["results"][1]["message"] == "too many turns"


def test_in_c_with_many_turns(server):
    program = '#include <stdio.h>\nint main(void) { long n; while (scanf("%ld", &n) == 1 && n) { printf("%ld\\n", n + 1); fflush(stdout); } }\n'
    interactor = """#include <stdio.h>
int main(int argc, char **argv) {
    FILE *in = fopen(argv[1], "r"), *out = fopen(argv[2], "w"), *answer = fopen(argv[3], "r");
    long turns, got, want;
    if (argc != 4 || !in || !out || !answer || fscanf(in, "%ld", &turns) != 1 || fscanf(answer, "%ld", &want) != 1) return 3;
    for (long i = 1; i <= turns; i++) {
        printf("%ld\\n", i); fflush(stdout);
        if (scanf("%ld", &got) != 1) return 2;
        if (got != i + 1) return 1;
        fprintf(out, "%ld\\n", got);
    }
    puts("0");
    fprintf(stderr, "%ld", want);
    return 0;
}
"""
    document = play(server, program, interactor, "c", "c", [{"stdin": "20000", "expected_output": "7"}, {"stdin": "0", "expected_output": "8"}])
    assert [(result["verdict"], result["message"]) for result in document["results"]] == [("accepted", "7"), ("accepted", "8")]


@pytest.mark.parametrize("program, interactor, expected, message", [
    # both end well, or the interactor decides
    ("exit 0", "exit 0", "accepted", None),
    ("read x; exit 0", "echo words >&2; exit 1", "wrong_answer", "words"),
    ("exit 0", "cat > /dev/null; echo words >&2; exit 2", "wrong_answer", "presentation error: words"),
    ("exit 0", "cat > /dev/null; echo points 3 >&2; exit 7", "accepted", "points 3"),
    ("sleep 60", "exit 1", "wrong_answer", None),
    ("while :; do :; done", "exit 1", "wrong_answer", None),
    ("while :; do echo x; done", "read x; exit 1", "wrong_answer", None),
    ("while :; do echo x; done", "exit 0", "accepted", None),
    # the program breaks first
    ("exit 3", "cat > /dev/null; exit 1", "runtime_error", "exited with code 3"),
    ("kill -SEGV $$", "cat > /dev/null; exit 1", "runtime_error", "killed by SIGSEGV (segmentation fault)"),
    ("kill -SEGV $$", "cat > /dev/null; exit 3", "runtime_error", "killed by SIGSEGV (segmentation fault)"),
    ("exit 3", "cat > /dev/null; exit 0", "runtime_error", "exited with code 3"),
    ("exit 3", "sleep 60", "runtime_error", "exited with code 3"),
    ("read x; read x; exit 4", "echo 1; exit 0", "runtime_error", "exited with code 4"),
    # the interactor breaks
    ("cat > /dev/null", "exit 3", "internal_error", "the interactor failed: exited with code 3"),
    ("cat > /dev/null", "echo words >&2; exit 77", "internal_error", "the interactor failed: exited with code 77: words"),
    ("cat > /dev/null", "kill -SEGV $$", "internal_error", "the interactor failed: killed by SIGSEGV (segmentation fault)"),
    ("exit 0", "cat > /dev/null; exit 3", "internal_error", "the interactor failed: exited with code 3"),
])
def test_blame(server, program, interactor, expected, message):
    before = time.monotonic()
    assert verdict(server, program, interactor, limits={"cpu_time_ms": 5000, "wall_time_ms": 20000}) == (expected, message)
    assert time.monotonic() - before < 5 * SLOW, "somebody was waited for in vain"


@pytest.mark.parametrize("program, interactor, expected, found", [
    ("read x", "read x", "time_limit_exceeded", "wall time limit of 1000 ms"),  # both wait
    ("while echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do :; done", "sleep 60", "time_limit_exceeded", "wall time limit"),  # floods, nobody reads
    ("sleep 60", "while echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do :; done", "time_limit_exceeded", "wall time limit"),  # the other way round
    ("exec <&- >&-; sleep 60", "cat", "time_limit_exceeded", "wall time limit"),
    ("while :; do :; done", "read x", "time_limit_exceeded", "limit of"),
    ("x=x; while :; do x=$x$x; done", "read x", "memory_limit_exceeded", "memory limit"),
    ("read x", "while :; do :; done", "internal_error", "the interactor failed: CPU time limit of 250 ms exceeded"),
    ("read x", "yes >&2", "internal_error", "the interactor failed: output limit"),
])
def test_no_dead_lock_outlives_the_wall_limit(server, program, interactor, expected, found):
    before = time.monotonic()
    got, message = verdict(server, program, interactor, limits={"cpu_time_ms": 800, "wall_time_ms": 1000, "memory_kb": 65536})
    assert got == expected and message and found in message, (got, message)
    assert time.monotonic() - before < 4 * SLOW


def test_an_interactor_without_bound(server):
    got, message = verdict(server, "read x", "x = bytearray(1 << 30)", judge="python")
    assert got == "internal_error" and message.startswith("the interactor failed: memory limit of 262144 KiB exceeded")


def test_an_interactor_that_stays_after_the_program_has_ended(server):
    before = time.monotonic()
    got, message = verdict(server, "exit 0", "sleep 60", limits={"wall_time_ms": 1000})
    assert got == "internal_error" and "the interactor failed: wall time limit of 3000 ms" in message
    assert time.monotonic() - before < 8 * SLOW


def test_children_that_hold_the_pipes_do_not_outlive_their_run(server):
    """A child of the program keeps its ends of the pipes open: when the program itself has ended, so have the pipes."""
    assert verdict(server, "sleep 60 & exit 0", "cat; exit 0") == ("accepted", None)
    assert verdict(server, "cat > /dev/null; exit 0", "sleep 60 & exit 0") == ("accepted", None)


@pytest.mark.parametrize("bomb", ["program", "interactor"])
def test_fork_bombs(server, bomb):
    code = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    languages = {"language": "python"} if bomb == "program" else {"judge": "python"}
    program, interactor = (code, "cat > /dev/null; exit 0") if bomb == "program" else ("cat > /dev/null", code)
    got, _ = verdict(server, program, interactor, limits={"cpu_time_ms": 500, "wall_time_ms": 2000}, **languages)
    assert got == ("time_limit_exceeded" if bomb == "program" else "internal_error")
    assert verdict(server, "exit 0", "exit 0") == ("accepted", None)


def test_both_run_on_one_processor_and_have_no_other_descriptors(server):
    show = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), len(os.sched_getaffinity(0)), file=sys.stderr)"
    result = one(server, show, show + "; sys.stdin.read()", language="python", judge="python")
    assert result["verdict"] == "accepted"
    assert result["stderr"] == "['0', '1', '2', '3'] 1\n"  # 3 is the folder itself
    assert result["message"] == "['0', '1', '2', '3', '4', '5', '6'] 1"


def test_the_program_does_not_see_the_interactors_files(server):
    result = one(server, "ls /proc/self/fd/ >&2; cat /proc/*/cmdline | tr '\\0' ' ' >&2; grep -rs -e secret-of /artifact /box /tmp >&2", "# secret-of-the-interactor\ncat > /dev/null; exit 0")
    assert "secret-of-the" not in result["stderr"]


def test_an_interactor_that_does_not_compile(server):
    document = play(server, "exit 0", "int main() { retrun 0; }", judge="cpp")
    assert (document["status"], document["verdict"]) == ("completed", "internal_error")
    assert document["results"][0]["message"].startswith("the interactor does not compile: ")


def test_files_are_collected_too(server):
    result = one(server, "cat > out.txt", "echo hello; exec >&-; cat; exit 0", collect=["out.txt"])
    assert (result["verdict"], result["files"]) == ("accepted", [{"name": "out.txt", "content": "hello\n"}])


def test_many_at_once(server):
    documents = [server.submit({"language": "bash", "code": "read x; echo $x", "test_cases": [{}] * 20, "checker": {"type": "interactor", "language": "bash", "code": f"echo {n}; read x; [ $x = {n} ]"}}) for n in range(5)]
    for token in documents:
        assert server.result(token)["verdict"] == "accepted"


@pytest.mark.parametrize("program, interactor", [("sleep 50", "sleep 50"), ("exit 0", "sleep 50")])
def test_cancelling(server, program, interactor):
    token = server.submit({"language": "bash", "code": program, "test_cases": [{}], "limits": {"wall_time_ms": 60000}, "checker": {"type": "interactor", "language": "bash", "code": interactor + "; exit 0"}})

    def running():
        for pid in children_of(server.process.pid):
            try:
                if b"sleep\0" + b"50" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return True
            except OSError:
                pass
        return False
    wait_until(running, what="the run")
    before = time.monotonic()
    assert server.delete(f"/submissions/{token}").status_code < 300
    assert server.result(token)["status"] == "cancelled"
    wait_until(lambda: not running(), what="the end of the run")
    assert time.monotonic() - before < 5 * SLOW
