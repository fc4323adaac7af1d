# SPDX-License-Identifier: Apache-2.0
"""The command line: run, submit, doctor, languages, config, version, help; their JSON, exit codes and messages; make help and the man page."""
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from harness import BUILD_DIR, EVALX, ROOT, SLOW, Server, children_of, environment, run_cli, wait_until

SUM = "import sys\nprint(sum(map(int, sys.stdin.read().split())))\n"
OK, TESTS_FAILED, USAGE, ENGINE = 0, 1, 2, 3
WITHOUT_ROOT = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def folder(monkeypatch):
    """An empty working folder that every user may enter, unlike pytest's own: servers and other users work below it."""
    with tempfile.TemporaryDirectory(prefix="evalx-e2e-") as name:
        os.chmod(name, 0o755)
        monkeypatch.chdir(name)
        yield Path(name)


@pytest.fixture
def evalx(folder):
    def run(*arguments, **settings):
        return run_cli(*arguments, env=environment(state_dir=folder / "state", **settings))
    return run


def on_terminal(arguments, env, seconds=60):
    """Runs a command on a terminal of 100 columns; returns its exit code and all that it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(arguments[0], list(map(str, arguments)), {**env, "TERM": "xterm-256color"})
    os.set_blocking(terminal, False)
    written, deadline = b"", time.monotonic() + seconds * SLOW
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                piece = b""
            if not piece:
                break
            written += piece
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode(errors="replace")


# ---- run ----

def test_run_shows_what_the_program_prints(evalx, folder):
    (folder / "hello.py").write_text("import sys\nprint('hello'); print('to stderr', file=sys.stderr)")
    done = evalx("run", "hello.py")
    assert done.returncode == OK, done.stderr
    assert done.stdout == "hello\n"
    assert "to stderr" in done.stderr and "accepted" in done.stderr


@pytest.mark.parametrize("expected, code, verdict", [("6\n", OK, "accepted"), ("7\n", TESTS_FAILED, "wrong_answer")])
def test_run_with_stdin_and_expect(evalx, folder, expected, code, verdict):
    (folder / "sum.py").write_text(SUM)
    (folder / "in.txt").write_text("1 2 3\n")
    (folder / "out.txt").write_text(expected)
    done = evalx("run", "sum.py", "--stdin", "in.txt", "--expect", "out.txt")
    assert done.returncode == code, done.stderr
    assert verdict in done.stdout
    if code:
        assert 'expected "7"' in done.stdout and 'got "6"' in done.stdout


def write_tests(folder, wrong=()):
    tests = folder / "tests"
    tests.mkdir()
    for number in (1, 2, 10):
        (tests / f"{number}.in").write_text(f"{number} {number}\n")
        (tests / f"{number}.{'ans' if number == 2 else 'out'}").write_text(f"{0 if number in wrong else 2 * number}\n")


@pytest.mark.parametrize("wrong, code", [((), OK), ((2,), TESTS_FAILED)])
def test_run_with_a_folder_of_tests(evalx, folder, wrong, code):
    (folder / "sum.py").write_text(SUM)
    write_tests(folder, wrong)
    done = evalx("run", "sum.py", "--tests", "tests")
    assert done.returncode == code, done.stderr
    rows = [line for line in done.stdout.splitlines() if re.match(r"\s*\d+\s", line)]
    assert [row.split()[1] for row in rows] == ["1", "2", "10"]
    assert [row.split()[2] for row in rows] == ["accepted", "wrong_answer" if wrong else "accepted", "accepted"]
    assert f"{2 if wrong else 3} of 3 passed" in done.stdout
    assert "\033[" not in done.stdout, "colours without a terminal"


def test_run_json(evalx, folder):
    (folder / "sum.py").write_text(SUM)
    write_tests(folder, wrong=(10,))
    done = evalx("run", "sum.py", "--tests", "tests", "--json")
    assert done.returncode == TESTS_FAILED
    document = json.loads(done.stdout)
    assert document["status"] == "completed" and document["verdict"] == "wrong_answer"
    assert [result["name"] for result in document["results"]] == ["1", "2", "10"]
    assert document["results"][0]["stdout"] == "2\n"


def test_run_compiles(evalx, folder):
    (folder / "prog.cpp").write_text("#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a * b << '\\n'; }\n")
    (folder / "in").write_text("6 7\n")
    (folder / "out").write_text("42\n")
    done = evalx("run", "prog.cpp", "--stdin", "in", "--expect", "out")
    assert done.returncode == OK, done.stderr
    assert "accepted" in done.stdout and "cpp 12" in done.stdout


def test_run_shows_compiler_errors(evalx, folder):
    (folder / "prog.c").write_text("int main(void) { return undeclared_thing; }\n")
    done = evalx("run", "prog.c")
    assert done.returncode == TESTS_FAILED
    assert "undeclared_thing" in done.stderr and "compilation_error" in done.stdout + done.stderr


@pytest.mark.parametrize("program, verdict", [("while True: pass", "time_limit_exceeded"), ("import os; os.abort()", "runtime_error"), ("exit(9)", "runtime_error"),
                                              ("a = [bytearray(b'x') * 2**20 for i in range(9999)]", "memory_limit_exceeded"),
                                              ("while True: print('x' * 1000)", "output_limit_exceeded")])
def test_run_names_verdicts_and_takes_limits(evalx, folder, program, verdict):
    (folder / "prog.py").write_text(program)
    help_text = run_cli("help", "run").stdout
    cpu = re.search(r"--cpu[\w-]*", help_text).group(0)
    memory = re.search(r"--memory[\w-]*", help_text).group(0)
    done = evalx("run", "prog.py", cpu, "1s", memory, "64MiB", "--json")
    assert done.returncode == TESTS_FAILED, done.stderr
    assert json.loads(done.stdout)["verdict"] == verdict


@pytest.mark.parametrize("arguments, said", [
    (["run"], "FILE"), (["run", "no-such-file.py"], "no-such-file.py"), (["run", "prog.klingon"], "prog.klingon: its extension"), (["run", "prog.klingon"], "--language"), (["run", "prog.klingon"], "`evalx languages`"), (["run", "prog.py", "--bogus"], "--bogus"),
    (["run", "prog.py", "--tests", "no-such-folder"], "no-such-folder"), (["run", "prog.py", "--stdin", "no-such-input"], "no-such-input"),
    (["run", "prog.py", "--language", "pyton"], "python"), (["run", "prog.py", "extra"], "extra"), (["bogus"], "bogus"), (["lanugages"], "languages"),
    (["run", "prog.py", "--set", "no.such.key=1"], "no.such.key"), (["run", "prog.py", "--set", "slots=many"], "slots"), (["config", "--slots", "-1"], "slots"),
    (["submit", "prog.py", "--server", "nonsense://x"], "nonsense"), (["help", "bogus"], "bogus"), (["serve", "--listen", "nonsense"], "nonsense"),
])
def test_wrong_usage_is_said_clearly(evalx, folder, arguments, said):
    (folder / "prog.py").write_text("1")
    (folder / "prog.klingon").write_text("1")
    done = evalx(*arguments)
    assert done.returncode == USAGE, (done.returncode, done.stdout, done.stderr)
    assert said in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) <= 6


@pytest.mark.parametrize("arguments, code, said", [
    (["run", "no-such-file.py"], USAGE, "no-such-file.py"), (["run"], USAGE, "FILE"), (["run", "prog.py", "--bogus"], USAGE, "--bogus"),
    (["run", "prog.py", "--cpu-time", "2h"], USAGE, "cpu_time_ms"), (["submit", "no-such-file.py"], USAGE, "no-such-file.py"), (["submit", "prog.py", "--hint-wait", "soon"], USAGE, "--hint-wait must be a duration"),
    (["submit", "prog.py", "--server", "http://127.0.0.1:1"], ENGINE, "127.0.0.1"), (["submit", "prog.py", "--server", "x://"], USAGE, "x://"),
    (["doctor", "extra"], USAGE, "extra"), (["languages", "--bogus"], USAGE, "--bogus"), (["config", "--slots=-1"], USAGE, "slots"),
])
def test_a_failure_is_json_too(evalx, folder, arguments, code, said):
    (folder / "prog.py").write_text("1")
    done = evalx(*arguments, "--json")
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    answer = json.loads(done.stdout)
    assert list(answer) == ["error"] and said in answer["error"]["message"], answer
    assert said in done.stderr
    assert evalx(*arguments).stdout == "", "JSON that nobody asked for"


def test_no_command_shows_help(evalx):
    done = evalx()
    assert "usage" in (done.stdout + done.stderr).lower() and "serve" in done.stdout + done.stderr


def test_run_on_a_terminal_is_coloured(folder):
    (folder / "sum.py").write_text(SUM)
    write_tests(folder, wrong=(1,))
    env = environment(state_dir=folder / "state")
    env.pop("NO_COLOR", None)
    code, written = on_terminal([EVALX, "run", "sum.py", "--tests", "tests"], env)
    assert code == TESTS_FAILED
    assert "\033[" in written and "accepted" in written and "wrong_answer" in written
    code, plain = on_terminal([EVALX, "run", "sum.py", "--tests", "tests"], {**env, "NO_COLOR": "1"})
    assert code == TESTS_FAILED and not re.search(r"\033\[[\d;]*3[12]m", plain)


def test_run_shows_control_bytes_harmlessly(folder):
    """A hostile program's output does not reach the terminal through names and messages of the table."""
    (folder / "prog.py").write_text("print('\\033]0;owned\\007 x')")
    (folder / "in").write_text("")
    (folder / "out").write_text("y\n")
    code, written = on_terminal([EVALX, "run", "prog.py", "--stdin", "in", "--expect", "out"], environment(state_dir=folder / "state"))
    assert code == TESTS_FAILED and "\033]0;owned" not in written


