# SPDX-License-Identifier: Apache-2.0
"""Limits are exact, their causes are named in the order of priority, and nothing of one run reaches the next."""
import re

import pytest
from harness import SLOW, at_best

WIDE = {"cpu_time_ms": 15000, "wall_time_ms": 60000 if SLOW > 1 else 20000}  # where neither is what the test is about
CPU_SLACK_MS = 50 * SLOW

HEADERS = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void spin(void) { for (volatile unsigned long i = 0;; i++) ; }
static void *spin_thread(void *unused) { (void)unused; spin(); return 0; }
static char *volatile kept;
static void hog(void) { for (;;) { kept = malloc(1 << 20); if (kept) memset(kept, 1, 1 << 20); } }
static void flood(void) { static char block[65536]; memset(block, 'x', sizeof block); while (write(1, block, sizeof block) > 0) ; }
static void use(void *f) { (void)f; }
static void quiet(void) { use(spin_thread); use(hog); use(flood); }
"""


def c(body):
    return HEADERS + "int main(void) {\nquiet();\n" + body + "\n}\n"


def run(server, body, limits=None, **fields):
    return server.run_one("c", c(body), {**WIDE, **(limits or {})}, **fields)


def stopped_by_cpu_limit(server, body, limit, slack=CPU_SLACK_MS):
    """The result of a run that ends for its CPU time, each time, and not late at best."""
    def attempt():
        result = run(server, body, {"cpu_time_ms": limit})
        assert result["verdict"] == "time_limit_exceeded" and limit <= result["cpu_time_ms"] <= limit + 10 * slack, result
        return result

    return at_best(attempt, lambda result: result["cpu_time_ms"] <= limit + slack)


# ---- CPU time ----

SPINNERS = {
    "one thread": "spin();",
    "eight threads": "for (int i = 0; i < 8; i++) { pthread_t t; pthread_create(&t, 0, spin_thread, 0); } pause();",
    "four children": "for (int i = 0; i < 4; i++) if (fork() == 0) spin(); while (wait(0) > 0) ;",
    "children of a parent that has ended": "for (int i = 0; i < 3; i++) if (fork() == 0) { if (fork() == 0) spin(); _exit(0); } for (;;) pause();",
    "children one after the other": "for (;;) { if (fork() == 0) { for (volatile int i = 0; i < 3000000; i++) ; _exit(0); } wait(0); }",
    "ignoring every signal": "for (int s = 1; s < 65; s++) signal(s, SIG_IGN); spin();",
    "system time only": "for (;;) syscall(SYS_getppid);",
    "reading urandom": "int fd = open(\"/dev/urandom\", O_RDONLY); static char b[65536]; for (;;) if (read(fd, b, sizeof b) < 0) return 1;",
    "sleeping in between": "for (;;) { for (volatile int i = 0; i < 2000000; i++) ; usleep(1000); }",
    "in sessions of their own": "for (int i = 0; i < 2; i++) if (fork() == 0) { setsid(); spin(); } for (;;) pause();",
    "exec chain": "char n[2] = \"x\"; (void)n; for (volatile int i = 0; i < 5000000; i++) ; execl(\"/proc/self/exe\", \"again\", (char *)0); spin();",
}


@pytest.mark.parametrize("how", SPINNERS)
def test_cpu_limit_stops_within_50_ms(server, how):
    result = stopped_by_cpu_limit(server, SPINNERS[how], 500)
    assert "cpu" in result["message"].lower(), result


@pytest.mark.parametrize("limit", [20, 100, 1000, 3000])
def test_cpu_limits_of_several_sizes(server, limit):
    stopped_by_cpu_limit(server, SPINNERS["eight threads"], limit)


def test_under_the_cpu_limit_is_fine(server):
    body = "struct timespec t; do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); while (t.tv_nsec < 300000000); puts(\"done\");"
    result = at_best(lambda: run(server, body, {"cpu_time_ms": 500}), lambda result: result["cpu_time_ms"] <= 450)
    assert result["verdict"] == "accepted" and result["cpu_time_ms"] >= 300, result


def test_cpu_time_counts_user_and_system_of_the_whole_tree(server):
    body = """
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            struct timespec t;
            do { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); } while (t.tv_nsec < 100000000);
            _exit(0);
        }
    while (wait(0) > 0) ;
    struct timespec t;
    do { syscall(SYS_getppid); clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); } while (t.tv_nsec < 100000000);
    """
    result = at_best(lambda: run(server, body), lambda result: result["cpu_time_ms"] <= 500 * SLOW)
    assert result["verdict"] == "accepted" and result["cpu_time_ms"] >= 400, result


def test_cpu_limit_counts_a_test_case_at_a_time(server):
    """Many runs below the limit do not add up."""
    body = "struct timespec t; do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); while (t.tv_nsec < 60000000);"
    document = at_best(lambda: server.run("c", c(body), [{}] * 12, limits={**WIDE, "cpu_time_ms": 300}),
                       lambda document: all(result["cpu_time_ms"] <= 150 for result in document["results"]))
    assert document["verdict"] == "accepted", document
    assert all(result["cpu_time_ms"] >= 60 for result in document["results"]), document


# ---- wall time ----

SLEEPERS = {
    "sleeping": "for (;;) sleep(100);",
    "stopped": "kill(getpid(), SIGSTOP); for (;;) pause();",
    "stopped by a child": "if (fork() == 0) { kill(getppid(), SIGSTOP); for (;;) pause(); } for (;;) pause();",
    "with its output closed": "close(0); close(1); close(2); for (;;) pause();",
    "waiting for a child": "if (fork() == 0) for (;;) pause(); wait(0);",
    "reading its own pipe": "int p[2]; char x; pipe(p); read(p[0], &x, 1);",
    "in vfork": "if (vfork() == 0) for (;;) pause();",
    "ignoring every signal": "for (int s = 1; s < 65; s++) signal(s, SIG_IGN); for (;;) pause();",
}


@pytest.mark.parametrize("how", SLEEPERS)
def test_wall_limit(server, how):
    result = at_best(lambda: run(server, SLEEPERS[how], {"wall_time_ms": 600}), lambda result: result["wall_time_ms"] <= 600 + 200 * SLOW)
    assert result["verdict"] == "time_limit_exceeded", result
    assert "wall" in result["message"].lower(), result
    assert result["wall_time_ms"] >= 600, result
    assert result["cpu_time_ms"] < 300 * SLOW, result


# ---- memory ----

HOGS = {
    "itself": "hog();",
    "a child, and the parent exits with 0": "if (fork() == 0) hog(); wait(0); puts(\"fine\"); return 0;",
    "a grandchild": "if (fork() == 0) { if (fork() == 0) hog(); wait(0); _exit(0); } wait(0);",
    "many children, none of them much": "for (int i = 0; i < 40; i++) if (fork() == 0) { kept = malloc(4 << 20); memset(kept, 1, 4 << 20); for (;;) pause(); } "
                                        "while (wait(0) > 0) ;",
    "a thread": "pthread_t t; pthread_create(&t, 0, (void *(*)(void *))hog, 0); pthread_join(t, 0);",
    "shared memory": "char *p = mmap(0, 1 << 30, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); memset(p, 1, 1 << 30);",
    "memfd": "int fd = memfd_create(\"x\", 0); static char b[1 << 20]; memset(b, 1, sizeof b); for (;;) if (write(fd, b, sizeof b) < 0) return 1;",
    "a child that outlives its parent": "if (fork() == 0) { setsid(); if (fork() == 0) hog(); _exit(0); } wait(0); for (;;) pause();",
}


@pytest.mark.parametrize("how", HOGS)
def test_memory_limit(server, how):
    """Whoever is killed and however the rest ends: the cause is memory."""
    result = run(server, HOGS[how], {"memory_kb": 65536, "file_kb": 262144, "wall_time_ms": min(5000 * SLOW, 60000)})
    assert result["verdict"] == "memory_limit_exceeded", result
    assert result["memory_kb"] <= 65536 + 1024, result
    # The others are killed as soon as that is noticed; a program that was faster has its exit code.
    assert (result["exit_code"], result["signal"]) in ((0, None), (None, "SIGKILL")), result


def test_memory_below_the_limit_is_fine_and_reported(server):
    result = run(server, "kept = malloc(40 << 20); memset(kept, 1, 40 << 20); puts(\"ok\"); return kept[5] - 1;", {"memory_kb": 65536})
    assert result["verdict"] == "accepted" and 40960 <= result["memory_kb"] <= 49152, result


def test_memory_peak_is_of_this_run_alone(new_server):
    """On one slot a large run and then a small one: the small one's peak is its own, and so is its limit."""
    server = new_server(slots=1)
    use = "kept = malloc({0} << 20); memset(kept, 1, {0} << 20); return kept[5] - 1;".format
    large = run(server, use(80))
    small = run(server, "return 0;")
    limited = run(server, use(40), {"memory_kb": 32768})
    again = run(server, use(80))
    assert large["verdict"] == again["verdict"] == "accepted" and large["memory_kb"] > 81920, (large, again)
    assert small["verdict"] == "accepted" and small["memory_kb"] < 16384, small
    assert limited["verdict"] == "memory_limit_exceeded", limited


