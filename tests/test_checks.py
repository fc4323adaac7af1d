# SPDX-License-Identifier: Apache-2.0
"""The tree's own rules: layers and stand-alone headers; and that the tools which check them do catch what they should."""
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import check_headers
import check_layers
import summarize

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def copy(tmp_path):
    """A copy of src/ to break."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    return tmp_path


@pytest.fixture(scope="module")
def before():
    """What a copy has against it before it is broken."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", Path(folder) / "src")
        return set(check_layers.check_tree(folder))


def test_layers_hold():
    assert check_layers.check_tree(ROOT) == []


@pytest.mark.parametrize("file, line, complaint", [
    ("base/bad.c", '#include "model/limits.h"', 'base/ must not include "model/limits.h"'),
    ("model/bad.c", '#include "http/http.h"', 'model/ must not include "http/http.h"'),
    ("http/bad.h", '#include "store/store.h"', 'http/ must not include "store/store.h"'),
    ("api/bad.c", '#include "worker/worker.h"', 'api/ must not include "worker/worker.h"'),
    ("worker/bad.c", '#  include "http/http.h"', 'worker/ must not include "http/http.h"'),
    ("checker/bad.c", '#include "store/store.h"', 'checker/ must not include "store/store.h"'),
    ("store/memory.c", "#include <sqlite3.h>", "<sqlite3.h> belongs to"),
    ("box/bad.c", "#include <seccomp.h>", "<seccomp.h> belongs to"),
    ("model/bad.c", '#include "model/no_such.h"', "does not exist"),
    ("model/bad.c", "void f(void) { exit(1); }", "ends the process"),
    ("store/bad.c", "void f(void) { abort(); }", "only base/ gives up"),
    ("language/bad.c", 'const char *f(void) { return getenv("X"); }', "reads the environment"),
    ("box/bad.c", "int f(void) { return unshare(CLONE_NEWNS); }", "only jail/ makes namespaces"),
    ("box/bad.c", "long f(void) { return syscall(SYS_clone3, 0, 0); }", "only jail/ makes namespaces"),
    ("worker/bad.c", 'int f(void) { return mount("a", "b", "c", 0, 0); }', "only jail/ makes namespaces"),
    ("worker/bad.c", 'const char *f(void) { return "memory.max"; }', "only jail/ touches cgroup files"),
    ("attic/bad.c", "int x;", "no known room"),
])
def test_layer_violation_is_caught(copy, before, file, line, complaint):
    bad = copy / "src" / file
    bad.parent.mkdir(exist_ok=True)
    bad.write_text(f"int unrelated;\n{line}\n")
    new = set(check_layers.check_tree(copy)) - before
    assert any(complaint in problem and file in problem for problem in new), new


@pytest.mark.parametrize("text", [
    '/* #include "http/http.h" and exit(1) */',
    '// unshare(CLONE_NEWNS)',
    'const char *help = "call exit(1) or mount(2)";',
    'int at_exit(int x); int f(void) { return at_exit(1); }',
])
def test_comments_strings_and_longer_names_are_no_violation(copy, before, text):
    (copy / "src/model/fine.c").write_text(text + "\n")
    assert set(check_layers.check_tree(copy)) == before


def test_an_empty_tree_is_a_violation(tmp_path):
    assert check_layers.check_tree(tmp_path)


def test_compilers_are_there():
    assert check_headers.compilers() == ["gcc", "clang"]


@pytest.mark.parametrize("header", check_headers.headers(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_header_compiles_alone(header):
    for compiler in check_headers.compilers():
        assert check_headers.check_header(ROOT, header, compiler) == ""


def test_header_that_needs_another_is_caught(copy):
    bad = copy / "src/model/bad.h"
    bad.write_text("size_t needs_stddef_first(struct nobody_declared *x);\nuint32_t f(void);\n")
    for compiler in check_headers.compilers():
        assert "bad.h" in check_headers.check_header(copy, bad, compiler)


def test_every_source_has_a_licence_line():
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        assert path.read_text().startswith("/* SPDX-License-Identifier: Apache-2.0 */"), path


def meson_line(result="OK", stdout="", code=0):
    return json.dumps({"name": "unit", "result": result, "stdout": stdout, "stderr": "", "returncode": code}) + "\n"


@pytest.mark.parametrize("line, totals", [
    (meson_line(stdout="1..3\nok 1 - a\nnot ok 2 - b\n# why\nnot ok 3 # SKIP c\n", result="FAIL", code=1), (1, 1, 1)),
    (meson_line(stdout="1..3\nok 1 - a\n", result="FAIL", code=-11), (1, 1, 0)),
    (meson_line(stdout="1..1\nok 1 - a\n", result="FAIL", code=1), (1, 1, 0)),
    (meson_line(stdout="1..2\nok 1 - a\n", result="TIMEOUT"), (1, 1, 0)),
    (meson_line(stdout="no tap"), (1, 0, 0)),
    (meson_line(stdout="no user namespaces here", result="SKIP", code=77), (0, 0, 1)),
])
def test_summary_counts_what_meson_reports(tmp_path, line, totals):
    (tmp_path / "testlog.json").write_text(line)
    counted = summarize.Totals()
    summarize.read_file(tmp_path / "testlog.json", counted)
    assert (counted.passed, len(counted.failures), len(counted.skips)) == totals


def test_summary_fails_for_nothing_and_for_a_missing_report(tmp_path):
    for arguments, last in (([], "0 passed, 0 failed, 0 skipped"), ([tmp_path / "none.xml"], "0 passed, 1 failed, 0 skipped")):
        done = subprocess.run([ROOT / "tests/summarize.py", *arguments], capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == last


def test_summary_counts_what_pytest_reports(tmp_path):
    (tmp_path / "junit.xml").write_text(
        '<testsuites><testsuite><testcase classname="a" name="b"/><testcase classname="a" name="c"><failure message="x"/></testcase>'
        '<testcase classname="a" name="d"><skipped message="no such compiler"/></testcase>'
        '<testcase classname="a" name="e"><error message="fixture"/></testcase></testsuite></testsuites>')
    counted = summarize.Totals()
    summarize.read_file(tmp_path / "junit.xml", counted)
    assert (counted.passed, len(counted.failures), len(counted.skips)) == (1, 2, 1)
    assert "no such compiler" in counted.skips[0]
