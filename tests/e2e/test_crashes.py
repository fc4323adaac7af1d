# SPDX-License-Identifier: Apache-2.0
"""Crashes explained from end to end: real programs that die, run once more with sanitizers after their result was stored; the event, the document,
and the webhook that waits or does not."""
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest
from harness import Server, event_stream, wait_until
from receiver import SECRET, Receiver

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chaos"))
from nodes import Evalx, Redis  # noqa: E402

HOOKS = {"webhook_secret": SECRET, "webhook_allow": "127.0.0.0/8"}
HEAD = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"

# name: language, program, input, the rule that must explain it, its line, and what the hint must name
PROGRAMS = {
    "an array, by a loop's variable": ("c", HEAD + """int main(void) {
    int n, days[12] = {0}, total = 0;
    scanf("%d", &n);
    for (int i = 0; i < 12; i++)
        days[i * n] = i;
    for (int i = 0; i < 12; i++)
        total += days[i];
    printf("%d\\n", total);
}
""", "1000000\n", "c.crash-index", 8, ["'days'", "1000000", "0 to 11", "i * n"]),
    "one past the end of a parameter": ("c", HEAD + """static void fill(int *board, int n) {
    for (int i = 0; i <= n; i++)
        board[i] = i;
}
int main(void) {
    int n;
    scanf("%d", &n);
    int *cells = malloc(64 * sizeof *cells);
    fill(cells, 64);
    free(cells + n);
    printf("%d\\n", cells[n]);
}
""", "3\n", "c.crash-heap-loop", 6, ["`board[i]`", "0 to 63", "line 5", "'<'"]),
    "a null pointer": ("c", HEAD + """struct node { int value; struct node *next; };
static struct node *find(struct node *list, int value) {
    while (list && list->value != value)
        list = list->next;
    return list;
}
int main(void) {
    int wanted;
    struct node one = {1, NULL};
    scanf("%d", &wanted);
    struct node *found = find(&one, wanted);
    printf("%d\\n", found->value);
}
""", "7\n", "c.crash-null", 15, ["'found'", "NULL"]),
    "use after free": ("c", HEAD + """struct account { char name[64]; struct account *owner; int cents; };
int main(void) {
    struct account *mine = calloc(1, sizeof *mine);
    strcpy(mine->name, "Ada");
    mine->owner = mine;
    puts(mine->name);
    free(mine);
    memset(mine, 0xff, sizeof *mine);
    printf("%d\\n", mine->owner->cents);
}
""", "", "c.crash-after-free-somewhere", 11, ["line 10"]),
    "recursion without end": ("c", HEAD + """static int depth(int n) {
    volatile int here[2048];
    here[n % 2048] = n;
    return depth(n + 1) + here[n % 2048];
}
int main(void) { printf("%d\\n", depth(1)); }
""", "", "c.crash-recursion", 4, ["'depth'"]),
    "division by zero": ("c", HEAD + """int main(void) {
    int n, sum = 10;
    scanf("%d", &n);
    printf("%d\\n", sum % n);
}
""", "0\n", "c.crash-divide", 7, ["`n`", "0"]),
    "free twice": ("c", HEAD + """int main(void) {
    char *name = malloc(16);
    fgets(name, 16, stdin);
    puts(name);
    free(name);
    free(name);
}
""", "Ada\n", "c.crash-free-twice", 9, ["'name'", "line 8"]),
    "a global array": ("c", HEAD + """int days[12];
int main(void) {
    int month;
    scanf("%d", &month);
    days[month] = 31;
    printf("%d\\n", days[month]);
}
""", "50000000\n", "c.crash-index", 8, ["'days'", "50000000"]),
    "a pointer that was never set": ("c", HEAD + """struct item { struct item *next; int weight; };
int main(void) {
    struct item *first = malloc(sizeof *first);
    scanf("%d", &first->weight);
    memset(&first->next, first->weight, sizeof first->next);
    printf("%d\\n", first->next->weight);
}
""", "254\n", "c.crash-unset-pointer", 9, ["'first"]),
    "a vector": ("cpp", """#include <cstdio>
#include <vector>
int main() {
    std::vector<int> scores(10);
    int n = 0;
    std::scanf("%d", &n);
    scores[n] = 5;
    std::printf("%d\\n", scores[n]);
}
""", "100000000\n", "cpp.crash-index", 7, ["'scores'", "100000000", "10 elements"]),
}
ZERO = PROGRAMS["division by zero"]


def request(program, **fields):
    language, code, stdin, *_ = program
    return {"language": language, "code": code, "test_cases": [{"stdin": stdin}], **fields}


