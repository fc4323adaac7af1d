# SPDX-License-Identifier: Apache-2.0
"""Programs that mean harm, each against a real server: what they come to, what is left of them outside, what the next run finds.

The programs are in programs/, what each may come to in hostile.yaml, the abuses by number in catalogue.yaml. One slot, so that the canary,
which runs after each of them, runs where it ran.
"""
import base64
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from harness import ROOT, SANITIZED, SLOW, Server, at_best
from outside import Outside

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
HOSTILE = yaml.safe_load((HERE / "hostile.yaml").read_text())
CATALOGUE = yaml.safe_load((HERE / "catalogue.yaml").read_text())
LANGUAGES = {".c": "c", ".cpp": "cpp", ".py": "python", ".sh": "bash", ".java": "java", ".js": "javascript", ".go": "go", ".rs": "rust", ".rb": "ruby", ".php": "php",
             ".ts": "typescript"}
SENT = ("args", "compiler_options", "files", "collect", "encoding")
# Passwords of the machine, and the home of the server's own files.
NEVER = [r"root:[$*!]", "root:/root", r"\$(1|5|6|y)\$[A-Za-z0-9./]", r"/evalx-e2e-", "BEGIN [A-Z ]*PRIVATE KEY"]
# A compiler bomb burns what the compiler may have: less of it here than by default.
COMPILE_SECONDS = {"c": 3, "cpp": 3, "rust": 5, "go": 12, "typescript": 5, "java": 8}
TIMES = 4 if SLOW > 1 else 1  # what time limits are multiplied by where they are not what is tried
RUN_TIMES = 15 if SLOW > 5 else TIMES  # and those of programs alone: on an emulated machine it is pages that take long, not compilers


