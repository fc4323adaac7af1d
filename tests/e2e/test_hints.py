# SPDX-License-Identifier: Apache-2.0
"""Hints from end to end: in results and in the document, off by request, and on the command line."""
import json
import subprocess

import pytest
from harness import EVALX


def run(server, **request):
    return server.result(server.submit(request), seconds=120)


def test_a_compile_error(shared_server):
    code = "#include <stdio.h>\nint main(void) {\n    int counter = 0;\n    printf(\"%d\\n\", conter);\n}\n"
    document = run(shared_server, language="c", code=code, test_cases=[{"stdin": ""}])
    assert document["verdict"] == "compilation_error"
    assert document["hints"] == ["Line 4: 'conter' is not declared. Did you mean 'counter'?"]
    assert document["hint_details"] == [{"text": document["hints"][0], "rule": "c.undeclared", "source": "rule", "file": "main.c", "line": 4}]
    assert "conter" in document["compile"]["stderr"], "what the compiler said stays as it is"


@pytest.mark.parametrize("line, said", [
    ("total += square(3) * fctor;", ["'fctor' is not declared", "the function 'square' is not known"]),
    ("totl += square(3);", ["'totl' is not declared. Did you mean 'total'?", "the function 'square' is not known"]),
    ("char name[10] = getName();", ["the array 'name' cannot be made from what `getName` returns"]),
    ("If (total > 3) { total = 3; }", ["`If` is not a word of this language. Did you mean `if`?"]),
])
def test_an_error_is_no_echo_of_a_warning(shared_server, line, said):
    """GCC warns of the function that it does not know, and refuses the program for something else in the same line."""
    code = "#include <stdio.h>\nint main(void) {\n    int total = 0;\n    " + line + "\n    printf(\"%d\\n\", total);\n}\n"
    document = run(shared_server, language="c", code=code)
    assert "4:" in document["compile"]["stderr"] and "warning: implicit declaration" in document["compile"]["stderr"]
    assert len(document["hints"]) == len(said), document["hints"]
    for hint, words in zip(document["hints"], said):
        assert hint.startswith("Line 4") and words in hint, document["hints"]


MISSING_BRACE = {  # a loop's brace is missing before the line that prints; and where that stands
    "c": ("#include <stdio.h>\nint main(void) {\n    int sum = 0;\n    for (int i = 0; i < 3; i++) {\n        sum += i;\n    printf(\"%d\\n\", sum);\n    return 0;\n}\n", 6),
    "cpp": ("#include <cstdio>\nint main()\n{\n    int sum = 0;\n    for (int i = 0; i < 3; i++)\n    {\n        sum += i;\n    std::printf(\"%d\\n\", sum);\n}\n", 8),
    "java": ("public class Main {\n    public static void main(String[] args) {\n        int sum = 0;\n        for (int i = 0; i < 3; i++) {\n            sum += i;\n"
             "        System.out.println(sum);\n    }\n}\n", 6),
    "go": ("package main\n\nfunc main() {\n\tsum := 0\n\tfor i := 0; i < 3; i++ {\n\t\tsum += i\n\tprintln(sum)\n}\n", 7),
    "rust": ("fn main() {\n    let mut sum = 0;\n    for i in 0..3 {\n        sum += i;\n    println!(\"{}\", sum);\n}\n", 5),
}


@pytest.mark.parametrize("language", MISSING_BRACE)
def test_where_a_brace_is_missing(shared_server, language):
    code, line = MISSING_BRACE[language]
    document = run(shared_server, language=language, code=code)
    assert document["verdict"] == "compilation_error"
    assert document["hints"][0].endswith(f"'}}' is missing before line {line}."), document["hints"]


def test_test_cases_share_their_hints(shared_server):
    tests = [{"stdin": "4\n", "expected_output": "2\n"}, {"stdin": "0\n"}, {"stdin": "0\n"}, {"stdin": "5\n", "expected_output": "2\n"}]
    document = run(shared_server, language="python", code="n = int(input())\nprint(8 // n)\n", test_cases=tests)
    first, second, third, fourth = (result["hints"] for result in document["results"])
    assert first == []
    assert second == third == ["Line 2: division by zero: `n` is 0 here. Check it before dividing."]
    assert "off by one" in fourth[0]
    assert document["hints"] == second + fourth
    assert "hint_details" not in document["results"][0]