def test_address_space_is_not_memory(server):
    """Terabytes that are reserved and not touched cost nothing: language runtimes do that."""
    result = run(server, "void *p = mmap(0, 1ul << 44, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); return p == MAP_FAILED;")
    assert result["verdict"] == "accepted" and result["memory_kb"] < 16384, result


def test_kill_is_not_mistaken_for_memory(server):
    result = run(server, "kill(getpid(), SIGKILL); pause();")
    assert (result["verdict"], result["signal"], result["exit_code"]) == ("runtime_error", "SIGKILL", None), result


# ---- output ----

@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize("size, verdict", [(4095, "accepted"), (4096, "accepted"), (4097, "output_limit_exceeded"), (400000, "output_limit_exceeded")])
def test_output_limit_is_exact(server, stream, size, verdict):
    body = f"for (int i = 0; i < {size}; i++) if (write({stream}, \"x\", 1) != 1) return 1;"
    result = run(server, body, {"output_kb": 4})
    assert result["verdict"] == verdict, result
    text = result["stdout" if stream == 1 else "stderr"]
    assert text == "x" * min(size, 4096)
    assert result.get("truncated", False) == (size > 4096), result


def test_output_limit_is_exact_in_one_write(server):
    body = "static char b[%d]; memset(b, 'x', sizeof b); size_t n = 0; while (n < sizeof b) { ssize_t w = write(1, b + n, sizeof b - n); if (w < 0) return 1; n += w; }"
    assert run(server, body % (1 << 20), {"output_kb": 1024})["verdict"] == "accepted"
    assert run(server, body % ((1 << 20) + 1), {"output_kb": 1024})["verdict"] == "output_limit_exceeded"