def languages_with_less(folder):
    """The language definitions, with shorter limits for compilers."""
    for path in (ROOT / "languages").glob("*.yaml"):
        definition = yaml.safe_load(path.read_text())
        if definition["name"] in COMPILE_SECONDS:
            seconds = COMPILE_SECONDS[definition["name"]] * TIMES
            definition["compile"]["limits"] = {**definition["compile"].get("limits", {}), "cpu_time_ms": seconds * 1000, "wall_time_ms": seconds * 3000}
        (folder / path.name).write_text(yaml.safe_dump(definition, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def languages():
    folder = Path(tempfile.mkdtemp(prefix="evalx-languages-"))  # the server gives up root: not below pytest's closed folder
    folder.chmod(0o755)
    yield languages_with_less(folder)
    shutil.rmtree(folder)


def start(languages, slots, **settings):
    # Users that no other server on this machine gives its boxes: what belongs to them is this one's.
    return Server(languages_dir=languages, sandbox_uid_base=1_000_000 + os.getpid() * 256 + 64 * slots, slots=slots, **settings).start()


@pytest.fixture(scope="module")
def one_slot(languages):
    server = start(languages, 1)
    try:
        server.outside = Outside(server)
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def two_slots(languages):
    server = start(languages, 2)
    try:
        server.outside = Outside(server)
        yield server
    finally:
        server.close()


@pytest.fixture
def server(one_slot, request):
    request.node.servers, request.node.log_mark = [one_slot], len(one_slot.log_text())
    return one_slot


# ---- what is sent ----

def settings_of(name):
    entry = HOSTILE["programs"][name]
    path = PROGRAMS / entry.get("source", name)
    language = entry.get("language", LANGUAGES.get(path.suffix))
    common, own = HOSTILE["defaults"], HOSTILE["by_language"].get(language, {})
    merged = {**common, **own, **entry}
    merged["limits"] = limits = {**common.get("limits", {}), **own.get("limits", {}), **entry.get("limits", {})}
    if "time_limit_exceeded" not in entry.get("verdicts", []):
        limits.update(cpu_time_ms=min(limits["cpu_time_ms"] * RUN_TIMES, 15000), wall_time_ms=min(limits["wall_time_ms"] * RUN_TIMES, 60000))
    return path, language, merged


def object_file(tmp_path):
    (tmp_path / "x.c").write_text('int main(void) { return 0; }')
    subprocess.run(["gcc", "-c", "-o", tmp_path / "x.o", tmp_path / "x.c"], check=True)
    return (tmp_path / "x.o").read_bytes()


def stdin_of(value):
    return value["repeat"] * value["times"] if isinstance(value, dict) else value


def filled(value, server):
    return value.format(port=server.port, state=server.state_dir, host=os.uname().nodename)


def c_program(name, **fields):
    """A submission of a C program of programs/."""
    return {"language": "c", "code": (PROGRAMS / name).read_text(), "files": [{"name": "hostile.h", "content": (PROGRAMS / "hostile.h").read_text()}],
            "compiler_options": ["-D_GNU_SOURCE"], "test_cases": [{}], **fields}


def body_of(name, server, tmp_path):
    path, language, settings = settings_of(name)
    body = {"language": language, "limits": settings["limits"], **{field: settings[field] for field in SENT if field in settings}}
    if settings.get("elf"):
        body.update(code=base64.b64encode(object_file(tmp_path)).decode(), encoding="base64")
    else:
        body["code"] = path.read_text()
    if language in ("c", "cpp") and not settings.get("elf"):
        body["files"] = [*body.get("files", []), *c_program("canary.c")["files"]]
        body["compiler_options"] = [*body.get("compiler_options", []), "-D_GNU_SOURCE"]
    body["args"] = [filled(argument, server) for argument in settings.get("args", [])]
    body["test_cases"] = [{"stdin": stdin_of(settings.get("stdin", ""))}]
    return body, settings


# ---- what comes back ----

def said_of(document):
    """Everything that a submission shows of its programs."""
    parts = [result[field] or "" for result in document["results"] for field in ("stdout", "stderr", "message")]
    parts += [file.get("content", "") for result in document["results"] for file in result.get("files") or []]
    compiled = document["compile"] or {}
    return "\n".join(parts), "\n".join(compiled.get(field) or "" for field in ("stdout", "stderr"))


def check_said(document, never=()):
    """Nothing that must not be seen; compilers may quote a source, but nothing that ran may say that it escaped."""
    ran, compiled = said_of(document)
    assert "ESCAPED" not in ran, ran[:3000]
    assert not re.search(r"^(\S+:)? *(#error )?ESCAPED|#error ESCAPED", compiled, re.M), compiled[:3000]
    for pattern in [*NEVER, *never]:
        for text in (ran, compiled):
            assert not re.search(pattern, text), (pattern, re.search(pattern, text))


def check_verdict(document, settings):
    verdicts, expected = settings.get("verdicts", ["accepted"]), settings.get("compile", "ok")
    assert document["status"] == "completed", document
    compiled = (document["compile"] or {"verdict": "ok"})["verdict"]
    assert compiled in {"ok": ["ok"], "error": ["compilation_error"], "any": ["ok", "compilation_error"]}[expected], document["compile"]
    result = document["results"][0]
    if compiled != "ok":
        assert result["verdict"] == "compilation_error", result
        return
    assert result["verdict"] in verdicts, {**result, "stdout": result["stdout"][-2000:], "stderr": result["stderr"][-2000:]}
    if result["verdict"] == "accepted" and settings.get("stdout", "done"):
        assert settings.get("stdout", "done") in result["stdout"], result["stdout"][-2000:]
    if "memory_kb" in settings:
        assert settings["memory_kb"][0] <= result["memory_kb"] <= settings["memory_kb"][1], result["memory_kb"]
    if "wall_ms" in settings and SLOW == 1:
        assert result["wall_time_ms"] <= 2 * settings["wall_ms"], result["wall_time_ms"]  # the machine may be busy
    assert result["memory_kb"] <= settings["limits"].get("memory_kb", 262144) * 1.05, result["memory_kb"]


def canary(server, *expected):
    """The next run in the same slot finds nothing. expected: RLIMIT_NPROC, oom_score_adj, process 1's priority, where they are not root's."""
    if not expected and os.environ.get("HOSTILE_LESS"):  # the suite's servers are not given all that root has: no SYS_RESOURCE, no SYS_NICE (tests/container)
        hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        expected = (65536 if hard == resource.RLIM_INFINITY else min(hard, 65536), Path("/proc/self/oom_score_adj").read_text().strip(), 0)
    body = c_program("canary.c", args=[str(os.cpu_count()), *map(str, expected)],
                     limits={"memory_kb": 65536, "cpu_time_ms": 2000 * TIMES, "wall_time_ms": 5000 * TIMES, "stack_kb": 65536, "file_kb": 16384})
    document = server.result(server.submit(body))
    result = document["results"][0]
    assert result["stdout"] == "clean\n", (result, document["compile"])
    assert result["verdict"] == "accepted"


def marks(name):
    return [pytest.mark.slow] if HOSTILE["programs"][name].get("slow") else []


# The jail is never built with sanitizers, and what they look at is the same for each program: a third of them is enough there.
@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in list(HOSTILE["programs"])[::4 if SANITIZED else 1]])
def test_program(server, name, tmp_path):
    body, settings = body_of(name, server, tmp_path)
    document = server.result(server.submit(body), 90)
    check_verdict(document, settings)
    check_said(document, settings.get("never", ()))
    server.outside.check()
    canary(server)


