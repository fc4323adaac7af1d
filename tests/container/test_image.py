# SPDX-License-Identifier: Apache-2.0
"""The images as they were built: what is in them and what is not, and that the processes they start do the work, with the security settings
of the manifests, around a real Redis."""
import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest
import requests

from pod import ROOT, Container, deployment, specification, wait_until

EVALX_UID = 10001
MIB = 2**20
# One program for each family of toolchains: what it prints of 6 and 7.
PROGRAMS = {
    "c": '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a * b); }',
    "cpp": "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a * b << std::endl; }",
    "java": "import java.util.Scanner;\npublic class Main { public static void main(String[] x) { Scanner s = new Scanner(System.in); System.out.println(s.nextInt() * s.nextInt()); } }",
    "python": "print(int.__mul__(*map(int, input().split())))",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a * b);",
    "typescript": "const [a, b]: number[] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a * b);",
    "go": 'package main\nimport "fmt"\nfunc main() { var a, b int; fmt.Scan(&a, &b); fmt.Println(a * b) }',
    "rust": "use std::io;\nfn main() { let mut s = String::new(); io::stdin().read_line(&mut s).unwrap(); let p: i32 = s.split_whitespace().map(|x| x.parse::<i32>().unwrap()).product(); println!(\"{}\", p); }",
    "ruby": "puts gets.split.map(&:to_i).inject(:*)",
    "php": "<?php echo array_product(explode(' ', trim(fgets(STDIN)))), \"\\n\";",
    "bash": "read a b; echo $((a * b))",
}


def packages_of(*groups):
    return set(subprocess.run([ROOT / "scripts/setup.sh", "--list", *groups], check=True, capture_output=True, text=True).stdout.split())


# ---- what is in them ----

def test_sizes(api_image, worker_image):
    print(f"\napi: {api_image.size / MIB:.0f} MiB, worker: {worker_image.size / MIB:.0f} MiB")
    assert 0 < api_image.size < 200 * MIB and api_image.size * 5 < worker_image.size < 3000 * MIB


def test_configuration(api_image, worker_image):
    for image, command, user in ((api_image, "api", f"{EVALX_UID}:{EVALX_UID}"), (worker_image, "worker", "")):
        config = image.config
        assert config["Entrypoint"] == ["/usr/local/bin/evalx"] and config["Cmd"] == [command], config
        assert config.get("User", "") == user and "2358/tcp" in config["ExposedPorts"], config
        assert config["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/evalx", "health"], config
        labels = config["Labels"]
        for label in ("title", "description", "version", "revision", "created", "licenses", "vendor"):
            assert labels.get(f"org.opencontainers.image.{label}"), (label, labels)
        assert f"version: '{labels['org.opencontainers.image.version']}'" in (ROOT / "meson.build").read_text()


def test_no_build_stage_in_them(api_image, worker_image):
    build = packages_of("build") - packages_of("languages") - packages_of("runtime")
    for image in (api_image, worker_image):
        installed, _ = image.packages()
        assert not installed & build, installed & build
        for path in ("src", "out", "opt/evalx", "usr/local/share/man/man1/evalx.1.gz", "var/cache/apt/archives", "usr/local/include", "usr/local/lib/pkgconfig"):
            found = image.rootfs / path
            assert not found.exists() or (found.is_dir() and not any(found.iterdir())), path
        lists = image.rootfs / "var/lib/apt/lists"
        assert not lists.exists() or not any(lists.iterdir())
        symbols = subprocess.run(["readelf", "--sections", image.rootfs / "usr/local/bin/evalx"], check=True, capture_output=True, text=True).stdout
        assert ".debug_info" not in symbols and ".symtab" not in symbols


def test_the_api_has_no_toolchain(api_image):
    installed, _ = api_image.packages()
    found = installed & packages_of("languages") - {"bash"}  # which every Debian has
    assert not found, found
    for path in ("usr/bin/gcc", "usr/bin/python3", "usr/bin/java", "usr/bin/curl", "usr/local/libexec/evalx/evalx-jail"):
        assert not (api_image.rootfs / path).exists(), path


