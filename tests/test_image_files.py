# SPDX-License-Identifier: Apache-2.0
"""The files that images and containers are made from, without making any: that the Dockerfile copies what there is, that nothing else gets near
it, that packages are those that the tree names, that the seccomp profile allows what the sandbox does, and that compose.yaml fits both.
`make image-test` builds them; `make container-test` runs the sandbox suite in one."""
import fnmatch
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
BUILD_DIR = (ROOT / os.environ.get("BUILD_DIR", "build")).resolve()
PROFILE = ROOT / "deploy/kubernetes/base/seccomp/evalx-worker.json"
COMPOSE = ROOT / "deploy/compose/compose.yaml"


def packages_of(*groups):
    return set(subprocess.run([ROOT / "scripts/setup.sh", "--list", *groups], check=True, capture_output=True, text=True).stdout.split())


# ---- the Dockerfile ----

def instructions(text=None):
    """[(word, rest)], comments gone and continued lines joined."""
    lines = [line for line in (text or (ROOT / "Dockerfile").read_text()).splitlines() if not line.lstrip().startswith("#")]
    return [tuple(line.split(None, 1)) for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def copies():
    for word, rest in instructions():
        if word in ("COPY", "ADD") and "--from=" not in rest:
            yield from rest.split()[:-1]


def ignored(path):
    """Docker's rule: the last pattern that fits decides; one that fits a folder fits what is in it."""
    result = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        pattern = line.lstrip("!").strip("/")
        parts = Path(path).parts
        prefixes = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if pattern.startswith("**/"):
            fits = any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
        else:
            fits = any(fnmatch.fnmatchcase(prefix, pattern) and prefix.count("/") == pattern.count("/") for prefix in prefixes)
        if fits:
            result = not line.startswith("!")
    return result


def test_what_is_copied_is_there_and_gets_there():
    assert set(copies()) >= {"src", "languages", "hints", "meson.build"}
    for source in copies():
        assert (ROOT / source).exists(), source
        files = [path for path in (ROOT / source).rglob("*") if path.is_file() and "__pycache__" not in path.parts] if (ROOT / source).is_dir() else [ROOT / source]
        assert files and not [path for path in files if ignored(path.relative_to(ROOT).as_posix())], source


@pytest.mark.parametrize("path", ["build/evalx", "build-asan/evalx", ".git/config", ".git/objects/ab/cd", "tests/sandbox/view.c", "deploy/compose/compose.yaml", "bench/x.c", "src/api/__pycache__/embed.cpython-311.pyc",
                                  "scripts/demo.sh", "docs/api.md", "var/lib/x", ".env", "README.md"])
def test_what_is_left_out(path):
    assert ignored(path)


def test_meson_is_given_all_that_it_reads():
    """What the top meson.build names outside of src is copied, or belongs to the tests, which the image does not build."""
    text = (ROOT / "meson.build").read_text()
    outside_tests = re.sub(r"if get_option\('tests'\).*?\n^endif\n", "", text, flags=re.S | re.M)
    outside_tests = re.sub(r"if get_option\('fuzz'\)\n  subdir.*?\nendif\n", "", outside_tests, flags=re.S)
    named = set(re.findall(r"(?:subdir|install_subdir|install_man)\('([^']+)'", outside_tests))
    assert named and all(any(name == source or name.startswith(source + "/") for source in copies()) for name in named), named
    assert "-Dtests=false" in (ROOT / "Dockerfile").read_text()


def test_an_image_says_its_version():
    """Also one that `docker build` makes without being told it."""
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    assert [rest for word, rest in instructions() if word == "ARG" and rest.startswith("VERSION=")] == [f"VERSION={version}"]


def test_stages():
    """From one base that can be replaced; the API as an ordinary user; the worker is what one gets without --target."""
    stages = [re.split(r"\s+AS\s+", rest) for word, rest in instructions() if word == "FROM"]
    assert [name for _, name in stages] == ["build", "libraries", "api", "worker"]
    assert all(base in ("${BASE}", "libraries") for base, _ in stages), stages
    words = instructions()
    assert ("ARG", "BASE=debian:bookworm-slim") in words and ("USER", "10001:10001") in words
    assert [rest for word, rest in words if word == "HEALTHCHECK" and '"/usr/local/bin/evalx", "health"' in rest]
    assert [rest for word, rest in words if word == "ENTRYPOINT"] == ['["/usr/local/bin/evalx"]']
    # An address with a host in it would be a registry's.
    for text in (ROOT / "Dockerfile", ROOT / "deploy/image/build.sh", COMPOSE):
        assert not re.search(r"\b[a-z0-9-]+(\.[a-z0-9-]+)+/[a-z]", re.sub(r"(?m)^\s*#.*$", "", text.read_text()).replace("deploy/", "")), text


# ---- packages ----

def test_the_languages_of_the_image_are_those_that_are_defined():
    named = set()
    for path in (ROOT / "languages").glob("*.yaml"):
        named |= set(yaml.safe_load(path.read_text())["package"].replace(",", " ").split())
    assert packages_of("languages") == named
    assert [rest for word, rest in instructions() if word == "RUN" and "setup.sh languages" in rest]


@pytest.mark.skipif(not (BUILD_DIR / "evalx").exists(), reason="evalx is not built")
def test_the_libraries_of_the_image_are_those_that_evalx_needs():
    dynamic = subprocess.run(["readelf", "--dynamic", BUILD_DIR / "evalx"], check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic)) - {"libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2"}
    if any("san" in name for name in needed):
        pytest.skip("built with a sanitizer")
    found = subprocess.run(["dpkg-query", "--search", *(f"*/{name}" for name in needed)], capture_output=True, text=True).stdout
    owners = {name: {line.split(":", 1)[0] for line in found.splitlines() if line.endswith(f"/{name}")} for name in needed}
    named = packages_of("runtime")
    assert all(packages & named for packages in owners.values()), owners
    assert named <= set().union(*owners.values()), named - set().union(*owners.values())