def test_output_itself_shows_control_bytes_harmlessly_and_ends_its_line(folder):
    """On a terminal the program's output is escaped and does not run into the table; a pipe gets the bytes as they are."""
    (folder / "prog.py").write_text("import sys; sys.stdout.buffer.write(b'\\x1b]0;owned\\x07 \\xc2\\x9b1m\\ttab'); sys.stderr.write('\\x1b[5mdiagnostic')")
    env = environment(state_dir=folder / "state")
    code, written = on_terminal([EVALX, "run", "prog.py"], env)
    assert code == OK
    assert "\033]0;owned" not in written and "\033[5m" not in written and "\x9b" not in written
    lines = written.replace("\r", "\n").split("\n")
    assert any(line.endswith("\\x1b]0;owned\\x07 \\u009b1m\ttab") for line in lines) and "\\x1b[5mdiagnostic" in lines, lines
    assert subprocess.run([EVALX, "run", "prog.py"], env=env, capture_output=True).stdout == b"\x1b]0;owned\x07 \xc2\x9b1m\ttab"


def test_run_can_be_interrupted_and_leaves_nothing(folder):
    (folder / "prog.py").write_text("import time; time.sleep(50)")
    env = environment(state_dir=folder / "state", limits_wall_time_ms=60000)
    before = set(os.listdir("/tmp"))
    process = subprocess.Popen([EVALX, "run", "prog.py"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder)
    wait_until(lambda: any("python" in command(pid) for pid in children_of(process.pid)), 30, "the program to run")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20 * SLOW)
    assert process.returncode in (130, -signal.SIGINT)
    assert not [name for name in set(os.listdir("/tmp")) - before if name.startswith("evalx-run-")]