def test_the_worker_has_the_toolchains_that_the_languages_name(api_image, worker_image):
    base, _ = api_image.packages()
    _, asked_for = worker_image.packages()
    named = packages_of("languages") - base
    assert asked_for - base == named, (asked_for - base) ^ named
    assert {path.name for path in (ROOT / "languages").glob("*.yaml")} == {path.name for path in (worker_image.rootfs / "usr/local/share/evalx/languages").glob("*.yaml")}


def test_no_program_in_them_changes_its_user(api_image, worker_image):
    for image in (api_image, worker_image):
        for directory, _, names in os.walk(image.rootfs):
            for name in names:
                mode = os.lstat(os.path.join(directory, name)).st_mode
                assert not (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)), os.path.join(directory, name)


# ---- what they do ----

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def redis(folder):
    port = free_port()
    data = folder / "redis"
    data.mkdir()
    process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data), "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout == b"PONG\n", 30, "Redis")
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def start(role, image, folder, redis, runtime_default, number=0, **settings):
    """A pod's container as a node would start it, but in the machine's network, where its Redis is."""
    pod = deployment(f"evalx-{role}")
    container = pod["containers"][0]
    port = free_port()
    environment = {"EVALX_LISTEN": f"127.0.0.1:{port}", "EVALX_STORE_URL": f"redis://127.0.0.1:{redis[0]}", "EVALX_SLOTS": "1", **settings}
    config = folder / "config"
    config.mkdir(exist_ok=True)
    spec = specification(pod, container, [*image.config["Entrypoint"], *container["args"]], environment, folders={"config": config}, runtime_default=runtime_default)
    started = Container(f"{role}{number}", folder / f"{role}{number}", image.rootfs, spec).start()
    started.url = f"http://127.0.0.1:{port}"
    return started