def test_output_of_children_counts_too(server):
    body = "for (int i = 0; i < 5; i++) if (fork() == 0) { for (int k = 0; k < 1024; k++) write(1, \"x\", 1); _exit(0); } while (wait(0) > 0) ;"
    assert run(server, body, {"output_kb": 5})["verdict"] == "accepted"
    assert run(server, body, {"output_kb": 4})["verdict"] == "output_limit_exceeded"


def test_output_that_is_played_with(server):
    """Seeking, truncating or making its output non-blocking gains nothing and loses nothing."""
    body = "lseek(1, 1 << 20, SEEK_SET); ftruncate(1, 1 << 20); fcntl(1, F_SETFL, O_NONBLOCK | O_APPEND); write(1, \"hello\\n\", 6); ftruncate(1, 0);"
    result = run(server, body)
    assert result["verdict"] == "accepted" and result["stdout"] == "hello\n", result


def test_stdin_that_nobody_reads(server):
    result = run(server, "puts(\"done\"); return 0;", stdin="x" * (2 << 20))
    assert result["verdict"] == "accepted" and result["stdout"] == "done\n"


# ---- processes, files, stack ----

@pytest.mark.parametrize("limit", [1, 2, 8, 64])
def test_process_limit(server, limit):
    """At most so many processes and threads at once, the program itself among them."""
    body = "int n = 1; for (; n < 1000; n++) { pid_t p = fork(); if (p == 0) for (;;) pause(); if (p < 0) break; } printf(\"%d\\n\", n);"
    result = run(server, body, {"processes": limit})
    assert result["verdict"] == "accepted" and int(result["stdout"]) == limit, result