def command(pid):
    try:
        return open(f"/proc/{pid}/comm").read()
    except OSError:
        return ""


# ---- submit ----

def test_submit(server, evalx, folder):
    (folder / "sum.py").write_text(SUM)
    write_tests(folder)
    done = evalx("submit", "sum.py", "--tests", "tests", "--server", server.url(""))
    assert done.returncode == OK, done.stderr
    assert "3 of 3 passed" in done.stdout
    (folder / "tests/1.out").write_text("x")
    done = evalx("submit", "sum.py", "--tests", "tests", "--server", server.url(""), "--json")
    assert done.returncode == TESTS_FAILED
    assert json.loads(done.stdout)["summary"]["passed"] == 2


def test_submit_finds_its_server_in_the_environment(server, folder):
    (folder / "sum.py").write_text(SUM)
    done = run_cli("submit", "sum.py", env={**environment(), "EVALX_SERVER": server.url("")})
    assert done.returncode == OK and done.stdout == "0\n", done.stderr


def test_submit_tells_the_servers_complaints(server, evalx, folder):
    (folder / "prog.py").write_text("1")
    done = evalx("submit", "prog.py", "--language", "pyton", "--server", server.url(""))
    assert done.returncode == USAGE and "python" in done.stderr, done.stderr
    done = evalx("submit", "prog.py", "--language", "pyton", "--server", server.url(""), "--json")
    error = json.loads(done.stdout)["error"]
    assert done.returncode == USAGE and error["status"] == 422 and "python" in error["message"]
    assert error["errors"][0]["field"] == "language" and "python" in error["errors"][0]["message"]