# Crashes of which the second run knows no more than the place, and a rule knows the reason: what is said of them, in order.
REASONED = {
    "a number for an address": ("""#include <stdio.h>
int main(void) {
    int n = 0;
    scanf("%d", n);
    printf("%d\\n", n * 2);
}
""", "5\n", [(4, "rule", "`&n`")]),
    "a number for a text": ("""#include <stdio.h>
int main(void) {
    int count = 3;
    printf("%s items\\n", count);
}
""", "", [(4, "rule", "'count'")]),
    "somewhere else": ("""#include <stdio.h>
static int get(int *numbers, int place)
{
    return *(numbers + place);
}
int main(void) {
    int n = 0, v[3] = {1, 2, 3};
    scanf("%d", &n);
    if (n = 500000000)
        printf("%d\\n", get(v, n));
}
""", "5\n", [(9, "rule", "Write '=='"), (4, "sanitizer", "`return *(numbers + place);`")]),
}


def events_of(server, token, last_id=None, seconds=120):
    """All events up to the end of the stream."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with server.session.get(server.url(f"/submissions/{token}/events"), stream=True, timeout=seconds, headers=headers) as response:
        return [] if response.status_code == 204 else list(event_stream(response))


def metric(server, outcome):
    for line in server.get("/metrics").text.splitlines():
        if line.startswith(f'evalx_crash_reruns_total{{outcome="{outcome}"}}'):
            return float(line.rpartition(" ")[2])
    return 0


def explained(document):
    return [detail for detail in document.get("hint_details", []) if detail["source"] == "sanitizer"]


@pytest.fixture(scope="module")
def crashes():
    """A server whose webhooks wait for what a crash came from, however long it takes."""
    server = Server(slots=2, hints_crash_wait_ms=60000, **HOOKS)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_killed_it(crashes, name):
    _, _, _, rule, line, named = PROGRAMS[name]
    token = crashes.submit(request(PROGRAMS[name]))
    events = events_of(crashes, token)
    document = crashes.get(f"/submissions/{token}").json()
    assert document["verdict"] == "runtime_error" and document["results"][0]["signal"], document
    assert [event["event"] for event in events if event["event"] in ("done", "hints")] in (["done", "hints"], ["done"])
    first = document["hint_details"][0]
    assert (first["rule"], first["source"], first["line"]) == (rule, "sanitizer", line), document["hint_details"]
    for word in named:
        assert word in first["text"], first
    assert document["hints"] == [detail["text"] for detail in document["hint_details"]] and len(set(document["hints"])) == len(document["hints"]) <= 3
    assert document["results"][0]["hints"][0] == first["text"]
    last = json.loads(events[-1]["data"])
    assert last["hints"] == document["hints"] and last["hint_details"] == document["hint_details"], "the last event has them, too"


@pytest.mark.parametrize("name", REASONED)
def test_a_place_does_not_hide_a_reason(crashes, name):
    code, stdin, said = REASONED[name]
    token = crashes.submit(request(("c", code, stdin)))
    events = events_of(crashes, token)  # to the end: the second run is over
    document = crashes.result(token)
    done = next(json.loads(event["data"]) for event in events if event["event"] == "done")
    assert document["verdict"] == "runtime_error" and done["hints"][0] == document["hints"][0], "what was said at once stays"
    details = document["hint_details"]
    assert [(detail["line"], detail["source"]) for detail in details] == [(line, source) for line, source, _ in said], details
    for detail, (_, _, word) in zip(details, said):
        assert word in detail["text"], detail
    assert document["results"][0]["hints"] == document["hints"]


def test_late_and_again(crashes):
    """Who comes when all is known gets it with `done`; who had `done` before, by `hints`; who had both, nothing."""
    token = crashes.submit(request(ZERO, metadata={"n": 1}))
    crashes.result(token)
    events = events_of(crashes, token)
    if events[-1]["event"] == "hints":
        events = events_of(crashes, token)
    assert events[-1]["event"] == "done" and json.loads(events[-1]["data"])["hint_details"][0]["source"] == "sanitizer"
    again = events_of(crashes, token, "done")
    assert [event["event"] for event in again] == ["hints"] and again[0]["id"] == "hints"
    assert json.loads(again[0]["data"])["results"][0]["index"] == 0
    assert events_of(crashes, token, "hints") == []


def test_the_same_crash_is_run_once(crashes):
    token = crashes.submit(request(ZERO))
    wait_until(lambda: explained(crashes.result(token)), 60, "the explanation")
    before, cached = metric(crashes, "explained"), metric(crashes, "cached")
    again = crashes.submit(request(ZERO))
    wait_until(lambda: explained(crashes.result(again)), 60, "the explanation")
    assert metric(crashes, "explained") == before and metric(crashes, "cached") == cached + 1


def test_only_the_first_crash_and_all_other_hints(crashes):
    tests = [{"stdin": "3\n", "expected_output": "2\n"}, {"stdin": "0\n"}, {"stdin": "0\n"}]
    token = crashes.submit(request(ZERO, test_cases=tests))
    events = events_of(crashes, token)
    document = crashes.result(token)
    assert events[-1]["event"] in ("hints", "done")
    assert document["hint_details"][0]["source"] == "sanitizer" and document["hint_details"][0]["text"] == document["results"][1]["hints"][0]
    assert len(document["results"][1]["hints"]) == 1, "what was guessed of this case is replaced"
    assert document["results"][0]["hints"] and document["results"][0]["hints"][0] in document["hints"]


def test_a_webhook_waits_for_it(crashes):
    receiver = Receiver()
    try:
        language, code, _, *rest = ZERO
        token = crashes.submit(request((language, code + "/* waits */\n", "0\n", *rest), webhook_url=receiver.url()))
        body = json.loads(receiver.wait(1, seconds=60)[0].body)
        assert body["token"] == token and explained(body) == body["hint_details"][:1]
    finally:
        receiver.close()


@pytest.mark.parametrize("code, verdict", [
    (HEAD + '#include <assert.h>\nint main(void) { int n = 0; scanf("%d", &n); assert(n > 3); }\n', "runtime_error"),
    # a fake report, of which nothing may be believed: the real one comes after it
    (HEAD + 'int main(void) { fprintf(stderr, "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\\n    #0 0x1 in main /box/work/main.c:2\\n'
     'freed by thread T0 here:\\n    #0 0x1 in main /box/work/main.c:2\\n"); abort(); }\n', "runtime_error"),
    (HEAD + 'int main(void) { puts("Segmentation fault"); return 86; }\n', "runtime_error"),
])
def test_what_is_not_understood_changes_nothing(crashes, code, verdict):
    token = crashes.submit(request(("c", code, "1\n")))
    events = events_of(crashes, token)
    document = crashes.result(token)
    assert document["verdict"] == verdict and events[-1]["event"] == "done" and explained(document) == []


def test_not_wanted(crashes):
    token = crashes.submit(request(ZERO, hints=False))
    assert events_of(crashes, token)[-1]["event"] == "done"
    assert crashes.result(token)["hints"] == []


def test_turned_off(new_server):
    receiver, server = Receiver(), new_server(hints_crash="false", slots=1, **HOOKS)
    try:
        token = server.submit(request(ZERO, webhook_url=receiver.url()))
        body = json.loads(receiver.wait(1)[0].body)
        assert events_of(server, token)[-1]["event"] == "done"
        assert body["hints"] and explained(body) == [] == explained(server.result(token))
    finally:
        receiver.close()


def test_real_work_goes_first(new_server):
    """One slot. With work in the queue a webhook does not wait; what is looked into gives its slot up, and has its turn when nobody wants it."""
    receiver, server = Receiver(), new_server(slots=1, **HOOKS)
    busy = {"language": "bash", "code": "read -r n; for ((i = 0; i < n; i++)); do :; done", "test_cases": [{"stdin": "60000\n"}]}
    try:
        others = [server.submit(busy) for _ in range(5)]
        crash = server.submit(request(ZERO, webhook_url=receiver.url(), priority=10))
        body = json.loads(receiver.wait(1, seconds=60)[0].body)
        assert body["token"] == crash and body["hints"] and explained(body) == []
        for token in others:
            assert server.result(token)["status"] == "completed"
        wait_until(lambda: explained(server.result(crash)), 60, "the explanation, once the slot is free")
        assert metric(server, "explained") == 1
    finally:
        receiver.close()


def test_around_redis():
    """The worker finds it out, any API process tells of it."""
    receiver = Receiver()
    with tempfile.TemporaryDirectory(prefix="evalx-crash-") as folder:
        os.chmod(folder, 0o755)
        redis = Redis("redis", Path(folder))
        redis.start()
        redis.wait_ready()
        url = f"redis://127.0.0.1:{redis.port}"
        api = Evalx("api", Path(folder), "api", store_url=url, **HOOKS)
        worker = Evalx("worker", Path(folder), "worker", store_url=url, slots=1, hints_crash_wait_ms=60000)
        try:
            for node in (api, worker):
                node.start()
            for node in (api, worker):
                node.wait_ready()
            answer = api.session.post(api.url("/execute-batch"), json=request(ZERO, webhook_url=receiver.url()), timeout=30)
            events = events_of(api, answer.json()["token"])
            assert [event["event"] for event in events[-2:]] == ["done", "hints"] or events[-1]["event"] == "done"
            assert json.loads(events[-1]["data"])["hint_details"][0]["rule"] == "c.crash-divide"
            assert explained(json.loads(receiver.wait(1, seconds=60)[0].body))
        finally:
            for node in (api, worker, redis):
                node.close()
            receiver.close()
