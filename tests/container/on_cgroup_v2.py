#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Inside the machine that tests/sandbox/v2.sh boots (control groups version 2, this machine's files as its root, ten times slower): the worker's pod by
runc. doctor, then the hostile programs and limits where the two versions differ most. Called by test_container.py.

    tests/sandbox/v2.sh tests/container/on_cgroup_v2.py ROOTFS BUILD_DIR
"""
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ["E2E_SLOW"] = "10"

from pod import V2, Container, Network, Reachable, deployment, specification, suite_specification, totals_of, with_component  # noqa: E402

SUITES = {
    "sandbox": ["/src/tests/sandbox/test_hostile.py", "-k", "daemon.c or orphans_burn or small_hogs or in_flight or sets_process_1"],
    "limits": ["/src/tests/e2e/test_limits.py", "-k", "not address_space and (memory or output_limit or process_limit or processes or eight or four_children or parent_that_has_ended)"],
}


def doctor(name, rootfs, pod, config, **options):
    """(what it printed, its checks by name)"""
    spec = specification(pod, pod["containers"][0], ["/usr/local/bin/evalx", "doctor", "--json"], {"EVALX_SLOTS": "1"}, folders={"config": config}, **options)
    container = Container(name, f"/mnt/{name}", rootfs, spec)
    if options.get("handed_over"):
        container.hand_over()
    _, said = container.run(300)
    return said, {check["name"]: check for check in json.loads(said)["checks"]} if said.lstrip().startswith("{") else {}


def users_of_its_own(rootfs, config):
    """hostUsers: false, with the control group handed over: nothing is refused."""
    pod = deployment("evalx-worker")
    pod["hostUsers"] = False
    pod["containers"][0]["securityContext"]["procMount"] = "Unmasked"
    with Reachable(rootfs, "/mnt/rootfs") as reachable:
        said, checks = doctor("users", reachable, pod, config, handed_over=True)
    failed = [name for name, check in checks.items() if check["state"] == "failed"]
    print("user namespace:", checks.get("control group", {}).get("detail", said), "failed:", failed)
    return [] if checks and not failed and checks["sandbox"]["state"] == "ok" else [f"user namespace: {said}"]


def privileged(rootfs, config, network):
    """The component worker-privileged: no control group namespace of its own, every group of the machine before it. It keeps to its own."""
    said, checks = doctor("privileged", rootfs, with_component(deployment("evalx-worker"), "worker-privileged"), config, network=network)
    failed = [name for name, check in checks.items() if check["state"] == "failed"]
    print("privileged:", checks.get("control group", {}).get("detail", said), "failed:", failed)
    left = sorted(path.name for path in Path("/sys/fs/cgroup").iterdir() if path.is_dir())
    return [] if checks and not failed and checks["sandbox"]["state"] == "ok" and not left else [f"privileged: {said} {left}"]


def main(rootfs, build):
    assert V2, "this machine has no control groups version 2"
    for folder in ("/mnt", "/run"):  # the root knows no owners, and keeps what is written
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    config = Path("/mnt/config")
    config.mkdir()
    pod = deployment("evalx-worker")
    failed = []
    with Network("evalx-v2") as network:
        said, checks = doctor("doctor", rootfs, pod, config, network=network)
        print("doctor:", checks.get("control group", {}).get("detail", said))
        if not checks or checks["sandbox"]["state"] != "ok" or "version 2" not in checks["control group"]["detail"]:
            failed.append(f"doctor: {said}")
        failed += users_of_its_own(rootfs, config)
        failed += privileged(rootfs, config, network)
        for name, arguments in SUITES.items():
            spec = suite_specification(pod, f"/mnt/{name}", build, arguments, {"config": config}, network)
            code, said = Container(name, f"/mnt/bundle-{name}", rootfs, spec).run(1500)
            print(f"{name}: {totals_of(said)}")
            if code != 0:
                failed.append(said[-5000:])
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
