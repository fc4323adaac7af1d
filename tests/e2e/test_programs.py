# SPDX-License-Identifier: Apache-2.0
"""Real programs in every language: each must come to the verdict that programs/cases.yaml states for it."""
import re
from pathlib import Path

import pytest
import yaml
from harness import SANITIZED

PROGRAMS = Path(__file__).parent / "programs"
LANGUAGES = ["c", "c-clang", "cpp", "cpp-clang", "java", "python", "javascript", "typescript", "go", "rust", "ruby", "php", "bash"]
SOURCES = {"c-clang": "c", "cpp-clang": "cpp"}  # a second compiler for the same programs
CASES = yaml.safe_load((PROGRAMS / "cases.yaml").read_text())
DEFAULTS = CASES.pop("defaults")
EXPECTED = ("verdict", "stdout", "exit_code", "signal", "message", "stderr", "cpu_time_ms", "wall_time_ms")
TEST_FIELDS = ("args", "expected_output", "limits")
MINIMUM = 6  # programs in each language


def program(language, case):
    """(code, files) of a case's program in this language, or None."""
    own = (CASES[case].get("languages") or {}).get(language, {})
    name = own.get("source") or CASES[case].get("source", case)
    folder = PROGRAMS / SOURCES.get(language, language)
    single = list(folder.glob(f"{name}.*"))
    if single:
        return single[0].read_text(), []
    if (folder / name).is_dir():
        main = next((folder / name).glob("main.*"))
        others = sorted(path for path in (folder / name).rglob("*") if path.is_file() and path != main)
        return main.read_text(), [{"name": str(path.relative_to(folder / name)), "content": path.read_text()} for path in others]
    return None


def applies(language, case):
    only = CASES[case].get("only")
    return (only is None or language in only) and program(language, case) is not None


ALL = [(language, case) for language in LANGUAGES for case in CASES if applies(language, case)]
TRIED = ALL[::7] if SANITIZED else ALL  # what a sanitizer looks at is the same for each program


def stdin_of(value):
    if isinstance(value, dict) and "range" in value:
        return "".join(f"{i}\n" for i in range(1, value["range"] + 1))
    if isinstance(value, dict):
        return value["repeat"] * value["times"]
    return value


def for_language(language, case):
    """The case with the values that are special for this language, and its test cases with what to expect of each."""
    merged = {**DEFAULTS, **{key: value for key, value in CASES[case].items() if key not in ("languages", "only", "source")}}
    own = dict((CASES[case].get("languages") or {}).get(language, {}))
    expect = own.pop("expect", {})
    merged.update(own)
    merged["tests"] = [{**test, **expect} for test in merged["tests"]]
    return merged


def request_of(language, case, merged):
    code, files = program(language, case)
    body = {"language": language, "code": code, "limits": merged["limits"], "test_cases": []}
    if files:
        body["files"] = files
    for field in ("args", "checker", "compiler_options"):
        if field in merged:
            body[field] = merged[field]
    for test in merged["tests"]:
        sent = {field: test[field] for field in TEST_FIELDS if field in test}
        if "stdin" in test:
            sent["stdin"] = stdin_of(test["stdin"])
        body["test_cases"].append(sent)
    return body


def check(test, result):
    expected = {"verdict": "accepted", **{field: test[field] for field in EXPECTED if field in test}}
    for field, value in expected.items():
        got = result[field]
        if field in ("message", "stderr"):
            assert re.search(value, got or "", re.S), (field, value, result)
        elif isinstance(value, list):
            assert value[0] <= got <= value[1], (field, value, result)
        else:
            assert got == value, (field, value, result)
    if result["verdict"] == "accepted":
        assert result["message"] is None, result


class Started:
    """Programs that run already: with each that is asked for the one after it is submitted as well, so that no core waits for the test."""

    def __init__(self, server):
        self.server, self.tokens = server, {}

    def token(self, language, case):
        following = TRIED[TRIED.index((language, case)):][:2]
        for one in following:
            if one not in self.tokens:
                self.tokens[one] = self.server.submit(request_of(*one, for_language(*one)))
        return self.tokens[language, case]


@pytest.fixture(scope="module")
def started(shared_server):
    return Started(shared_server)