def test_warnings_are_evidence_and_stay_aside(shared_server):
    """GCC sees the mistake only with -Wall; the compile step shows what the plain compiler prints, which is nothing."""
    code = "#include <stdio.h>\nint main(void) {\n    int n = 0;\n    scanf(\"%d\", &n);\n    if (n = 5)\n        puts(\"five\");\n    else\n        puts(\"other\");\n}\n"
    tests = [{"stdin": "5\n", "expected_output": "five\n"}, {"stdin": "3\n", "expected_output": "other\n"}, {"stdin": "4\n", "expected_output": "other\n"}]
    document = run(shared_server, language="c", code=code, test_cases=tests)
    assert [result["verdict"] for result in document["results"]] == ["accepted", "wrong_answer", "wrong_answer"]
    assert document["compile"]["stderr"] == "" and document["compile"]["stdout"] == ""
    assert document["hints"][0].startswith("Line 5, `if (n = 5)`: one '=' stores a value"), document["hints"]
    assert document["results"][0]["hints"] == [] and document["results"][1]["hints"][0] == document["results"][2]["hints"][0]
    assert document["hint_details"][0]["line"] == 5


def test_no_hints_when_none_are_wanted(shared_server):
    document = run(shared_server, language="python", code="prnt(1)\n", hints=False)
    assert document["verdict"] == "runtime_error"
    assert document["hints"] == [] and document["results"][0]["hints"] == [] and "hint_details" not in document


def test_another_language_falls_back_to_english(shared_server):
    document = run(shared_server, language="python", code="prnt(1)\n", hint_language="xx-YY")
    assert document["hints"] == ["Line 1: 'prnt' is not defined. Did you mean 'print'?"]


def test_accepted_results_have_none(shared_server):
    code = "import sys\nprint('Traceback (most recent call last):\\n  File \"main.py\", line 1\\nNameError: name x is not defined', file=sys.stderr)\n"
    document = run(shared_server, language="python", code=code)
    assert document["verdict"] == "accepted" and document["hints"] == []


@pytest.mark.parametrize("arguments, status, said", [
    (["check"], 0, ", 0 mistakes"),
    (["explain"], 2, "usage: evalx hints check | evalx hints explain"),
    (["explain", "{source}", "--message", "{message}"], 0, "hint: Line 1: 'conter' is not declared. Did you mean 'counter'?"),
    (["explain", "{source}", "--message", "{message}", "--stage", "dream"], 2, "--stage must be compile or run"),
])
def test_the_command(tmp_path, arguments, status, said):
    (tmp_path / "main.c").write_text("int main(void) { int counter = 0; return conter; }\n")
    (tmp_path / "said.txt").write_text("main.c:1:42: error: 'conter' undeclared (first use in this function)\n")
    names = {"source": tmp_path / "main.c", "message": tmp_path / "said.txt"}
    done = subprocess.run([EVALX, "hints", *(text.format(**names) for text in arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done
    assert said in done.stdout + done.stderr


def test_a_bad_rule_file_names_its_line(tmp_path):
    (tmp_path / "c.yaml").write_text("language: c\nrules:\n  - id: c.x\n    stage: compile\n    pattern: '('\n    text: {en: a}\n")
    done = subprocess.run([EVALX, "hints", "check", "--hints-dir", tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and f"{tmp_path}/c.yaml:5: bad pattern: " in done.stderr


def test_what_check_finds(tmp_path):
    rule = "  - id: c.{name}\n    stage: compile\n    pattern: 'a(?<name>b)'\n    text: {{en: '{text}'}}\n    examples: [{{message: 'main.c:1:1: ab', hint: none}}]\n"
    form = "messages:\n  - stage: compile\n    head: '^main.c:1:1: '\n"
    (tmp_path / "c.yaml").write_text("language: c\n" + form + "rules:\n" + rule.format(name="one", text="always") + rule.format(name="two", text="{nme}"))
    done = subprocess.run([EVALX, "hints", "check", "--hints-dir", tmp_path, "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and json.loads(done.stdout)["mistakes"] >= 4
    for said in ("c.yaml:6: c.one: no example that must match", "c.one: an example that must not match does: always", "c.two: unknown capture {nme}",
                 "c.two: can never be reached: c.one takes all of its messages"):
        assert said in done.stderr, done.stderr