def is_ready(container):
    assert container.process.poll() is None, container.said()
    try:
        return requests.get(f"{container.url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def cluster(api_image, worker_image, folder, redis, runtime_default):
    running = {}
    try:
        running["api"] = start("api", api_image, folder, redis, runtime_default)
        for number in range(2):
            running[f"worker{number}"] = start("worker", worker_image, folder, redis, runtime_default, number)
        for container in running.values():
            wait_until(lambda container=container: is_ready(container), 120, f"{container.name} to be ready: {container.said()[-2000:]}")
        yield running
    finally:
        for container in running.values():
            container.close()


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def test_every_language_in_one_cluster(cluster):
    tokens = {}
    for language, code in PROGRAMS.items():
        body = {"language": language, "code": code, "test_cases": [{"stdin": "6 7\n", "expected_output": "42"}, {"stdin": "6 7\n", "expected_output": "43"}]}
        answer = requests.post(f"{cluster['api'].url}/execute-batch", json=body, timeout=30)
        assert answer.status_code == 202, answer.text
        tokens[language] = answer.json()["token"]
    for language, token in tokens.items():
        document = wait_until(lambda token=token: (lambda d: d if d["status"] in ("completed", "failed") else None)(requests.get(f"{cluster['api'].url}/submissions/{token}?wait=20", timeout=60).json()), 180, language)
        assert document["status"] == "completed", document
        assert [result["verdict"] for result in document["results"]] == ["accepted", "wrong_answer"], (language, document)


def test_the_limits_hold(cluster):
    body = {"language": "python", "code": "x = bytearray(1 << 30)", "limits": {"memory_kb": 65536}, "test_cases": [{}]}
    document = requests.post(f"{cluster['api'].url}/execute-batch?wait=60", json=body, timeout=90).json()
    assert document["results"][0]["verdict"] == "memory_limit_exceeded", document
    body = {"language": "c", "code": "int main(void) { for (;;); }", "limits": {"cpu_time_ms": 500}, "test_cases": [{}]}
    document = requests.post(f"{cluster['api'].url}/execute-batch?wait=60", json=body, timeout=90).json()
    assert document["results"][0]["verdict"] == "time_limit_exceeded", document


def test_whom_they_run_as(cluster):
    """The API as its user, for good; a worker's process that speaks to the network likewise, the jail with no more than the manifest grants."""
    api = status_of(cluster["api"].pid())
    assert api["Uid"].split() == [str(EVALX_UID)] * 4 and int(api["CapEff"], 16) == int(api["CapBnd"], 16) == 0 and api["NoNewPrivs"] == "1" and api["Seccomp"] == "2", api
    pid = cluster["worker0"].pid()
    worker = status_of(pid)
    assert worker["Uid"].split() == [str(EVALX_UID)] * 4 and int(worker["CapEff"], 16) == 0 and worker["NoNewPrivs"] == "1" and worker["Seccomp"] == "2", worker
    jail = next(child for child in children(pid) if status_of(child)["Name"] == "evalx-jail")
    granted = deployment("evalx-worker")["containers"][0]["securityContext"]["capabilities"]["add"]
    assert bin(int(status_of(jail)["CapEff"], 16)).count("1") == len(granted)


def test_the_root_is_read_only(cluster):
    for container in cluster.values():
        done = container.exec("/bin/sh", "-c", "touch /usr/x /etc/x /var/x; touch /x")
        assert done.returncode != 0 and done.stderr.count("Read-only file system") == 4, done


def test_health_check(cluster, redis):
    """The image's own command: healthy; not when Redis does not answer; alive all the same; healthy again."""
    for name in ("api", "worker1"):
        done = cluster[name].exec("/usr/local/bin/evalx", "health")
        assert (done.returncode, done.stdout) == (0, "ready\n"), done
    redis[1].send_signal(signal.SIGSTOP)
    try:
        sick = wait_until(lambda: (lambda done: done if done.returncode else None)(cluster["api"].exec("/usr/local/bin/evalx", "health")), 30, "a health check that fails")
        assert sick.returncode == 1 and "503" in sick.stderr and "store" in sick.stderr, sick
        assert cluster["api"].exec("/usr/local/bin/evalx", "health", "--live").stdout == "ok\n"
    finally:
        redis[1].send_signal(signal.SIGCONT)
    wait_until(lambda: cluster["api"].exec("/usr/local/bin/evalx", "health").returncode == 0, 60, "a health check that succeeds")


def test_process_1_reaps(cluster):
    """Orphans become children of process 1. evalx is that, and waits for them."""
    container = cluster["worker0"]
    before = set(children(container.pid()))
    done = container.exec("/bin/sh", "-c", "(sleep 0.2 & sleep 0.1 &) ; exit 0")
    assert done.returncode == 0, done
    wait_until(lambda: set(children(container.pid())) == before, 20, lambda: f"no orphan to be left: {[status_of(child)['State'] for child in children(container.pid())]}")


def test_sigterm_to_process_1(cluster, worker_image, folder, redis, runtime_default):
    """A worker that is told to stop finishes what it runs, and ends with 0; so does the API. (Last: it ends them.)"""
    body = {"language": "python", "code": "import time; time.sleep(3); print(1)", "limits": {"wall_time_ms": 20000}, "test_cases": [{}]}
    tokens = [requests.post(f"{cluster['api'].url}/execute-batch", json=body, timeout=30).json()["token"] for _ in range(2)]
    url = cluster["api"].url
    wait_until(lambda: all(requests.get(f"{url}/submissions/{token}", timeout=10).json()["status"] == "running" for token in tokens), 30, "both workers to be at work")
    began = time.monotonic()
    for name in ("worker0", "worker1"):
        cluster[name].runc("kill", cluster[name].name, "TERM")
    assert [cluster[name].process.wait(timeout=60) for name in ("worker0", "worker1")] == [0, 0], cluster["worker0"].said()[-2000:]
    assert time.monotonic() - began < 30
    for token in tokens:
        assert requests.get(f"{url}/submissions/{token}", timeout=10).json()["status"] == "completed"
    assert cluster["api"].terminate() == 0
    for container in cluster.values():
        assert '"level":"error"' not in container.said(), [json.loads(line) for line in container.said().splitlines() if '"level":"error"' in line]
