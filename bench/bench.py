#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The bench: every figure is a ratio of two things measured in turn in this run, because machines are shared and drift.

    bench/bench.py BUILD_DIR          (make bench installs, builds and calls it)
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROUNDS = 7
HOOKED_ROUNDS = 20  # a few in a hundred are to be told apart
BATCH = 200
HOOKED = 100
SUM_C = '#include <stdio.h>\nint main(void) { int a, b; if (scanf("%d %d", &a, &b) == 2) printf("%d\\n", a + b); }\n'
NOTHING_C = "int main(void) { return 0; }\n"
WRK_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"language":"c","code":"int main(){}","test_cases":[{"stdin":"1 2\\\\n","expected_output":"3\\\\n"}]}'
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args) accepted = 0; refused = 0 end
function response(status) if status == 202 then accepted = accepted + 1 else refused = refused + 1 end end
function done(summary)
  local a, r = 0, 0
  for _, t in ipairs(threads) do a = a + t:get("accepted"); r = r + t:get("refused") end
  print("ACCEPTED " .. a .. " REFUSED " .. r .. " SECONDS " .. summary.duration / 1e6)
end
"""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Redis:
    """Debian's redis-server, every answer after its sync."""

    def __init__(self, folder):
        folder.mkdir()
        self.port = free_port()
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
                                         "--appendonly", "yes", "--appendfsync", "always"], stdout=self.log, stderr=self.log)
        self.url = f"redis://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 10
        while subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True).stdout != b"PONG\n":
            if time.monotonic() > deadline:
                sys.exit("redis-server did not start; see " + self.log.name)
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Server:
    """`evalx serve`, or another role, on a free port with a state folder of its own."""

    def __init__(self, build, folder, role="serve", **environment):
        self.address = "127.0.0.1:%d" % free_port()
        settings = {"EVALX_LISTEN": self.address, "EVALX_STATE_DIR": str(folder), **environment}
        self.log = open(folder.parent / (folder.name + ".log"), "wb")
        self.process = subprocess.Popen([build / "evalx", role], env={**os.environ, **settings}, stderr=self.log, stdout=self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://{self.address}/readyz", timeout=1).read()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the server did not start; see " + self.log.name)
                time.sleep(0.02)

    def post(self, body, query=""):
        request = urllib.request.Request(f"http://{self.address}/execute-batch{query}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=120))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def compile_c(folder, name, source, *flags):
    (folder / (name + ".c")).write_text(source)
    subprocess.run(["/usr/bin/gcc", "-O2", *flags, folder / (name + ".c"), "-o", folder / name], check=True)


def bench_box(build, folder):
    print("One box run, through box_run, against bare vfork+exec+wait of the same program, alternating:")
    compile_c(folder, "static", NOTHING_C, "-static")
    compile_c(folder, "dynamic", NOTHING_C)
    for runs, command in ((1000, ["static"]), (500, ["dynamic"]), (100, ["/usr/bin/python3", "-c", "print('hello')"])):
        subprocess.run([build / "bench/box_bench", build / "evalx-jail", str(runs), folder, *command], check=True)


def bench_isolate(build, folder):
    if not shutil.which("isolate"):
        print("isolate is not on PATH: not compared")
        return
    # With control groups where it can (version 2, its own keeper); without, it does less and is faster.
    groups = ["--cg"] if subprocess.run(["isolate", "--cg", "--init"], capture_output=True).returncode == 0 else []
    subprocess.run(["isolate", *groups, "--cleanup"], capture_output=True)
    print("isolate %s, and box_run of the same program, in turn:" % " ".join(["--init, --run, --cleanup", *groups]))

    def once():
        start = time.perf_counter()
        subprocess.run(["isolate", *groups, "--init"], check=True, stdout=subprocess.DEVNULL)
        middle = time.perf_counter()
        subprocess.run(["isolate", *groups, "--run", "--", "/bin/true"], check=True, stderr=subprocess.DEVNULL)
        end = time.perf_counter()
        subprocess.run(["isolate", *groups, "--cleanup"], check=True)
        return time.perf_counter() - start, end - middle
    ratios, run_ratios = [], []
    for _ in range(ROUNDS):
        theirs = [once() for _ in range(10)]
        said = subprocess.run([build / "bench/box_bench", build / "evalx-jail", "50", folder, "/bin/true"], check=True, capture_output=True, text=True).stdout
        ours = float(re.search(r"box p50 +(\d+)", said)[1]) / 1e6
        ratios.append((statistics.median(whole for whole, _ in theirs) / ours, statistics.median(whole for whole, _ in theirs), ours))
        run_ratios.append(statistics.median(run for _, run in theirs) / ours)
    ratio, theirs, ours = sorted(ratios)[ROUNDS // 2]
    print("  %.1f ms against %.2f ms: %.1f times (min %.1f, max %.1f); --run alone %.1f times" % (
        theirs * 1000, ours * 1000, ratio, min(ratios)[0], max(ratios)[0], statistics.median(run_ratios)))


def bench_batch(build, folder):
    print(f"A batch of {BATCH} test cases of a compiled C program over HTTP, against two processes in a bare fork+exec loop:")
    compile_c(folder, "sum", SUM_C, "-static")
    (folder / "input").write_text("1 2\n")
    server = Server(build, folder / "batch-state")
    body = {"language": "c", "code": SUM_C, "test_cases": [{"stdin": f"{i} {i}\n", "expected_output": f"{2 * i}\n"} for i in range(BATCH)]}
    ratios = []
    for i in range(ROUNDS + 1):
        start = time.perf_counter()
        result = server.post(body, "?wait=60")
        ours = BATCH / (time.perf_counter() - start)
        assert result["status"] == "completed" and result["summary"]["passed"] == BATCH, result["status"]
        bare = float(subprocess.run([build / "bench/spawn_loop", "2", str(BATCH), folder / "input", folder / "sum"], check=True,
                                    capture_output=True, text=True).stdout)
        if i > 0:  # the first one compiles
            ratios.append((ours / bare, ours, bare))
    server.stop()
    middle = sorted(ratios)[len(ratios) // 2]
    print("  %.0f tests/s against %.0f bare runs/s: ratio %.2f (min %.2f, max %.2f)" % (middle[1], middle[2], middle[0], min(ratios)[0], max(ratios)[0]))


def submit_on(server, folder):
    (folder / "submit.lua").write_text(WRK_LUA)
    out = subprocess.run(["wrk", "-t2", "-c64", "-d5s", "-s", folder / "submit.lua", f"http://{server.address}/execute-batch"], check=True,
                         capture_output=True, text=True).stdout
    accepted, refused, seconds = re.search(r"ACCEPTED (\d+) REFUSED (\d+) SECONDS ([\d.]+)", out).groups()
    server.stop()
    print("  %.0f acknowledged a second (%s refused)" % (int(accepted) / float(seconds), refused))


def bench_submit(build, folder):
    print("Submitting from 64 connections, every one acknowledged after its commit, queue paused:")
    submit_on(Server(build, folder / "submit-state", EVALX_QUEUE_PAUSED="true", EVALX_QUEUE_MAX_DEPTH="10000000"), folder)


def bench_redis(build, folder):
    print("The same through evalx api and Redis (appendonly yes, appendfsync always); then that store by itself:")
    redis = Redis(folder / "redis")
    submit_on(Server(build, folder / "api-state", "api", EVALX_STORE_URL=redis.url, EVALX_QUEUE_MAX_DEPTH="10000000"), folder)
    subprocess.run(["redis-cli", "-p", str(redis.port), "flushall"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([build / "bench/store_bench", folder, "5", redis.url], check=True)
    redis.stop()


def family(pid):
    pids, queue = [], [pid]
    while queue:
        pid = queue.pop()
        pids.append(pid)
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            queue += [int(c) for c in (task / "children").read_text().split()]
    return pids


def bench_memory(build, folder):
    print("Idle memory of evalx serve, all processes together:")
    server = Server(build, folder / "idle-state")
    rss = pss = 0
    pids = family(server.process.pid)
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        rss += int(re.search(r"^Rss:\s+(\d+)", text, re.M).group(1))
        pss += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    server.stop()
    print("  %d processes, RSS %.1f MB, PSS %.1f MB" % (len(pids), rss / 1024, pss / 1024))


def bench_store(build, folder):
    print("The store by itself (64 submitters; hand-over from acknowledgement to a waiting worker):")
    subprocess.run([build / "bench/store_bench"], check=True)


class Silent:
    """A webhook receiver that takes every connection and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = "http://127.0.0.1:%d/" % self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            self.connections.append(self.listener.accept())


def bench_webhooks(build, folder):
    print("Webhooks by themselves (completion of a submission to its receipt; deliveries a second while 10,000 are owed):")
    subprocess.run([build / "bench/webhook_bench"], check=True)
    print(f"{HOOKED} submissions of 20 test cases, all told to a receiver that never answers, against the same without webhooks:")
    silent = Silent()
    server = Server(build, folder / "webhook-state", EVALX_WEBHOOK_ALLOW="127.0.0.1")
    tests = [{"stdin": f"{i} {i}\n", "expected_output": f"{2 * i}\n"} for i in range(20)]

    def once(**fields):
        start = time.perf_counter()
        tokens = [server.post({"language": "c", "code": SUM_C, "test_cases": tests, **fields}, "")["token"] for _ in range(HOOKED)]
        for token in tokens:
            with urllib.request.urlopen(f"http://{server.address}/submissions/{token}?wait=60&fields=status", timeout=90) as answer:
                assert json.load(answer)["status"] == "completed"
        return HOOKED * len(tests) / (time.perf_counter() - start)

    def pair(hooked_first):
        rates = {hooked: once(**({"webhook_url": silent.url} if hooked else {})) for hooked in (hooked_first, not hooked_first)}
        return rates[False], rates[True]

    once()
    pairs = [pair(i % 2 == 1) for i in range(HOOKED_ROUNDS)]
    server.stop()
    ratios = sorted(hooked / plain for plain, hooked in pairs)
    print("  %.0f tests/s without, %.0f with: ratio %.3f (min %.2f, max %.2f), %d connections held" % (
        statistics.median(plain for plain, _ in pairs), statistics.median(hooked for _, hooked in pairs), statistics.median(ratios),
        ratios[0], ratios[-1], len(silent.connections)))


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="evalx-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # the box runs programs from it as another user
        for bench in (bench_box, bench_isolate, bench_batch, bench_submit, bench_redis, bench_memory, bench_store, bench_webhooks):
            bench(build, folder)
            print(flush=True)


main()