@pytest.mark.parametrize("language, case", TRIED, ids=lambda value: value)
@pytest.mark.timeout(180)
def test_program(server, started, language, case):
    merged = for_language(language, case)
    document = server.result(started.token(language, case))
    assert document["status"] == "completed", document
    assert document["language"]["name"] == language
    compile_verdict = (document["compile"] or {}).get("verdict")
    if merged.get("compile"):
        assert compile_verdict == merged["compile"], document["compile"]
        assert document["verdict"] == merged["verdict"]
        said = document["compile"]["stdout"] + document["compile"]["stderr"]
        assert "undeclared_thing" in said, document["compile"]
        assert all(result["verdict"] in ("compilation_error", "skipped") for result in document["results"]), document["results"]
        return
    assert compile_verdict in ("ok", None), document["compile"]
    assert len(document["results"]) == len(merged["tests"])
    for test, result in zip(merged["tests"], document["results"]):
        check(test, result)
    verdicts = [test.get("verdict", "accepted") for test in merged["tests"]]
    assert document["verdict"] == next((verdict for verdict in verdicts if verdict != "accepted"), "accepted")
    assert document["summary"]["total"] == len(verdicts)
    assert document["summary"]["passed"] == verdicts.count("accepted")


def test_every_language_is_there_and_tested(server):
    """No language of the set may be missing here: its programs would not be tested."""
    available = server.languages()
    assert [language for language in LANGUAGES if language not in available] == []
    for language in LANGUAGES:
        assert sum(1 for name, _ in ALL if name == language) >= MINIMUM, language
        assert re.match(r"\d+(\.\d+)*", available[language]["version"]), available[language]


def test_no_case_without_a_program():
    assert [case for case in CASES if not any(name == case for _, name in ALL)] == []


def test_a_program_of_every_kind_in_one_batch(server):
    """Results stand in the order of the test cases, whatever each of them comes to."""
    code = r"""
import sys, time, os
what = sys.stdin.readline().strip()
if what == "loop":
    while True: pass
if what == "sleep": time.sleep(1000)
if what == "flood":
    while True: print("x" * 1000)
if what == "hog": a = [bytearray(b"x") * (1 << 20) for _ in range(10000)]
if what == "exit": sys.exit(7)
if what == "kill": os.kill(os.getpid(), 9)
print(what)
"""
    kinds = {"fine": "accepted", "loop": "time_limit_exceeded", "sleep": "time_limit_exceeded", "flood": "output_limit_exceeded",
             "hog": "memory_limit_exceeded", "exit": "runtime_error", "kill": "runtime_error", "other": "wrong_answer"}
    names = list(kinds) * 3
    tests = [{"name": f"{name} {i}", "stdin": name + "\n", "expected_output": "else" if name == "other" else name}
             for i, name in enumerate(names)]
    document = server.run("python", code, tests, limits={"cpu_time_ms": 500, "wall_time_ms": 1500, "memory_kb": 65536})
    got = [(result["name"], result["verdict"]) for result in document["results"]]
    assert got == [(f"{name} {i}", kinds[name]) for i, name in enumerate(names)]
    assert document["verdict"] == "time_limit_exceeded"
    assert document["summary"] == {**document["summary"], "total": 24, "passed": 3}
    assert {result["signal"] for result in document["results"] if result["name"].startswith("kill")} == {"SIGKILL"}


def test_stop_on_first_failure(server):
    tests = [{"stdin": f"{i}\n", "expected_output": "0\n" if i == 3 else f"{i}\n"} for i in range(40)]
    document = server.run("python", "print(input())", tests, stop_on_first_failure=True)
    verdicts = [result["verdict"] for result in document["results"]]
    assert verdicts[3] == "wrong_answer" and document["verdict"] == "wrong_answer"
    assert verdicts[-1] == "skipped"
    assert set(verdicts) == {"accepted", "wrong_answer", "skipped"}
    assert verdicts.count("wrong_answer") == 1


def test_compiled_once_and_cached(server):
    code = f"// {server.port}\nint main(void) {{ return 0; }}\n"  # nobody compiled this before
    first = server.run("c", code, [{}] * 20)
    second = server.run("c", code, [{}])
    assert first["compile"]["cached"] is False and second["compile"]["cached"] is True
    assert first["verdict"] == second["verdict"] == "accepted"
    assert server.run("c", code + "\n", [{}])["compile"]["cached"] is False
    assert server.run("c", code, [{}], compiler_options=["-O1"])["compile"]["cached"] is False