def test_unknown_groups_are_errors():
    done = subprocess.run([ROOT / "scripts/setup.sh", "--list", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 2 and "nonsense" in done.stderr


# ---- the seccomp profile ----

@pytest.fixture(scope="module")
def profile():
    return json.loads(PROFILE.read_text())


@pytest.fixture(scope="module")
def allowed(profile):
    return {name for group in profile["syscalls"] if group["action"] == "SCMP_ACT_ALLOW" for name in group["names"]}


def test_the_profile_is_of_the_runtimes_form(profile):
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO" and profile["architectures"] == ["SCMP_ARCH_X86_64"]
    for group in profile["syscalls"]:
        assert set(group) <= {"names", "action", "args", "comment"} and group["action"] == "SCMP_ACT_ALLOW", group
        assert len(set(group["names"])) == len(group["names"])


def test_the_profile_allows_what_boxes_are_built_with(allowed):
    """The calls that doctor names, step by step."""
    table = re.search(r"\} steps\[\] = \{(.*?)\n\};", (ROOT / "src/cli/confinement.c").read_text(), re.S)[1]
    calls = {call for names in re.findall(r'\{"[^"]+", *\w+, *"([^"]+)"\}', table) for call in names.split(", ")}
    assert {"pivot_root", "clone3", "mount_setattr", "fsmount"} <= calls
    assert calls <= allowed, calls - allowed


def test_the_profile_allows_what_programs_may_do(allowed):
    """A call that the box's own filter lets through ends at the container's otherwise."""
    policy = set(re.findall(r"^ALLOW(?:_IF\d?|_COUNTED_IF\d?)?\((\w+)", (ROOT / "src/jail/policy.def").read_text(), re.M))
    assert len(policy) > 200 and policy <= allowed, policy - allowed


def test_the_profile_refuses_what_nobody_needs(allowed):
    never = {"bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "io_uring_setup", "userfaultfd", "keyctl",
             "add_key", "request_key", "ptrace", "process_vm_writev", "open_by_handle_at", "fanotify_init", "settimeofday", "clock_settime", "syslog", "quotactl", "acct", "iopl", "ioperm", "modify_ldt", "nfsservctl", "chroot"}
    assert not never & allowed, never & allowed


# ---- compose.yaml ----

@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_compose_builds_what_there_is(services):
    stages = {rest.rsplit(None, 1)[1] for word, rest in instructions() if word == "FROM"}
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    for name in ("api", "worker"):
        build = services[name]["build"]
        assert (COMPOSE.parent / build["context"]).resolve() == ROOT and build["target"] == name and name in stages
        assert services[name]["image"] == f"evalx-{name}:{version}"
        assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert services["worker"]["deploy"]["replicas"] == 2


def test_compose_grants_no_more_than_is_needed(services):
    for name, service in services.items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"] and not service.get("privileged"), name
        assert not any(str(volume).startswith(("/var/run", "/run", "..", "./", "/:")) for volume in service.get("volumes", [])), name
    assert "cap_add" not in services["api"] and "cap_add" not in services["redis"]
    worker = services["worker"]
    assert set(worker["networks"]) == {"store"} and "ports" not in worker  # strangers' programs run beside it
    seccomp = next(option.split(":", 1)[1] for option in worker["security_opt"] if option.startswith("seccomp:"))
    assert (COMPOSE.parent / seccomp).resolve() == PROFILE
    # One set of capabilities everywhere: what the pods get, docker's workers get.
    manifest = ROOT / "deploy/kubernetes/base/worker.yaml"
    pod = next(document for document in yaml.safe_load_all(manifest.read_text()) if document["kind"] == "Deployment" and document["metadata"]["name"] == "evalx-worker")["spec"]["template"]["spec"]
    assert sorted(worker["cap_add"]) == sorted(pod["containers"][0]["securityContext"]["capabilities"]["add"])


def test_compose_keeps_what_was_acknowledged(services):
    redis = services["redis"]
    for words in ("--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"):
        assert words in redis["command"], words
    manifest = (ROOT / "deploy/kubernetes/base/redis.yaml").read_text()
    assert redis["image"] == re.search(r"^ +image: (redis:.*)$", manifest, re.M)[1] + "-bookworm", "the same Redis as in pods"
    assert redis["volumes"] == ["redis:/data"] and redis["healthcheck"]["test"]
    # SIGKILL comes after evalx has had the time that it takes.
    for name in ("api", "worker"):
        environment = services[name]["environment"]
        seconds = sum(int(environment.get(f"EVALX_SHUTDOWN_{part}", "0s").rstrip("s")) for part in ("DELAY", "GRACE")) + 5
        assert int(services[name]["stop_grace_period"].rstrip("s")) >= seconds, name


@pytest.mark.skipif(not (BUILD_DIR / "evalx").exists(), reason="evalx is not built")
def test_compose_sets_what_evalx_knows(services):
    known = {setting["environment"] for setting in json.loads(subprocess.run([BUILD_DIR / "evalx", "config", "--json"], check=True, capture_output=True, text=True, env={}).stdout).values()}
    for name in ("api", "worker"):
        given = set(services[name]["environment"])
        assert given <= known, given - known
