# SPDX-License-Identifier: Apache-2.0
"""The manifests: they render, Kubernetes' schemas know every field, and they say what docs/kubernetes.md promises. What they do with a
real control plane is tests/k8s's matter (make k8s-test); what autoscaling comes to, test_autoscaling.py's."""
import functools
import ipaddress
import json
import os
import re
import subprocess

import pytest
import yaml
from harness import EVALX, ROOT, environment, run_cli
from manifests import (CHART, COMPONENTS, KUBERNETES, OVERLAYS, SCALERS, SCHEMAS, container, find, helmed, kustomized, needs_schemas, needs_tools, pod,
                       quantity, run, seconds, selects, settings_file, with_components, workloads)

pytestmark = needs_tools

VERSIONS = ("1.30", "1.36")  # the oldest that has appArmorProfile, and the control plane of make k8s-test
CI_VALUES = sorted(path.name for path in (CHART / "ci").iterdir())
CHECKER_SECONDS = 20  # JUDGE_WALL_MS
EVERYTHING = {
    "base": lambda: kustomized("base"),
    **{f"overlays/{name}": lambda name=name: kustomized(f"overlays/{name}") for name in OVERLAYS},
    **{f"components/{name}": lambda name=name: with_components(name) for name in COMPONENTS},
    **{f"helm/{name}": lambda name=name: helmed(name) for name in CI_VALUES},
}


def variants(*kinds):
    return pytest.mark.parametrize("objects", [make for name, make in EVERYTHING.items() if name.startswith(kinds or ("",))],
                                   ids=[name for name in EVERYTHING if name.startswith(kinds or ("",))])


def by_component(objects, component):
    return next(w for w in workloads(objects) if w["spec"]["template"]["metadata"]["labels"].get("app.kubernetes.io/component") == component)


def components_of(objects):
    return [name for name in ("api", "worker", "redis") if name != "redis" or any(w["kind"] == "StatefulSet" for w in workloads(objects))]


# ---- they render, and are what they should be ----

def test_the_one_file_is_the_overlay():
    """kubectl apply -f deployment.yaml is kubectl apply -k overlays/minikube; make k8s-render makes it anew."""
    rendered = run(KUBERNETES / "render.sh", "-", env={**os.environ, "BUILD_DIR": str(SCHEMAS.parent)})
    assert rendered.returncode == 0, rendered.stderr
    assert (KUBERNETES / "deployment.yaml").read_text() == rendered.stdout, "deployment.yaml is not what the overlay renders to: make k8s-render"