def test_version_selects_and_refuses(server):
    version = server.languages()["c"]["version"]
    document = server.run("c", "int main(void){return 0;}", version=version.split(".")[0])
    assert document["language"] == {"name": "c", "version": version}
    answer = server.post("/execute-batch", {"language": "c", "version": "999", "code": "x", "test_cases": [{}]})
    assert answer.status_code == 422 and [error["field"] for error in answer.json()["errors"]] == ["version"]


@pytest.mark.parametrize("alias, name", [("c++", "cpp"), ("py", "python"), ("js", "javascript"), ("ts", "typescript"), ("golang", "go"),
                                         ("rs", "rust"), ("rb", "ruby"), ("sh", "bash"), ("CPP", "cpp")])
def test_aliases(server, alias, name):
    code = {"cpp": "int main(){}", "go": "package main\nfunc main(){}", "rust": "fn main(){}", "php": "<?php"}.get(name, "")
    body = {"language": alias, "code": code or "1" if name not in ("bash",) else "true", "test_cases": [{}]}
    assert server.result(server.submit(body))["language"]["name"] == name


# ---- what goes wrong between compiling and running ----

@pytest.mark.parametrize("depth, verdict", [(16, "accepted"), (17, "compilation_error")])
def test_packages_may_be_sixteen_folders_deep(server, depth, verdict):
    package = ".".join(f"p{i}" for i in range(depth))
    code = f"package {package};\npublic class Main {{ public static void main(String[] a) {{ System.out.println(1); }} }}\n"
    document = server.run("java", code, [{"expected_output": "1"}], limits=DEFAULTS["limits"])
    assert document["verdict"] == verdict, document
    if verdict != "accepted":
        assert "deeper than 16 folders" in document["compile"]["message"], document


def test_what_the_compiler_made_is_not_a_program(server):
    document = server.run("rust", '#![crate_type = "cdylib"]\n#[no_mangle]\npub extern "C" fn f() {}\n', [{}], limits=DEFAULTS["limits"])
    result = document["results"][0]
    assert (document["compile"]["verdict"], result["verdict"]) == ("ok", "runtime_error"), document
    assert result["message"].startswith("the program could not be started: "), result
    assert result["message"].endswith("; what the compiler made is not a program"), result


# ---- TypeScript's strictness, whatever Node brings with it ----

IMPLICIT = "function f(x) { return x }\nconsole.log(f(1))\n"
STRICT = """
import * as readline from 'readline';
import Emitter from 'events';
import { readFileSync } from 'fs';
const lines: string[] = [];
const numbers: number[] = lines.concat(readFileSync('/dev/null', 'utf8').split('\\n')).map(Number);
new Emitter().on('x', v => console.log(v, numbers.length)).emit('x', 7);
process.on('exit', code => console.log('end', code));
const rl: readline.Interface = readline.createInterface({ input: process.stdin });
rl.on('line', line => lines.push(line)).on('close', () => console.log(lines.length));
"""


@pytest.mark.parametrize("option", ["--strict", "--noImplicitAny"])
@pytest.mark.timeout(180)
def test_strict_typescript_is_strict(server, option):
    refused = server.run("typescript", IMPLICIT, [{}], compiler_options=[option], limits=DEFAULTS["limits"])
    assert refused["verdict"] == "compilation_error" and "TS7006" in refused["compile"]["stdout"], refused
    passes = server.run("typescript", STRICT, [{"stdin": "a\nb\n", "expected_output": "7 1\n2\nend 0\n"}], compiler_options=[option],
                        limits=DEFAULTS["limits"])
    assert passes["verdict"] == "accepted", passes


def test_typescript_is_lenient_when_nobody_asks(server):
    document = server.run("typescript", IMPLICIT, [{"expected_output": "1"}], compiler_options=["--noUnusedLocals"], limits=DEFAULTS["limits"])
    assert document["verdict"] == "accepted", document


def test_bash_has_its_calculator(server):
    document = server.run("bash", 'echo "scale=3; 10/3" | bc', [{"expected_output": "3.333"}])
    assert document["verdict"] == "accepted", document