def test_process_limit_counts_threads(server):
    body = "int n = 1; for (; n < 1000; n++) { pthread_t t; if (pthread_create(&t, 0, (void *(*)(void *))(void *)pause, 0)) break; } printf(\"%d\\n\", n); fflush(stdout); _exit(0);"
    result = run(server, body, {"processes": 10})
    assert result["verdict"] == "accepted" and int(result["stdout"]) == 10, result


def test_a_program_that_fails_for_lack_of_processes_is_told_so(server):
    result = run(server, "for (int i = 0; i < 100; i++) { pid_t p = fork(); if (p == 0) for (;;) pause(); if (p < 0) return 9; }", {"processes": 5})
    assert result["verdict"] == "runtime_error" and result["exit_code"] == 9, result
    assert "process" in (result["message"] or "").lower(), result


@pytest.mark.parametrize("bomb", ["for (;;) fork();", "for (;;) if (fork() == 0) { setsid(); spin(); }", "for (;;) { pthread_t t; pthread_create(&t, 0, spin_thread, 0); }"])
def test_fork_bombs_are_stopped_and_leave_others_alone(server, bomb):
    """Dozens of processes also have to die, which takes CPU time of its own, and none of them may keep evalx from its turn."""
    token = server.submit({"language": "c", "code": c(bomb), "test_cases": [{}], "limits": {"cpu_time_ms": 1000, "wall_time_ms": 3000 * SLOW}})
    assert server.get("/healthz", timeout=5 * SLOW).status_code == 200
    assert server.result(token)["results"][0]["verdict"] == "time_limit_exceeded"
    stopped_by_cpu_limit(server, bomb, 400)
    assert run(server, "puts(\"next\");")["stdout"] == "next\n"


def test_file_size_limit(server):
    result = run(server, "static char b[65536]; int fd = open(\"f\", O_CREAT | O_WRONLY, 0600); for (;;) if (write(fd, b, sizeof b) < 0) return 1;", {"file_kb": 512})
    assert (result["verdict"], result["signal"]) == ("runtime_error", "SIGXFSZ"), result


def test_stack_limit(server):
    deep = "static int down(int n) { volatile char b[1024]; b[n % 1024] = 1; return n == 0 ? 0 : down(n - 1) + b[n % 1024]; }\n"
    code = HEADERS + deep + "int main(void) { quiet(); int n; scanf(\"%d\", &n); printf(\"%d\\n\", down(n)); }"
    small, large = {**WIDE, "stack_kb": 1024}, {**WIDE, "stack_kb": 65536}
    assert server.run_one("c", code, large, stdin="40000\n")["stdout"] == "40000\n"
    result = server.run_one("c", code, small, stdin="40000\n")
    assert (result["verdict"], result["signal"]) == ("runtime_error", "SIGSEGV"), result


# ---- priority: memory, output, CPU time, wall time, signal, exit code ----

@pytest.mark.parametrize("body, limits, verdict, said", [
    ("if (fork() == 0) hog(); wait(0); flood(); return 1;", {"memory_kb": 32768, "output_kb": 1}, "memory_limit_exceeded", ""),
    ("if (fork() == 0) hog(); wait(0); spin();", {"memory_kb": 32768, "cpu_time_ms": 400}, "memory_limit_exceeded", ""),
    ("if (fork() == 0) hog(); wait(0); for (;;) pause();", {"memory_kb": 32768, "wall_time_ms": 600}, "memory_limit_exceeded", ""),
    ("if (fork() == 0) hog(); wait(0); abort();", {"memory_kb": 32768}, "memory_limit_exceeded", ""),
    ("if (fork() == 0) hog(); wait(0); return 3;", {"memory_kb": 32768}, "memory_limit_exceeded", ""),
    ("signal(SIGPIPE, SIG_IGN); flood(); spin();", {"output_kb": 1, "cpu_time_ms": 400}, "output_limit_exceeded", ""),
    ("signal(SIGPIPE, SIG_IGN); flood(); for (;;) pause();", {"output_kb": 1, "wall_time_ms": 600}, "output_limit_exceeded", ""),
    ("signal(SIGPIPE, SIG_IGN); flood(); abort();", {"output_kb": 1}, "output_limit_exceeded", ""),
    ("signal(SIGPIPE, SIG_IGN); flood(); return 3;", {"output_kb": 1}, "output_limit_exceeded", ""),
    ("spin();", {"cpu_time_ms": 500, "wall_time_ms": 540}, "time_limit_exceeded", "(?i)cpu|wall"),
    ("write(1, \"x\", 1); abort();", {}, "runtime_error", "(?i)SIGABRT|abort"),
])
def test_priority_of_causes(server, body, limits, verdict, said):
    result = run(server, body, {name: value * SLOW if name.endswith("_ms") else value for name, value in limits.items()})
    assert result["verdict"] == verdict, result
    assert re.search(said, result["message"] or ""), result