@needs_schemas
def test_every_field_is_one_that_kubernetes_knows():
    distinct = {json.dumps(o, sort_keys=True): (f"{name}: {o['kind']} {o['metadata']['name']}", o) for name, make in EVERYTHING.items() for o in make()}
    everything = list(distinct.values())
    checked = subprocess.run(["/usr/bin/python3", ROOT / "tests" / "deploy" / "validate.py", *VERSIONS], input=json.dumps(everything), text=True,
                             capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": str(SCHEMAS)})
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout) == [] and len(everything) > 80
    broken = json.loads(json.dumps(find(kustomized("base"), "Deployment", "evalx-worker")))
    broken["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilites"] = {}
    checked = subprocess.run(["/usr/bin/python3", ROOT / "tests" / "deploy" / "validate.py", "1.34"], input=json.dumps([["broken", broken]]), text=True,
                             capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": str(SCHEMAS)})
    assert "capabilites" in checked.stdout, "a misspelt field is told"


SCALED_OBJECT = {"scaleTargetRef": {"apiVersion", "kind", "name", "envSourceContainerName"}, "minReplicaCount": None, "maxReplicaCount": None,
                 "pollingInterval": None, "cooldownPeriod": None, "fallback": {"failureThreshold", "replicas", "behavior"},
                 "advanced": {"horizontalPodAutoscalerConfig", "restoreToOriginalReplicaCount", "scalingModifiers"}, "triggers": None}
TRIGGER = {"type", "name", "metricType", "metadata", "authenticationRef", "useCachedMetrics"}
PROMETHEUS = {"serverAddress", "query", "threshold", "activationThreshold", "ignoreNullValues", "namespace", "unsafeSsl", "timeout"}
ENDPOINT = {"port", "path", "interval", "scrapeTimeout", "relabelings", "metricRelabelings", "honorLabels"}


@variants()
def test_operators_fields_are_theirs(objects):
    for o in objects():
        if o["kind"] == "ScaledObject":
            assert o["spec"].keys() <= SCALED_OBJECT.keys()
            for key, fields in SCALED_OBJECT.items():
                assert fields is None or o["spec"].get(key, {}).keys() <= fields, key
            for trigger in o["spec"]["triggers"]:
                assert trigger.keys() <= TRIGGER and trigger["metadata"].keys() <= PROMETHEUS
                assert all(isinstance(value, str) for value in trigger["metadata"].values()), "KEDA's metadata are texts"
        if o["kind"] == "PodMonitor":
            assert o["spec"].keys() <= {"selector", "podMetricsEndpoints", "namespaceSelector", "jobLabel"}
            assert all(endpoint.keys() <= ENDPOINT for endpoint in o["spec"]["podMetricsEndpoints"])


@variants()
def test_no_two_objects_have_one_name(objects):
    names = [(o["apiVersion"], o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects()]
    assert len(names) == len(set(names))
    cluster_wide = {"Namespace", "ClusterRole", "ClusterRoleBinding", "APIService", "RuntimeClass"}
    assert all((namespace is None) == (kind in cluster_wide) for _, kind, namespace, _ in names), names


# ---- what pods are ----

@variants()
def test_selectors_and_ports_meet(objects):
    objects = objects()
    templates = [w["spec"]["template"] for w in workloads(objects)]
    for workload in workloads(objects):
        assert selects(workload["spec"]["selector"], workload["spec"]["template"]["metadata"]["labels"]), workload["metadata"]["name"]
        others = [t for t in templates if t is not workload["spec"]["template"]]
        assert not any(selects(workload["spec"]["selector"], t["metadata"]["labels"]) for t in others), "selects another's pods"
    for service in (o for o in objects if o["kind"] == "Service"):
        chosen = [t for t in templates if selects({"matchLabels": service["spec"]["selector"]}, t["metadata"]["labels"])]
        assert len(chosen) == 1, service["metadata"]["name"]
        named = {port["name"] for port in chosen[0]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named
    for o in objects:
        if o["kind"] in ("PodDisruptionBudget", "PodMonitor"):
            assert sum(selects(o["spec"]["selector"], t["metadata"]["labels"]) for t in templates) == 1, o["metadata"]["name"]
        for endpoint in o["spec"].get("podMetricsEndpoints", []) if o["kind"] == "PodMonitor" else []:
            assert endpoint["port"] == "http" and seconds(endpoint["scrapeTimeout"]) < seconds(endpoint["interval"])
    for workload in workloads(objects):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            port = container(workload).get(probe, {}).get("httpGet", {}).get("port")
            assert port is None or port in {p["name"] for p in container(workload)["ports"]}
        mounted = {mount["name"] for mount in container(workload)["volumeMounts"]}
        claimed = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        assert mounted == {volume["name"] for volume in pod(workload).get("volumes", [])} | claimed
        for volume in pod(workload).get("volumes", []):
            if "configMap" in volume:
                assert any(o["kind"] == "ConfigMap" and o["metadata"]["name"] == volume["configMap"]["name"] for o in objects), volume
        accounts = [o for o in objects if o["kind"] == "ServiceAccount" and o["metadata"]["name"] == pod(workload)["serviceAccountName"]]
        assert len(accounts) == 1


@variants()
def test_pods_of_evalx_have_no_token_and_no_rights(objects):
    objects = objects()
    evalx = {pod(by_component(objects, name))["serviceAccountName"] for name in components_of(objects)}
    for name in components_of(objects):
        spec = pod(by_component(objects, name))
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
        assert not any("serviceAccountToken" in str(volume) or "hostPath" in volume for volume in spec["volumes"])
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
    for o in objects:
        if o["kind"] == "ServiceAccount" and o["metadata"]["name"] in evalx:
            assert o["automountServiceAccountToken"] is False
        if o["kind"] in ("RoleBinding", "ClusterRoleBinding"):
            assert not {subject["name"] for subject in o["subjects"]} & evalx, "no account of evalx is bound to anything"
        if o["kind"] in ("Role", "ClusterRole"):
            assert all(set(rule["verbs"]) <= {"get", "list", "watch"} for rule in o["rules"]), "nobody may change anything"
        if o["kind"] == "Secret":
            assert o["metadata"]["namespace"] == "evalx"


@variants()
def test_security_contexts(objects):
    objects = objects()
    for workload in workloads(objects):
        is_worker = workload is by_component(objects, "worker")
        context, around = container(workload)["securityContext"], pod(workload)["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        if is_worker:
            continue
        assert context == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert around["runAsNonRoot"] is True and around["runAsUser"] > 0 and around["seccompProfile"] == {"type": "RuntimeDefault"}


WORKER_CAPABILITIES = ["SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_ADMIN", "SYS_CHROOT"]


def test_what_workers_are_granted():
    """By default no more than building boxes takes; every step down is a component of its own."""
    plain = by_component(kustomized("base"), "worker")
    context, around = container(plain)["securityContext"], pod(plain)["securityContext"]
    assert context["privileged"] is False and context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": WORKER_CAPABILITIES}
    assert around["seccompProfile"] == {"type": "Localhost", "localhostProfile": "evalx-worker.json"}
    privileged = {name for name, make in EVERYTHING.items()
                  if any(container(w)["securityContext"].get("privileged") for w in workloads(make()))}
    assert privileged == {"components/worker-privileged", "helm/elsewhere-values.yaml"}
    unconfined = {name for name, make in EVERYTHING.items()
                  if pod(by_component(make(), "worker"))["securityContext"].get("seccompProfile") == {"type": "Unconfined"}}
    assert unconfined == {"components/worker-unconfined", "overlays/minikube", "helm/minikube-values.yaml"}
    for name, make in EVERYTHING.items():
        worker = pod(by_component(make(), "worker"))
        assert name.startswith("components/") or ("hostUsers" in worker) == ("runtimeClassName" in worker), "in a user namespace the control group is handed over"
    production = by_component(kustomized("overlays/production"), "worker")
    assert pod(production)["hostUsers"] is False and container(production)["securityContext"]["procMount"] == "Unmasked"
    runtime = find(kustomized("overlays/production"), "RuntimeClass", "evalx")
    assert pod(production)["runtimeClassName"] == "evalx"
    assert f"runtimes.{runtime['handler']}]" in (KUBERNETES / "components" / "worker-cgroups" / "containerd.toml").read_text()


PROFILE = KUBERNETES / "base" / "seccomp" / "evalx-worker.json"


def test_the_seccomp_profile_lets_boxes_be_built():
    assert PROFILE.name == pod(by_component(kustomized("base"), "worker"))["securityContext"]["seccompProfile"]["localhostProfile"]
    policy = json.loads(PROFILE.read_text())
    assert policy["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {name for rule in policy["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    assert {"pivot_root", "mount", "umount2", "mount_setattr", "open_tree", "move_mount", "setns", "unshare", "clone3", "clone"} <= allowed
    assert not {"kexec_load", "init_module", "finit_module", "bpf", "reboot"} & allowed


# ---- resources ----

@variants()
def test_workers_have_a_core_a_slot_and_the_memory_that_programs_may_take(objects):
    worker = by_component(objects(), "worker")
    resources, slots = container(worker)["resources"], int(variables(worker)["EVALX_SLOTS"])
    settings = yaml.safe_load(settings_file(objects()))
    assert quantity(resources["limits"]["memory"]) >= slots * settings["limits.max_memory_kb"] * 1024 + 2**30
    if quantity(resources["requests"]["cpu"]) >= 1:  # all but the trial's
        assert resources["requests"] == resources["limits"], "Guaranteed"
        assert quantity(resources["limits"]["cpu"]) == slots


def test_only_the_trial_shares_cores():
    shares = {name for name, make in EVERYTHING.items()
              if container(by_component(make(), "worker"))["resources"]["requests"] != container(by_component(make(), "worker"))["resources"]["limits"]}
    assert shares == {"overlays/minikube", "helm/minikube-values.yaml"}
    for name in shares:
        worker = container(by_component(EVERYTHING[name](), "worker"))["resources"]
        assert "cpu" not in worker["limits"], "a limit of 25m would slow every program down"
        assert 50 * quantity(worker["requests"]["cpu"]) <= 1.5 and 50 * quantity(worker["requests"]["memory"]) <= 4 * 2**30, "fifty fit on a laptop"


@variants()
def test_redis_has_room_for_what_it_may_hold(objects):
    objects = objects()
    if "redis" in components_of(objects):
        redis = find(objects, "ConfigMap", "evalx-redis")["data"]["redis.conf"]
        command = container(by_component(objects, "redis"))["command"]
        assert command[:-1] == ["sh", "/etc/redis/redis.sh", "/etc/redis/redis.conf", "--maxmemory"] and not re.search(r"^maxmemory ", redis, re.M)
        amount, unit = re.fullmatch(r"(\d+)(mb|gb)", command[-1]).groups()
        most = int(amount) * {"mb": 2**20, "gb": 2**30}[unit]
        assert quantity(container(by_component(objects, "redis"))["resources"]["limits"]["memory"]) >= 1.4 * most
        for setting in ("appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "aclfile /run/redis/users.acl"):
            assert setting in redis.splitlines()


# ---- the end of a pod ----

def variables(workload):
    return {variable["name"]: variable.get("value") for variable in container(workload)["env"]}


@functools.lru_cache(None)
def longest_compile():
    """Seconds on the clock, of all languages."""
    listed = [language for path in (ROOT / "languages").glob("*.yaml") for language in [yaml.safe_load(path.read_text())]]
    steps = [language["compile"].get("limits", {}).get("wall_time_ms", 0) for language in listed if language.get("compile")]
    assert len(listed) > 10 and max(steps) > 0
    return max(steps) / 1000


@variants()
def test_grace_covers_the_longest_submission(objects):
    """The longest that the shipped settings allow: the last test case begins at submission.max_time, or after compiling program and checker if that
    took longer; then one run, and its checker."""
    objects = objects()
    settings, worker = yaml.safe_load(settings_file(objects)), by_component(objects, "worker")
    last_begin = max(seconds(settings["submission.max_time"]), 2 * longest_compile())
    longest = last_begin + settings["limits.max_wall_time_ms"] / 1000 + CHECKER_SECONDS
    grace = seconds(variables(worker)["EVALX_SHUTDOWN_GRACE"])
    assert grace >= longest + 10, "whatever runs is finished, not run again"
    assert pod(worker)["terminationGracePeriodSeconds"] >= grace + 15, "SIGKILL finds nothing to do: results are stored, waiting probes answered"


def test_the_figure_for_checkers_is_the_programs():
    assert re.search(r"\bJUDGE_WALL_MS = 20000\b", "".join(path.read_text() for path in (ROOT / "src" / "worker").glob("judge.[ch]")))


@variants()
def test_an_api_goes_on_until_nobody_is_sent_to_it(objects):
    api = by_component(objects(), "api")
    delay, ready = seconds(variables(api)["EVALX_SHUTDOWN_DELAY"]), container(api)["readinessProbe"]
    assert delay >= 4 * ready["periodSeconds"] + ready["timeoutSeconds"], "endpoints leave out who is deleted, and balancers that ask for themselves have noticed"
    assert pod(api)["terminationGracePeriodSeconds"] >= delay + 15, "shutdown_delay, shutdown_grace (10 s by default) and 5 s (docs/operations.md)"
    assert api["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0 and api["spec"]["replicas"] >= 2


@variants()
def test_probes_mean_what_they_say(objects):
    """Restarting helps nobody while Redis is away, so liveness does not ask for it; readiness does."""
    for name in ("api", "worker"):
        probes = container(by_component(objects(), name))
        assert probes["livenessProbe"]["httpGet"]["path"] == probes["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert probes["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert probes["livenessProbe"]["failureThreshold"] * probes["livenessProbe"]["periodSeconds"] >= 30
        assert probes["startupProbe"]["failureThreshold"] * probes["startupProbe"]["periodSeconds"] >= 60
        assert "lifecycle" not in probes, "SIGTERM says it all"


@variants()
def test_an_api_outlasts_a_redis_that_comes_back_in_place(objects):
    """Else every api leaves the Service within seconds, and clients are refused connections instead of told when to come again."""
    ready = container(by_component(objects(), "api"))["readinessProbe"]
    borne = ready["periodSeconds"] * ready["failureThreshold"]
    assert borne == 30 and ready.get("successThreshold", 1) == 1, "and are back with the first answer"
    assert f"for {borne} s (`readinessProbe.failureThreshold`)" in " ".join((ROOT / "docs" / "kubernetes.md").read_text().split())
    for service in (o for o in objects() if o["kind"] == "Service" and o["spec"]["selector"].get("app.kubernetes.io/component") == "api"):
        assert "publishNotReadyAddresses" not in service["spec"], "with which pods that end would be sent clients"


@variants()
def test_pods_go_where_their_programs_run(objects):
    """x86-64 alone: the seccomp profile names no other, and a program of one that it does not name is killed."""
    assert json.loads(PROFILE.read_text())["architectures"] == ["SCMP_ARCH_X86_64"]
    for name in ("api", "worker"):
        assert pod(by_component(objects(), name))["nodeSelector"]["kubernetes.io/arch"] == "amd64"
    if "redis" in components_of(objects()):
        assert "nodeSelector" not in pod(by_component(objects(), "redis")), "whose image is there for any"


def test_the_rigs_nodes_have_the_labels_that_pods_ask_for():
    text = (ROOT / "tests" / "k8s" / "node.py").read_text()
    asked = {item for w in workloads(kustomized("overlays/minikube")) for item in pod(w).get("nodeSelector", {}).items()}
    assert asked and asked <= set(re.findall(r'"(kubernetes\.io/\w+)":\s+"(\w+)"', text))


def test_production_workers_go_where_the_documentation_says():
    worker = pod(by_component(kustomized("overlays/production"), "worker"))
    assert worker["nodeSelector"] == {"evalx/workers": "true", "kubernetes.io/arch": "amd64"}
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    label, taint = (re.search(rf"kubectl {verb} nodes? \S+ (\S+)", text)[1] for verb in ("label", "taint"))
    assert label in {f"{key}={value}" for key, value in worker["nodeSelector"].items()}
    key, value, effect = re.fullmatch("([^=]+)=([^:]+):(.+)", taint).groups()
    assert any(t["key"] == key and t["effect"] == effect and (t["operator"] == "Exists" or t.get("value") == value) for t in worker["tolerations"])


# ---- network ----

def policies(objects):
    return [o for o in objects if o["kind"] == "NetworkPolicy"]


def peers(objects, component, direction):
    """What NetworkPolicies allow a pod of component to speak to, or be spoken to by: a set of words; None when nothing restricts it."""
    labels = by_component(objects, component)["spec"]["template"]["metadata"]["labels"]
    named = {name: by_component(objects, name)["spec"]["template"]["metadata"]["labels"] for name in components_of(objects)}
    held, allowed = False, set()
    for policy in policies(objects):
        if not selects(policy["spec"]["podSelector"], labels) or direction not in policy["spec"]["policyTypes"]:
            continue
        held = True
        for rule in policy["spec"].get(direction.lower(), []):
            ports = {port["port"] for port in rule.get("ports", [])} or {"any"}
            for peer in rule.get("to", rule.get("from", [None])):
                if peer is None:
                    who = ["anybody"]
                elif "ipBlock" in peer:
                    who = [peer["ipBlock"]["cidr"]]
                elif "namespaceSelector" in peer:
                    who = [f"{key}={value}" for key, value in {**peer["namespaceSelector"]["matchLabels"],
                                                              **peer.get("podSelector", {}).get("matchLabels", {})}.items()]
                else:
                    who = [name for name, other in named.items() if selects(peer["podSelector"], other)]
                allowed |= {(one, port) for one in who for port in ports}
    return allowed if held else None


def reaches(objects, component, address, port, protocol="TCP"):
    """Whether a pod of component may speak to an address that is none of evalx' pods."""
    labels, address = by_component(objects, component)["spec"]["template"]["metadata"]["labels"], ipaddress.ip_address(address)
    chosen = [policy["spec"] for policy in policies(objects) if selects(policy["spec"]["podSelector"], labels) and "Egress" in policy["spec"]["policyTypes"]]
    rules = [rule for spec in chosen for rule in spec.get("egress", [])
             if "ports" not in rule or {"protocol": protocol, "port": port} in rule["ports"]]
    blocks = [(ipaddress.ip_network(to["ipBlock"]["cidr"]), to["ipBlock"].get("except", [])) for rule in rules for to in rule["to"] if "ipBlock" in to]
    return not chosen or any(address in block and not any(address in ipaddress.ip_network(one) for one in but)
                             for block, but in blocks if block.version == address.version)


DNS = {(name, 53) for name in ("kubernetes.io/metadata.name=kube-system", "k8s-app=kube-dns", "k8s-app=node-local-dns", "169.254.20.10/32", "169.254.169.254/32")}


@variants("base", "overlays", "helm/default", "helm/production", "helm/minikube")
def test_who_may_speak_to_whom(objects):
    objects = objects()
    scrapes = {("evalx/scrapes=true", 2358), ("kubernetes.io/metadata.name=monitoring", 2358)}
    assert peers(objects, "worker", "Egress") == DNS | {("redis", 6379)}, "workers reach Redis, and nothing else"
    assert peers(objects, "worker", "Ingress") == scrapes
    assert peers(objects, "api", "Egress") == DNS | {("redis", 6379), ("0.0.0.0/0", "any"), ("::/0", "any")}, "webhooks"
    assert peers(objects, "api", "Ingress") == {("anybody", 2358)}
    assert peers(objects, "redis", "Egress") == set()
    assert peers(objects, "redis", "Ingress") == {("api", 6379), ("worker", 6379)}
    everybody = [policy["spec"] for policy in policies(objects) if not policy["spec"].keys() & {"ingress", "egress"}]
    assert len(everybody) == 1 and sorted(everybody[0]["policyTypes"]) == ["Egress", "Ingress"] and len(everybody[0]) == 2
    for name in ("api", "worker", "redis"):
        assert selects(everybody[0]["podSelector"], by_component(objects, name)["spec"]["template"]["metadata"]["labels"]), "and for what is not said, none"
    port = {p["name"]: p["containerPort"] for name in ("api", "worker") for p in container(by_component(objects, name))["ports"]}
    assert port == {"http": 2358}


@variants("base", "overlays", "helm")
def test_names_are_found_and_the_nodes_credentials_are_not(objects):
    """NodeLocal DNSCache and Google's Cloud DNS answer on the node. At the second's address, on another port, a cloud gives the node's credentials away."""
    objects = objects()
    for name in ("api", "worker"):
        for resolver in ("169.254.20.10", "169.254.169.254"):
            assert reaches(objects, name, resolver, 53, "UDP") and reaches(objects, name, resolver, 53, "TCP"), (name, resolver)
            assert not any(reaches(objects, name, resolver, port) for port in (80, 443, 988, 8080)), (name, resolver)
        assert not reaches(objects, name, "169.254.170.2", 53) and not reaches(objects, name, "10.0.0.1", 53)
    assert not reaches(objects, "worker", "93.184.215.14", 443)
    if "redis" in components_of(objects):
        assert not reaches(objects, "redis", "169.254.20.10", 53), "which asks for no name"


def test_redis_elsewhere_and_no_webhooks():
    objects = helmed("elsewhere-values.yaml")
    assert peers(objects, "worker", "Egress") == peers(objects, "api", "Egress") == DNS | {("198.51.100.7/32", 6379)}


def blocks_of_webhooks():
    return [to["ipBlock"] for rule in find(kustomized("base"), "NetworkPolicy", "evalx-api")["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]


def test_webhooks_are_refused_what_evalx_itself_refuses():
    """The tables of src/webhook/guard.c, range by range; IPv4 in IPv6 has no packets of its own."""
    text = (ROOT / "src" / "webhook" / "guard.c").read_text()
    tables = re.findall(r"\} ?carriers\[\] = \{.*?\n\};|closed_v[46]\[\] = \{.*?\n\};", text, re.S)
    refused = [ipaddress.ip_network(text) for table in tables for text in re.findall(r'\{"([0-9a-f.:]+/\d+)"', table)]
    assert len(tables) == 3 and len(refused) > 30
    for block in blocks_of_webhooks():
        whole, shut = ipaddress.ip_network(block["cidr"]), [ipaddress.ip_network(text) for text in block["except"]]
        assert all(one.subnet_of(whole) and one != whole for one in shut)
        assert list(ipaddress.collapse_addresses(shut)) == list(ipaddress.collapse_addresses(one for one in refused if one.version == whole.version))


def test_webhooks_do_not_reach_into_the_cluster():
    blocks = blocks_of_webhooks()
    allowed = [(ipaddress.ip_network(b["cidr"]), [ipaddress.ip_network(e) for e in b["except"]]) for b in blocks]

    def reaches(address):
        address = ipaddress.ip_address(address)
        return any(address in cidr and not any(address in e for e in excepted) for cidr, excepted in allowed if cidr.version == address.version)
    for private in ("10.96.0.1", "10.244.1.7", "192.168.49.2", "172.17.0.1", "169.254.169.254", "100.64.0.9", "168.63.129.16", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
                    "fd00::1", "fe80::1", "::1", "64:ff9b::a00:1", "2002:a00:1::1", "ff02::1"):
        assert not reaches(private), private
    assert reaches("93.184.215.14") and reaches("2a00:1450:4001:82a::200e")


# ---- settings ----

@variants()
def test_the_binary_takes_every_setting(objects, tmp_path):
    objects = objects()
    (tmp_path / "evalx.yaml").write_text(settings_file(objects))
    for name in ("api", "worker"):
        workload = by_component(objects, name)
        given = {key: value for key, value in variables(workload).items() if key.startswith("EVALX_") and value}
        given["EVALX_STORE_URL"] = given["EVALX_STORE_URL"].replace("$(REDIS_PASSWORD)", "secret")
        mount = next(m["mountPath"] for m in container(workload)["volumeMounts"] if m["name"] == "config")
        assert given["EVALX_CONFIG"] == f"{mount}/evalx.yaml"
        shown = run_cli("config", "--json", env={**environment(), **given, "EVALX_CONFIG": str(tmp_path / "evalx.yaml")})
        assert shown.returncode == 0 and "unknown" not in shown.stderr, shown.stderr
        settings = json.loads(shown.stdout)
        for key, value in yaml.safe_load(settings_file(objects)).items():
            assert settings[key]["source"] == "file", key
        sources = {setting["environment"]: setting["source"] for setting in settings.values()}
        assert all(sources[key] == "environment" for key in given if key != "EVALX_CONFIG"), given
        assert container(workload)["args"] == [name] and settings["listen"]["value"] == f"0.0.0.0:{container(workload)['ports'][0]['containerPort']}"


def test_images_have_the_version_of_the_program():
    version = run(EVALX, "version").stdout.split()[1]
    images = {container(w)["image"] for make in EVERYTHING.values() for w in workloads(make()) if container(w)["image"].startswith("evalx")}
    assert images == {f"evalx-api:{version}", f"evalx-worker:{version}"}
    for make in EVERYTHING.values():
        assert all(not container(w)["image"].endswith(":latest") and re.search("[:@]", container(w)["image"]) for w in workloads(make()))


def test_secrets_are_only_named():
    """But for the trial's, nothing holds one; and what the pods name is what the documentation makes."""
    for name, make in EVERYTHING.items():
        assert name == "overlays/minikube" or not any(o["kind"] == "Secret" for o in make()), name
    named = {(v["valueFrom"]["secretKeyRef"]["name"], v["valueFrom"]["secretKeyRef"]["key"])
             for w in workloads(kustomized("overlays/production")) for v in container(w).get("env", []) if "valueFrom" in v}
    assert named == {("evalx-redis", "password"), ("evalx-webhook", "secret")}
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    for secret, key in named | {("evalx-keys", "keys")}:
        assert re.search(rf"create secret generic {secret} --from-(literal|file)={key}=", text), secret


# ---- what the documentation says ----

def test_the_documentation_has_the_numbers_and_files_of_the_manifests():
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    objects = kustomized("base")
    worker, api, settings = by_component(objects, "worker"), by_component(objects, "api"), yaml.safe_load(settings_file(objects))
    most = settings["limits.max_wall_time_ms"] // 1000
    longest = int(seconds(settings["submission.max_time"])) + most + CHECKER_SECONDS
    for words in (f"takes {longest} s", f"`submission.max_time` ({seconds(settings['submission.max_time']) / 60:g} min)", f"`limits.max_wall_time_ms` ({most} s)",
                  f"`EVALX_SHUTDOWN_GRACE` ({variables(worker)['EVALX_SHUTDOWN_GRACE'][:-1]} s)", f"`store.lease` ({settings['store.lease'][:-1]} s)",
                  f"`terminationGracePeriodSeconds` ({pod(worker)['terminationGracePeriodSeconds']} s)",
                  f"`EVALX_SHUTDOWN_DELAY` ({variables(api)['EVALX_SHUTDOWN_DELAY'][:-1]} s)"):
        assert words in " ".join(text.split()), words
    for name in WORKER_CAPABILITIES:
        assert re.search(rf"[ `]{name}[ `]", text), name
    for name in COMPONENTS:
        assert f"`{name}`" in text, name
    for path in set(re.findall(r"deploy/[A-Za-z0-9_./-]*[A-Za-z0-9]", text)):
        assert (ROOT / path).exists(), path
    tags = {container(w)["image"] for w in workloads(kustomized("overlays/minikube")) if container(w)["image"].startswith("evalx")}
    for image in tags:
        assert f"-t {image} ." in text and f"minikube image load {image}" in text


def test_the_documented_steps_name_what_there_is():
    """Enlarging Redis (carried out once by hand on the control plane of make k8s-shell), its StorageClass, from one autoscaler to the other, what production needs."""
    text = (ROOT / "docs" / "kubernetes.md").read_text()
    redis = find(kustomized("base"), "StatefulSet", "evalx-redis")
    claims = redis["spec"]["volumeClaimTemplates"]
    assert f"kubectl -n evalx patch pvc {claims[0]['metadata']['name']}-{redis['metadata']['name']}-0 " in text
    assert f"kubectl -n evalx delete statefulset {redis['metadata']['name']} --cascade=orphan" in text
    assert "`/spec/volumeClaimTemplates/0/spec/storageClassName`" in text and len(claims) == 1 and "storageClassName" not in claims[0]["spec"]
    scaler = find(with_components("hpa"), "HorizontalPodAutoscaler", "evalx-worker")["metadata"]["name"]
    assert f"kubectl -n evalx delete hpa {scaler}`" in text
    assert "kubectl -n evalx rollout restart deployment/evalx-api" in text and "SIGHUP" not in text, "in a pod nobody sends one"
    needs = re.search(r"^## In production$(.*?)^```sh$", text, re.M | re.S)[1]
    operators = {o["kind"] for o in kustomized("overlays/production") if o["apiVersion"].startswith(("keda.sh/", "monitoring.coreos.com/"))}
    assert operators and all(f"kind {kind}" in needs for kind in operators), "and what brings them"
    address = find(kustomized("overlays/production"), "ScaledObject", "evalx-worker")["spec"]["triggers"][0]["metadata"]["serverAddress"]
    service, namespace = re.fullmatch(r"http://([a-z-]+)\.([a-z-]+)\.svc:9090", address).groups()
    assert f"`{service}` in the namespace `{namespace}`" in needs
    assert "one release in a namespace" in text and "matchLabels: {namespace: …}" in text


# ---- autoscaling's objects ----

@pytest.mark.parametrize("scaler", SCALERS)
def test_a_scaler_takes_the_number_out_of_the_deployment(scaler):
    assert find(kustomized("base"), "Deployment", "evalx-worker")["spec"]["replicas"] == 2
    assert "replicas" not in find(with_components(scaler), "Deployment", "evalx-worker")["spec"], "applying again must not reset what was scaled"
    for name, make in EVERYTHING.items():
        scaled = any(o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject") for o in make())
        assert ("replicas" not in by_component(make(), "worker")["spec"]) == scaled, name


def test_one_autoscaler_and_at_most_one_server_of_its_metrics():
    for name, make in EVERYTHING.items():
        assert sum(o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject") for o in make()) <= 1, name
        assert sum(o["kind"] == "APIService" for o in make()) <= 1, name
        assert not (any(o["kind"] == "ScaledObject" for o in make()) and any(o["kind"] == "APIService" for o in make())), "KEDA serves them itself"


def test_the_trial_has_all_that_its_autoscaler_asks():
    """From the metric's name in the autoscaler to the port that Prometheus scrapes: each step names the next."""
    objects = kustomized("overlays/minikube")
    asked = {m["external"]["metric"]["name"] for m in find(objects, "HorizontalPodAutoscaler", "evalx-worker")["spec"]["metrics"]}
    service = find(objects, "APIService", r"v1beta1\.external\.metrics\.k8s\.io")["spec"]["service"]
    adapter = find(objects, "Deployment", service["name"])
    assert adapter["metadata"]["namespace"] == service["namespace"]
    assert {p["port"] for p in find(objects, "Service", service["name"])["spec"]["ports"]} == {service["port"]}
    rules = yaml.safe_load(find(objects, "ConfigMap", "evalx-metrics-adapter")["data"]["config.yaml"])["externalRules"]
    assert {rule["name"]["as"] for rule in rules} == asked and all(name == name.lower() for name in asked), "the autoscaler asks in small letters"
    assert all(rule["metricsQuery"].startswith("max(") and rule["resources"] == {"namespaced": False} for rule in rules)
    reader = find(objects, "ClusterRole", "evalx-external-metrics-reader")["rules"]
    assert {name for rule in reader for name in rule["resources"]} == asked
    arguments = dict(argument[2:].split("=", 1) for argument in container(adapter)["args"])
    host, port = re.fullmatch(r"http://([a-z.-]+):(\d+)", arguments["prometheus-url"]).groups()
    name, namespace, _ = host.split(".")
    assert find(objects, "Service", name)["metadata"]["namespace"] == namespace
    assert int(port) == find(objects, "Service", name)["spec"]["ports"][0]["port"]
    scrape = yaml.safe_load(find(objects, "ConfigMap", "prometheus")["data"]["prometheus.yml"])
    assert seconds(arguments["metrics-relist-interval"]) >= seconds(scrape["global"]["scrape_interval"])
    assert scrape["scrape_configs"][0]["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["evalx"]}}]
    right = find(objects, "Role", "prometheus")
    assert right["metadata"]["namespace"] == "evalx" and right["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    namespace = find(objects, "Namespace", "evalx-metrics")["metadata"]["labels"]
    assert namespace["evalx/scrapes"] == "true", "the workers' NetworkPolicy lets it in"
    for workload in (adapter, find(objects, "Deployment", "prometheus")):
        assert workload["metadata"]["namespace"] == "evalx-metrics"


def test_the_adapters_rules_are_the_same_in_both_forms():
    rules = yaml.safe_load((KUBERNETES / "components" / "prometheus-adapter" / "config.yaml").read_text())["externalRules"]
    values = yaml.safe_load((KUBERNETES / "components" / "prometheus-adapter" / "helm-values.yaml").read_text())
    assert values["rules"]["external"] == rules and values["rules"]["default"] is False