# ---- one after the other, and both at once ----

def rendezvous(server, ways):
    body = c_program("rendezvous.c", limits={"cpu_time_ms": 3000 * TIMES, "wall_time_ms": 6000 * TIMES, "memory_kb": 65536}, test_cases=[{"stdin": way} for way in ways])
    document = server.result(server.submit(body))
    assert document["status"] == "completed" and [result["verdict"] for result in document["results"]] == ["accepted"] * len(ways), document
    check_said(document)
    return document


def test_two_runs_do_not_meet_one_after_the_other(server):  # 64, 69
    for _ in range(2):
        for way in ("leave", "look"):
            rendezvous(server, [way])
    rendezvous(server, ["leave", "look"] * 4)
    server.outside.check()
    canary(server)


def test_sockets_in_flight_do_not_reach_the_next_run(server):  # 27, 69
    cases = [{"stdin": how} for how in ("leave", "look", "look")] * 3
    document = server.result(server.submit(c_program("in_flight.c", limits={"cpu_time_ms": 3000 * TIMES, "wall_time_ms": 6000 * TIMES, "memory_kb": 65536}, test_cases=cases)))
    check_said(document)
    assert all(result["verdict"] == "accepted" for case, result in zip(cases, document["results"]) if case["stdin"] == "look"), document["results"]
    server.outside.check()
    canary(server)


def test_boxes_out_of_memory_do_not_end_the_engine(server):  # 103
    limits = {"cpu_time_ms": 2000 * TIMES, "wall_time_ms": 5000 * TIMES, "memory_kb": 16384}
    document = server.result(server.submit(c_program("launcher_oom.c", limits=limits, test_cases=[{}] * 12)))
    assert [result["verdict"] for result in document["results"]] == ["memory_limit_exceeded"] * 12, document
    server.outside.check()
    canary(server)


def test_two_runs_do_not_meet_at_once(two_slots):  # 64, 69
    rendezvous(two_slots, ["look"])  # compiles it

    def meet():
        began = time.monotonic()
        document = rendezvous(two_slots, ["first", "second"])
        assert all(result["wall_time_ms"] > 1900 for result in document["results"])
        return time.monotonic() - began

    at_best(meet, lambda took: took < 3.5 or SLOW > 1)  # one after the other they would take 4 s
    two_slots.outside.check()


def test_losing_process_1_again_and_again_costs_nobody_else(server):  # 25
    """Each test case has the kernel kill process 1 of its box, so that the slot is built anew: as often as they like."""
    body = c_program("launcher_first.c", test_cases=[{}] * 20, limits={"memory_kb": 16384, "cpu_time_ms": 3000 * TIMES, "wall_time_ms": 6000 * TIMES})
    document = server.result(server.submit(body), 90)
    assert [result["verdict"] for result in document["results"]] == ["memory_limit_exceeded"] * 20, document
    check_said(document)
    server.outside.check()
    canary(server)


def test_what_was_sent_over_itself_has_gone(server):  # 27, 64
    """Sockets in flight, and the numbers of System V objects, tell the next run nothing."""
    body = c_program("names_in_flight.c", limits={"memory_kb": 65536}, test_cases=[{"stdin": how} for how in ("leave", "look") * 4])
    document = server.result(server.submit(body))
    assert [result["verdict"] for result in document["results"]] == ["accepted"] * 8, document
    check_said(document)
    server.outside.check()
    canary(server)


def test_a_test_case_finds_nothing_of_the_one_before(server):  # 58
    body = {"language": "python", "code": (PROGRAMS / "own_state.py").read_text(), "test_cases": [{"stdin": "leave"}, {"stdin": "look"}] * 3}
    document = server.result(server.submit(body))
    assert [result["stdout"] for result in document["results"]] == ["done\n"] * 6, document["results"]
    canary(server)


def test_a_compiler_finds_nothing_of_an_earlier_run(server):  # 91
    for name in ("leaves_header.c", "finds_header.c", "leaves_header.c", "finds_header.c"):
        # A comment of its own each time: this is about a compiler that runs, not about the cache.
        body = c_program(name)
        body["code"] = f"/* {time.monotonic_ns()} */\n" + body["code"]
        document = server.result(server.submit(body))
        assert document["results"][0]["stdout"] == "done\n", document
        check_said(document)
    server.outside.check()
    canary(server)