def test_a_failed_run_is_never_a_wrong_answer(server):
    """How it ended comes before what it wrote; right output does not help either."""
    document = server.run("c", c("puts(\"1\"); fflush(stdout); char x; if (read(0, &x, 1) != 1) return 5; if (x == 'a') abort(); if (x == 's') spin(); return 0;"),
                          [{"stdin": "", "expected_output": "2"}, {"stdin": "a", "expected_output": "2"}, {"stdin": "s", "expected_output": "2"},
                           {"stdin": "", "expected_output": "1"}, {"stdin": "x", "expected_output": "2"}, {"stdin": "x", "expected_output": "1"}],
                          limits={**WIDE, "cpu_time_ms": 300})
    assert [result["verdict"] for result in document["results"]] == [
        "runtime_error", "runtime_error", "time_limit_exceeded", "runtime_error", "wrong_answer", "accepted"]


@pytest.mark.parametrize("code", [1, 2, 126, 127, 128, 137, 139, 255])
def test_exit_codes_are_reported_as_they_are(server, code):
    result = run(server, f"return {code};")
    assert (result["verdict"], result["exit_code"], result["signal"]) == ("runtime_error", code, None), result


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGABRT", "SIGFPE", "SIGILL", "SIGBUS", "SIGTERM", "SIGKILL", "SIGSYS", "SIGPIPE", "SIGUSR1", "SIGIO", "SIGRTMIN", "SIGRTMIN+6", "SIGRTMIN+30"])
def test_signals_by_name(server, signal):
    result = run(server, f"raise({signal}); for (;;) pause();")
    assert (result["verdict"], result["signal"], result["exit_code"]) == ("runtime_error", signal, None), result
    assert result["message"].split(" (")[0] == f"killed by {signal}", result


# ---- nothing survives ----

LEAVE_TRACES = """
    /* Tells the parent when everything is in place, then stays for ever, holding the output open. */
    int ready[2];
    if (pipe(ready) < 0)
        return 1;
    if (fork() == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (int s = 1; s < 65; s++)
            signal(s, SIG_IGN);
        const char *places[] = {"/tmp/trace", "/dev/shm/trace", "trace"};
        for (int i = 0; i < 3; i++) {
            int fd = open(places[i], O_CREAT | O_RDWR, 0666);
            if (fd < 0 || write(fd, "x", 1) != 1)
                _exit(1);
        }
        if (shmget(0x5eed, 4096, IPC_CREAT | 0666) < 0)
            perror("shmget");
        int s = socket(AF_UNIX, SOCK_STREAM, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\\0evalx-trace"};
        bind(s, (struct sockaddr *)&address, sizeof address);
        listen(s, 5);
        write(ready[1], "r", 1);
        for (;;) {
            pause();
            usleep(1000);
            write(1, "I am still here\\n", 16);
        }
    }
    char byte;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return 2;
    puts("left");
"""
LOOK_FOR_TRACES = r"""
import os, socket, ctypes
for place in ("/tmp", "/dev/shm", "."):
    for name in os.listdir(place):
        if "trace" in name: print("file", place, name)
    open(os.path.join(place, "probe"), "w").close()
me = os.getpid()
print("processes", sorted(int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, me)) if os.path.isdir("/proc/1") else "none")
s = socket.socket(socket.AF_UNIX)
try:
    s.connect("\0evalx-trace")
    print("socket")
except OSError:
    pass
if ctypes.CDLL(None).shmget(0x5eed, 4096, 0) >= 0: print("shared memory")
"""


