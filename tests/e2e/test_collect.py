# SPDX-License-Identifier: Apache-2.0
"""Files asked for by "collect" come back, and whatever is not an honest file of the program's own does not, whatever it tries."""
import base64

import pytest

REFUSED = "not there, not a regular file, or too large"


def collect(server, names, code, language="bash", **fields):
    document = server.run(language, code, collect=names, **fields)
    return document["results"][0]["files"], document["results"][0]


def test_files_come_back_in_the_order_of_the_request(server):
    files, result = collect(server, ["b.txt", "sub/x.txt", "absent", "a.txt"], "mkdir sub; printf 1 > a.txt; echo h\u00e9 > b.txt; : > sub/x.txt")
    assert files == [{"name": "b.txt", "content": "h\u00e9\n"}, {"name": "sub/x.txt", "content": ""}, {"name": "a.txt", "content": "1"}]
    assert result["verdict"] == "accepted"


def test_without_collect_there_is_no_such_field(server):
    assert "files" not in server.run("bash", "echo x > out.txt")["results"][0]


def test_each_test_case_has_its_own(server):
    document = server.run("bash", "cat > out.txt", tests=[{"stdin": "1"}, {"stdin": "2"}, {"stdin": "3"}], collect=["out.txt"])
    assert [result["files"] for result in document["results"]] == [[{"name": "out.txt", "content": text}] for text in "123"]


@pytest.mark.parametrize("end, verdict", [("exit 3", "runtime_error"), ("kill -SEGV $$", "runtime_error"), ("while :; do :; done", "time_limit_exceeded")])
def test_files_come_back_however_the_program_ended(server, end, verdict):
    files, result = collect(server, ["out.txt"], f"echo so far > out.txt; {end}", limits={"cpu_time_ms": 200})
    assert result["verdict"] == verdict
    assert files == [{"name": "out.txt", "content": "so far\n"}]


def test_bytes_in_both_encodings(server):
    body = {"language": "bash", "code": "printf '\\xff\\x00a' > out.bin", "test_cases": [{}], "collect": ["out.bin"]}
    token = server.submit(body)
    assert server.result(token)["results"][0]["files"] == [{"name": "out.bin", "content": "\ufffd\0a", "lossy": True}]
    content = base64.b64encode(b"\xff\0a").decode()
    assert server.result(token, encoding="base64")["results"][0]["files"] == [{"name": "out.bin", "content": content}]


@pytest.mark.parametrize("trick", ["ln -s /etc/passwd out.txt", "mkfifo out.txt", "echo x > other; ln other out.txt", "mkdir out.txt", "ln -s real out.txt; echo x > real",
                                   "ln -s /proc/self/environ out.txt", "ln -s . out.txt", "head -c 1048577 /dev/zero > out.txt", "truncate -s 10M out.txt"])
def test_tricks_are_refused_and_honest_files_still_come(server, trick):
    files, result = collect(server, ["first.txt", "out.txt"], f"echo x > first.txt; {trick}")
    assert files == [{"name": "first.txt", "content": "x\n"}, {"name": "out.txt", "error": REFUSED}]
    assert result["verdict"] == "accepted"


@pytest.mark.parametrize("trick", ["ln -s /etc sub", "ln -s /proc/self sub", "ln -s .. sub", "mkfifo sub", "mkdir real; echo x > real/passwd; ln -s real sub"])
def test_folders_that_are_links_are_refused(server, trick):
    files, _ = collect(server, ["sub/passwd"], trick)
    assert files == [{"name": "sub/passwd", "error": REFUSED}]


def test_a_file_that_changes_under_the_collector(server):
    """A process that outlives the program and swaps file and link all the time is dead before anything is collected."""
    code = "echo good > a; cp a out.txt; (while :; do ln -sf /etc/passwd out.txt; rm -f out.txt; cp a out.txt; done) & sleep 0.1"
    for _ in range(5):
        files, _ = collect(server, ["out.txt"], code, limits={"cpu_time_ms": 5000})
        assert files in ([], [{"name": "out.txt", "content": "good\n"}], [{"name": "out.txt", "content": ""}], [{"name": "out.txt", "error": REFUSED}])


def test_sizes(server):
    files, _ = collect(server, ["out.bin"], "head -c 1048576 /dev/zero | tr '\\0' x > out.bin")
    assert files == [{"name": "out.bin", "content": "x" * 1048576}]
    files, _ = collect(server, ["a", "b"], "head -c 600000 /dev/zero > a; cp a b")  # together too large
    assert [("content" in file) for file in files] == [True, False]
    files, _ = collect(server, ["a"], "head -c 3000 /dev/zero > a", limits={"file_kb": 2})
    assert files == [{"name": "a", "content": "\0" * 2048}] or files == [{"name": "a", "error": REFUSED}]


@pytest.mark.parametrize("names, field", [(["/etc/passwd"], "collect[0]"), (["a", "../b"], "collect[1]"), (["a"] * 2, "collect[1]"), ([str(i) for i in range(17)], "collect"), ("a", "collect"), ([1], "collect[0]")])
def test_names_that_are_none(server, names, field):
    answer = server.post("/execute-batch", {"language": "bash", "code": ":", "collect": names})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_events_carry_the_files(server):
    token = server.submit({"language": "bash", "code": "echo x > a", "test_cases": [{}], "collect": ["a"]})
    server.result(token)
    assert '"files":[{"name":"a","content":"x\\n"}]' in server.get(f"/submissions/{token}/events").text