def test_an_artifact_is_its_own_programs(server):  # 100
    """The same source with other options, other files or in another language is another artifact."""
    code = '#include <stdio.h>\n#include "value.h"\nint main(void) { printf("%d %d %d\\n", X, VALUE, (int)sizeof \'a\'); }\n'
    for language, x, value in [("c", 1, 7), ("c", 2, 7), ("c", 1, 8), ("cpp", 1, 7), ("c", 1, 7), ("c-clang", 2, 8)] * 2:
        size = 1 if language == "cpp" else 4
        document = server.run(language, code, files=[{"name": "value.h", "content": f"#define VALUE {value}\n"}], compiler_options=[f"-DX={x}"])
        assert document["results"][0]["stdout"] == f"{x} {value} {size}\n", (language, x, value, document)


# ---- collected files ----

TRICKS = ("symlink", "magic", "loop", "fifo", "directory", "socket", "hard link", "hard link of the image", "sparse", "holes", "unreadable", "crowded directory", "swap", "locked folder")


@pytest.mark.parametrize("how", TRICKS)
def test_tricks_are_not_collected(server, how):  # 49, 50, 51, 52, 54, 55
    body = c_program("collected_tricks.c", collect=["out.txt", "out.txt/1", "other"], test_cases=[{"stdin": how}],
                     limits={"cpu_time_ms": 2000 * TIMES, "wall_time_ms": 5000 * TIMES, "memory_kb": 131072, "file_kb": 32768})
    document = server.result(server.submit(body))
    result = document["results"][0]
    assert result["verdict"] == "accepted" and "done" in result["stdout"], document
    check_said(document)
    content = {file["name"]: file["content"] for file in result.get("files", []) if file.get("content")}
    assert set(content) <= {"out.txt"} and (how in ("sparse", "holes", "unreadable") or not content.get("out.txt")), list(content)
    assert all(len(text) <= 1 << 20 for text in content.values())
    server.outside.check()
    canary(server)


def test_a_checker_is_in_a_box_too(server):  # 58, 59
    checker = {field: value for field, value in c_program("hostile_checker.c").items() if field != "test_cases"}
    body = {"language": "bash", "code": "echo 42", "test_cases": [{"stdin": "1\n", "expected_output": "42\n"}] * 2, "checker": {"type": "program", **checker}}
    document = server.result(server.submit(body))
    assert document["status"] == "completed" and document["verdict"] in ("accepted", "internal_error"), document
    check_said(document)
    server.outside.check()
    canary(server)


# ---- what must be refused before anything runs ----

OPTIONS = ["-o/tmp/evalx-hostile", "-o", "-fplugin=/tmp/evalx-hostile.so", "-fplugin-arg-x=1", "-specs=/tmp/x", "--specs=/tmp/x", "-B/tmp", "-B", "-wrapper", "-wrapper sh,-c,id", "@/etc/passwd",
           "-Wl,-o,/tmp/evalx-hostile", "-Wl,--dynamic-linker=/tmp/x", "-Wl,-T,/etc/passwd", "-Wa,-a=/tmp/evalx-hostile", "-Wp,-MD,/tmp/evalx-hostile", "-x", "-xc++", "--sysroot=/",
           "-isysroot/", "-I/etc", "-I/root", "-include/etc/passwd", "-imacros/etc/passwd", "-iquote/etc", "-isystem/etc", "-L/root", "-l:../../x.a", "-lgcc/../../x", "-T/etc/passwd",
           "-Xlinker", "-Xassembler", "-Xpreprocessor", "-save-temps", "-save-temps=obj", "-dumpdir/tmp", "-fdump-tree-all=/tmp/evalx-hostile", "-fprofile-dir=/tmp", "-fprofile-use=/tmp/x",
           "-MD", "-MF/tmp/evalx-hostile", "-E", "-S", "-c", "-M", "-v", "-###", "-shared", "-nostdlib", "-print-search-dirs", "-fuse-ld=/tmp/x", "-fmodule-mapper=|id", "-fdebug-prefix-map=a=b",
           "-gsplit-dwarf", "-fstack-usage", "-fcallgraph-info", "-fopt-info-all=/tmp/evalx-hostile", "-aux-info", "-Q", "--help", "-march=native;id", "-O2 -o x", "-D", "-O2\n-o", "", "-", "--"]