def test_submit_without_a_server(evalx, folder):
    (folder / "prog.py").write_text("1")
    done = evalx("submit", "prog.py", "--server", "http://127.0.0.1:1")
    assert done.returncode == ENGINE and "127.0.0.1" in done.stderr, done.stderr


def test_submit_needs_no_root(server, folder):
    (folder / "prog.py").write_text("print(5)")
    done = subprocess.run([*WITHOUT_ROOT, EVALX, "submit", folder / "prog.py", "--server", server.url("")], capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode == OK and done.stdout == "5\n", done.stderr


def test_submit_waits_for_the_better_hint(server, evalx, folder):
    """It is found out after the result: by `done` there is only what the rules guess."""
    (folder / "share.c").write_text("#include <stdio.h>\nint main(void) {\n    int people, cake = 12;\n    scanf(\"%d\", &people);\n    printf(\"%d\\n\", cake / people);\n}\n")
    (folder / "nobody.txt").write_text("0\n")
    done = evalx("submit", "share.c", "--stdin", "nobody.txt", "--json", "--server", server.url(""))
    document = json.loads(done.stdout)
    assert done.returncode == TESTS_FAILED and document["verdict"] == "runtime_error", done.stderr
    assert document["hint_details"][0]["source"] == "sanitizer" and document["hint_details"][0]["line"] == 5, document["hint_details"]
    done = evalx("submit", "share.c", "--stdin", "nobody.txt", "--server", server.url(""))
    assert f"hint: {document['hints'][0]}" in done.stderr, done


def test_submit_waits_for_hints_no_longer_than_told(new_server, evalx, folder):
    """The server asks a model that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = new_server(slots=1, hints_ai_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1", hints_ai_model="m", hints_ai_timeout="30s")
        (folder / "wrong.py").write_text("print('7')\n")
        (folder / "eight.txt").write_text("8\n")
        began = time.monotonic()
        done = evalx("submit", "wrong.py", "--expect", "eight.txt", "--hint-wait", "500ms", "--server", server.url(""))
        assert done.returncode == TESTS_FAILED and "hint: " in done.stdout, done
        assert 0.5 <= time.monotonic() - began < 25, "the model has 30 s"


def test_submit_shows_progress_on_a_terminal(server, folder):
    (folder / "slow.py").write_text("import time; time.sleep(0.2)")
    tests = folder / "tests"
    tests.mkdir()
    for number in range(6):
        (tests / f"{number}.in").write_text("")
        (tests / f"{number}.out").write_text("")
    code, written = on_terminal([EVALX, "submit", "slow.py", "--tests", "tests", "--server", server.url("")], environment())
    assert code == OK and "6 of 6 passed" in written
    assert written.count("\r") > 3 and re.search(r"[1-5]\s*(/|of)\s*6", written), written


# ---- doctor, languages, config, version, help ----

def test_doctor_finds_nothing_here(evalx):
    done = evalx("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == OK, report
    text = json.dumps(report).lower()
    for subject in ("kernel", "cgroup", "namespace", "seccomp", "python"):
        assert subject in text, subject
    assert evalx("doctor").returncode == OK


def test_health_asks_the_server_of_the_same_configuration(evalx, shared_server):
    for listen in (f"127.0.0.1:{shared_server.port}", f"0.0.0.0:{shared_server.port}"):
        done = evalx("health", listen=listen)
        assert (done.returncode, done.stdout) == (OK, "ready\n"), done
        assert evalx("health", "--live", listen=listen).stdout == "ok\n"


def test_health_of_a_server_that_is_not_there(evalx, folder):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        done = evalx("health", listen=f"127.0.0.1:{bound.getsockname()[1]}")
    assert done.returncode == TESTS_FAILED and "127.0.0.1" in done.stderr and not done.stdout, done
    done = evalx("health", listen=f"unix:{folder}/no.sock")
    assert done.returncode == TESTS_FAILED and done.stderr, done


def test_doctor_without_root_says_what_is_missing_and_how_to_mend_it(folder):
    done = subprocess.run([*WITHOUT_ROOT, EVALX, "doctor", "--json"], capture_output=True, text=True, timeout=60, env=environment(), cwd="/")
    assert done.returncode == TESTS_FAILED, done.stdout + done.stderr
    checks = json.loads(done.stdout)["checks"]
    failed = [check for check in checks if check["state"] == "failed"]
    assert failed and all(check["mend"] for check in failed), checks


def test_doctor_says_how_to_install_a_missing_toolchain(evalx, folder):
    """A copy of the languages in which one compiler is somewhere that does not exist."""
    languages = folder / "languages"
    shutil.copytree(ROOT / "languages", languages)
    for file in languages.glob("*.yaml"):
        if "ruby" not in file.name:
            continue
        file.write_text(file.read_text().replace("/usr/bin/ruby", "/usr/bin/no-such-ruby"))
    done = evalx("doctor", languages_dir=languages)
    assert "apt-get install" in done.stdout and "ruby" in done.stdout, done.stdout
    listed = json.loads(evalx("languages", "--json", "--all", languages_dir=languages).stdout)["languages"]
    ruby = next(language for language in listed if language["name"] == "ruby")
    assert ruby["available"] is False and "apt-get install" in ruby["install"]
    names = [language["name"] for language in json.loads(evalx("languages", "--json", languages_dir=languages).stdout)["languages"]]
    assert "ruby" not in names and "python" in names


def test_a_missing_toolchain_never_breaks_the_start(folder):
    languages = folder / "languages"
    shutil.copytree(ROOT / "languages", languages)
    for file in languages.glob("*.yaml"):
        if "bash" not in file.name:
            file.write_text(re.sub(r"/usr/bin/|/usr/local/go/bin/|/usr/lib/", "/nowhere/", file.read_text()))
    server = Server(languages_dir=languages)
    try:
        server.start()
        assert list(server.languages()) == ["bash"]
        everything = server.get("/languages?all=true").json()["languages"]
        assert len(everything) > 10
        assert server.run("bash", "echo 1", [{"expected_output": "1"}])["verdict"] == "accepted"
        refused = server.post("/execute-batch", {"language": "ruby", "code": "1", "test_cases": [{}]})
        assert refused.status_code == 422 and "apt-get install" in refused.text
    finally:
        server.close()


def test_languages(evalx):
    done = evalx("languages", "--json")
    assert done.returncode == OK
    names = {language["name"]: language for language in json.loads(done.stdout)["languages"]}
    assert {"c", "cpp", "java", "python", "javascript", "typescript", "go", "rust", "ruby", "php", "bash"} <= set(names)
    table = evalx("languages").stdout
    assert all(name in table for name in names)


def test_config_is_itself_a_valid_configuration(evalx, folder):
    done = evalx("config")
    assert done.returncode == OK
    (folder / "all.yaml").write_text(done.stdout)
    again = evalx("config", "--config", "all.yaml")
    assert again.returncode == OK, again.stderr
    values = lambda text: [re.sub(r"\s+#.*", "", line) for line in text.splitlines()]
    assert values(again.stdout) == values(done.stdout)
    assert yaml.safe_load(done.stdout)["listen"] == "127.0.0.1:2358"


def test_config_precedence(evalx, folder):
    (folder / "evalx.yaml").write_text("slots: 3\nstore:\n  lease: 3s\nlimits:\n  cpu_time_ms: 1234\n")
    get = lambda *arguments, **settings: {key: entry["value"] for key, entry in json.loads(evalx("config", "--json", *arguments, **settings).stdout).items()}
    assert str(get()["slots"]) == "3" and str(get()["store.lease"]) == "3s" and str(get()["limits.cpu_time_ms"]) == "1234"
    assert str(get(slots=4)["slots"]) == "4"
    assert str(get("--slots", "5", slots=4)["slots"]) == "5"


@pytest.mark.parametrize("text, said", [("bogus: 1\n", ["bogus", ":1"]), ("listen: x:1\nslots: many\n", ["slots", ":2"]), ("slots: [1\n", [":"]), ("store:\n  lease: 5 parsecs\n", ["lease", ":2"]),
                                        ("limits:\n  cpu_time_ms: 0\n", ["cpu_time_ms", ":2"]), ("slots: 1\nslots: 2\n", ["slots", ":2"])])
def test_config_errors_name_file_and_line(evalx, folder, text, said):
    (folder / "bad.yaml").write_text(text)
    done = evalx("config", "--config", "bad.yaml")
    assert done.returncode == USAGE
    assert "bad.yaml" in done.stderr and all(word in done.stderr for word in said), done.stderr


def test_version(evalx):
    declared = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert evalx("version").stdout == f"evalx {declared}\n"
    assert json.loads(evalx("version", "--json").stdout)["version"] == declared
    assert evalx("--version").stdout == f"evalx {declared}\n"


def test_help_of_every_command(evalx):
    overview = evalx("help")
    assert overview.returncode == OK
    commands = re.findall(r"^  (\w+)  ", overview.stdout, re.M)
    assert {"serve", "run", "submit", "languages", "doctor", "config", "version"} <= set(commands)
    for name in commands:
        for form in (("help", name), (name, "--help")):
            done = evalx(*form)
            assert done.returncode == OK and f"usage: evalx {name}" in done.stdout, (form, done.stderr)


def test_output_that_cannot_be_written_is_an_error(evalx, folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run([EVALX, "config"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env=environment())
    assert done.returncode != OK


# ---- the server's log, the make targets, the man page ----

def test_log_formats():
    for arguments, check in (([], lambda line: isinstance(json.loads(line), dict)), (["--log-format", "text"], lambda line: not line.startswith("{"))):
        server = Server(arguments=arguments)
        try:
            server.start()
            server.run("bash", "echo 1")
            assert server.terminate() == 0
            lines = [line for line in server.log_text().splitlines() if line]
            assert lines and all(check(line) for line in lines), lines
        finally:
            server.close()


def test_serve_on_a_taken_port_says_so(server, evalx):
    done = evalx("serve", "--listen", f"127.0.0.1:{server.port}")
    assert done.returncode not in (OK, None) and str(server.port) in done.stderr, done.stderr


def test_serve_on_a_unix_socket(folder):
    os.chmod(folder, 0o777)
    path = folder / "evalx.sock"
    process = subprocess.Popen([EVALX, "serve", "--listen", f"unix:{path}", "--state-dir", folder / "state"], env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        def answer():
            assert process.poll() is None, process.stderr.read()
            done = subprocess.run(["curl", "-s", "--unix-socket", path, "http://x/readyz"], capture_output=True, text=True, timeout=10)
            return done.returncode == 0
        wait_until(answer, 60, "an answer over the socket")
        process.terminate()
        assert process.wait(timeout=30 * SLOW) == 0
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_make_help_tells_every_target():
    done = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    for target in ("run", "test", "build", "install", "format", "lint", "asan", "bench"):
        assert re.search(rf"\b{target}\b", done.stdout), target
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), target


def test_make_install(folder):
    done = subprocess.run(["meson", "install", "-C", BUILD_DIR, "--no-rebuild", "--quiet"], env={**os.environ, "DESTDIR": str(folder)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"evalx", "evalx-jail", "evalx.1", "python.yaml"} <= names
    installed = next(path for path in folder.rglob("evalx") if path.is_file())
    assert subprocess.run([installed, "version"], capture_output=True, timeout=60).returncode == 0


def man_page():
    return next(path for path in ROOT.glob("**/evalx.1") if ".git" not in path.parts and "build" not in str(path.relative_to(ROOT)))


def test_man_page_renders_without_warnings():
    done = subprocess.run(["man", "--warnings=w", "-l", man_page()], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    for heading in ("NAME", "SYNOPSIS", "EXIT STATUS"):
        assert heading in done.stdout


def test_man_page_knows_every_command_and_setting(evalx):
    text = subprocess.run(["man", "-l", man_page()], capture_output=True, text=True, timeout=60, env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8"}).stdout
    text = re.sub(r".\x08", "", text)
    for name in re.findall(r"^  (\w+)  ", evalx("help").stdout, re.M):
        assert re.search(rf"\b{name}\b", text), name
    for key in json.loads(evalx("config", "--json").stdout):
        assert key in text or key.startswith("limits."), key