def test_a_daemon_neither_delays_its_own_run_nor_touches_the_next(new_server):
    server = new_server(slots=1)
    for _ in range(3):
        result = at_best(lambda: run(server, LEAVE_TRACES), lambda result: result["wall_time_ms"] < 1000 * SLOW)
        assert result["verdict"] == "accepted" and result["stdout"].startswith("left\n"), result
        look = server.run_one("python", LOOK_FOR_TRACES, WIDE)
        assert look["verdict"] == "accepted", look
        assert look["stdout"].splitlines() in (["processes []"], ["processes none"]), look


def test_daemons_of_one_batch_do_not_meet(server):
    """Twenty test cases at once over all slots, each of which leaves traces and looks for those of others."""
    body = "if (access(\"/tmp/trace\", F_OK) == 0 || access(\"/dev/shm/trace\", F_OK) == 0 || access(\"trace\", F_OK) == 0) { puts(\"traces of others\"); return 1; }" + LEAVE_TRACES
    document = server.run("c", c(body), [{"expected_output": "left"}] * 20, limits=WIDE)
    assert document["verdict"] == "accepted", [result for result in document["results"] if result["verdict"] != "accepted"][:2]


def test_no_process_is_left_on_the_machine(new_server):
    """Seen from outside: after runs that leave daemons, the server has the processes it had before."""
    server = new_server(slots=2)
    run(server, "return 0;")
    before = len(server.pids())
    for _ in range(4):
        run(server, LEAVE_TRACES)
    assert len(server.pids()) <= before


def test_files_of_the_program_are_not_writable_for_the_next_test_case(server):
    """The artifact is shared by all test cases of a batch and by later submissions: nobody can change it."""
    body = """
        char path[4096]; ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
        if (n > 0) { path[n] = 0; if (open(path, O_WRONLY) >= 0 || unlink(path) == 0 || chmod(path, 0777) == 0) { puts("changed"); return 1; } }
        puts("safe");
    """
    document = server.run("c", c(body), [{"expected_output": "safe"}] * 4, limits=WIDE)
    assert document["verdict"] == "accepted", document


# ---- the compiler has limits of its own ----

@pytest.mark.parametrize("language, code", [
    ("c", '#include "/dev/zero"\n'),
    ("c", "#include __FILE__\n#include __FILE__\nint main(void){}\n"),
    ("cpp", "template <int N> struct A { typedef typename A<N + 1>::type type; typename A<N + 1>::type x; };\ntemplate <int N, int M> struct B { static const int v = B<N - 1, M>::v + B<N - 1, M + 1>::v; };\n"
            "template <int M> struct B<0, M> { static const int v = 1; };\nint main() { return B<600, 0>::v; }\n"),
    ("c", "char huge[3000000000u] = {1};\nint main(void){ return huge[5]; }\n"),
    ("c", "int main(void) {" + "{" * 200000 + "}" * 200000 + "}"),
])
@pytest.mark.timeout(180)
def test_compilers_that_never_end_or_grow_without_bound(server, language, code):
    document = server.run(language, code, limits=WIDE, seconds=150)
    assert document["status"] == "completed" and document["verdict"] == "compilation_error", document
    assert document["compile"]["time_ms"] < 60000 * SLOW
    assert len(document["compile"]["stderr"]) <= 2 << 20


def test_compilers_show_nothing_of_the_host(server):
    for path in ("/etc/shadow", "/etc/hostname", "/root/.bashrc", str(server.state_dir / "evalx.db")):
        document = server.run("c", f'#include "{path}"\nint main(void){{}}\n', limits=WIDE)
        assert document["verdict"] == "compilation_error", (path, document)
        assert "root:" not in document["compile"]["stderr"] and "SQLite" not in document["compile"]["stderr"]