@pytest.mark.parametrize("language", ["c", "cpp", "c-clang", "java", "go", "rust", "typescript"])
def test_dangerous_options_are_refused(server, language):  # 93, 94, 95, 97
    own = {"java": ["-J-agentpath:/tmp/x.so", "-processorpath", "-processor", "-proc:only", "-cp", "-d/tmp", "@/etc/passwd", "-J-Xmx9g", "--module-path=/", "-Xplugin:x", "-sourcepath"],
           "go": ["-toolexec=/tmp/x", "-exec=/tmp/x", "-overlay=/tmp/x", "-modfile=/tmp/x", "-ldflags=-extld=/tmp/x", "-gcflags=-o=/tmp/x", "-asmflags=x", "-compiler=gccgo", "-o=/tmp/x", "-mod=mod",
                  "-pkgdir=/tmp", "-buildmode=plugin", "-C=/tmp", "-tags=a b"],
           "rust": ["-Clinker=/tmp/x", "-Clink-arg=-o/tmp/x", "-Clink-args=x", "-Zunstable", "--extern=x=/tmp/x", "-L/tmp", "--crate-type=proc-macro", "--emit=link=/tmp/x", "--out-dir=/tmp", "-o/tmp/x",
                    "-Cincremental=/tmp", "--sysroot=/tmp", "-Cprofile-use=/tmp/x", "@/etc/passwd", "-Cextra-filename=../x", "--remap-path-prefix=a=b", "-Csave-temps"],
           "typescript": ["--outDir=/tmp", "--project=/tmp", "-p/tmp", "--plugins=x", "--typeRoots=/etc", "--rootDir=/", "--build", "--watch", "--generateTrace=/tmp", "@/etc/passwd", "--tsBuildInfoFile=/tmp/x"],
           }.get(language, OPTIONS)
    taken = []
    for option in own:
        answer = server.post("/execute-batch", {"language": language, "code": "x", "compiler_options": [option], "test_cases": [{}]})
        if answer.status_code != 422 or not any(error["field"].startswith("compiler_options") for error in answer.json()["errors"]):
            taken.append((option, answer.status_code, answer.text))
    assert not taken, taken


@pytest.mark.parametrize("name", ["-o", "-ofoo.c", "-fplugin=x.c", "-Wl,-o,x.c", "@x.c", "--.c", "a;b.c", "$(id).c", "a b.c", "a'b.c", 'a"b.c', "-", "-.h", "*.c", "~.c", "\\x.c"])
def test_file_names_are_names(server, name):  # 99
    """A name that a command line or a shell would read as something else is refused, or is a name."""
    answer = server.post("/execute-batch", {"language": "c", "code": '#include <stdio.h>\nint main(void) { puts("done"); return 0; }',
                                            "files": [{"name": name, "content": "static int evalx;\n"}], "test_cases": [{}]})
    if answer.status_code == 422:
        assert any(error["field"].startswith("files") for error in answer.json()["errors"]), answer.text
    else:
        document = server.result(answer.json()["token"])
        assert document["results"][0]["stdout"] == "done\n", document
        check_said(document)
    server.outside.check()


@pytest.mark.parametrize("field", ["env", "environment", "environ", "variables", "mounts", "user", "uid", "cwd", "command", "argv", "network", "enable_network", "privileged"])
def test_settings_of_the_box_cannot_be_sent(server, field):  # 81
    answer = server.post("/execute-batch", {"language": "python", "code": "print(1)", "test_cases": [{}], field: {"LD_PRELOAD": "/tmp/x.so"}})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field, answer.text


# ---- the catalogue ----

def test_every_line_is_tried():
    """Each number of the catalogue has a program, a test here, or says where else it is tried."""
    tried = {number for entry in HOSTILE["programs"].values() for number in entry["catalogue"]}
    tried |= {int(number) for line in re.findall(r"^def test_.*#([\d, ]+)$", Path(__file__).read_text(), re.M) for number in line.split(",")}
    elsewhere = {number for number, line in CATALOGUE.items() if "elsewhere" in line}
    assert sorted(CATALOGUE) == list(range(1, len(CATALOGUE) + 1))
    assert set(CATALOGUE) - tried - elsewhere == set()
    assert tried <= set(CATALOGUE)
    for number in elsewhere:
        for path in re.findall(r"(?:tests|docs|src)/[\w/.]+", CATALOGUE[number]["elsewhere"]):
            assert (ROOT / path).exists(), (number, path)


def test_there_are_enough_programs():
    used = {settings_of(name)[0].name for name in HOSTILE["programs"]} | {path.name for path in PROGRAMS.iterdir() if path.name in Path(__file__).read_text()}
    unused = {path.name for path in PROGRAMS.iterdir()} - used
    assert not unused, unused
    assert len(HOSTILE["programs"]) >= 80
