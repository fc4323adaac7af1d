# SPDX-License-Identifier: Apache-2.0
"""The chart: it lints, refuses values that mean nothing by their names, and comes to the same as the kustomize folder."""
import copy
import json
import re

import pytest
import yaml
from harness import environment, run_cli
from manifests import (CHART, HELM, KUBERNETES, documents, find, helm, helmed, kustomized, needs_tools, run, selects, settings_file, with_components,
                       workloads)

pytestmark = needs_tools

CI_VALUES = sorted(path.name for path in (CHART / "ci").iterdir())
THE_TRIALS_OWN = {"evalx-metrics", "kube-system", None}  # namespaces of what comes with the minikube overlay
PAIRS = {
    "plain-values.yaml": lambda: kustomized("base"),
    "default-values.yaml": lambda: with_components("hpa"),
    "production-values.yaml": lambda: kustomized("overlays/production"),
    "minikube-values.yaml": lambda: [o for o in kustomized("overlays/minikube") if o["metadata"].get("namespace") not in THE_TRIALS_OWN
                                     and o["kind"] != "Secret" and o["metadata"]["name"] != "prometheus"],
}
HELMS_LABELS = {"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"}


def essence(o):
    """An object without what cannot be the same: Helm's labels and checksums, kustomize's hashes in names, comments in evalx.yaml."""
    if isinstance(o, list):
        return [essence(item) for item in o]
    if not isinstance(o, dict):
        return re.sub(r"^(evalx|evalx-redis)-[0-9a-z]{10}$", r"\1", o) if isinstance(o, str) else o
    left = {key: essence(value) for key, value in o.items()
            if key not in HELMS_LABELS and not key.startswith("checksum/") and key != "imagePullPolicy" and value is not None}
    return {key: value for key, value in left.items() if not (key == "annotations" and value == {})}


def compared(objects):
    found = {}
    for o in objects:
        if o["kind"] == "Namespace":
            continue
        o = essence(copy.deepcopy(o))
        if "evalx.yaml" in o.get("data", {}):
            o["data"]["evalx.yaml"] = yaml.safe_load(o["data"]["evalx.yaml"])
        labels = o["metadata"].pop("labels")
        assert labels["app.kubernetes.io/part-of"] == "evalx", o["metadata"]
        if o["kind"] == "RuntimeClass":
            o["metadata"].pop("namespace", None)
        found[o["kind"], o["metadata"]["name"]] = o
    return found


@pytest.mark.parametrize("values", CI_VALUES)
def test_it_lints(values):
    linted = run(HELM, "lint", CHART, "--strict", "-f", CHART / "ci" / values)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("values", PAIRS)
def test_it_comes_to_the_same_as_kustomize(values):
    by_helm, by_kustomize = compared(helmed(values)), compared(PAIRS[values]())
    # The base has its namespace to itself; a chart may be installed beside others.
    assert by_helm["NetworkPolicy", "evalx-default-deny"]["spec"].pop("podSelector") == {"matchLabels": {"app.kubernetes.io/name": "evalx"}}
    assert by_kustomize["NetworkPolicy", "evalx-default-deny"]["spec"].pop("podSelector") == {}
    assert by_helm.keys() == by_kustomize.keys()
    for name, o in by_kustomize.items():
        assert by_helm[name] == o, name
    assert len(by_helm) > 15


def test_redis_files_are_the_same():
    for name in ("redis.conf", "redis.sh"):
        assert (CHART / "files" / name).read_text() == (KUBERNETES / "base" / name).read_text(), name
        assert find(helmed("default-values.yaml"), "ConfigMap", "evalx-redis")["data"][name].strip() == (CHART / "files" / name).read_text().strip()


REFUSED = {
    "worker.slots=0": "/worker/slots",
    "worker.slotss=2": "slotss",
    "worker.confinement=none": "/worker/confinement",
    "worker.resources.limits.memory=lots": "/worker/resources/limits/memory",
    "worker.resources.limit.memory=2Gi": "limit",
    "worker.userNamespace=maybe": "/worker/userNamespace",
    "api.replicas=0": "/api/replicas",
    "api.service.type=Nodeport": "/api/service/type",
    "api.service.port=70000": "/api/service/port",
    "api.keysSecret=Not_A_Name": "/api/keysSecret",
    "image.api.digest=sha256:abc": "/image/api/digest",
    "image.worker.repository=evalx-worker:0.1.0": "/image/worker/repository",
    "image.pullPolicy=Sometimes": "/image/pullPolicy",
    "autoscaling.kind=vpa": "/autoscaling/kind",
    "autoscaling.queueDepth=0": "/autoscaling/queueDepth",
    "autoscaling.prometheusAddress=prometheus:9090": "/autoscaling/prometheusAddress",
    "autoscaling.prometheusAddress=http://x:9090/ #a: b": "/autoscaling/prometheusAddress",
    "podMonitors.interval=often": "/podMonitors/interval",
    "networkPolicies.enable=false": "enable",
    "networkPolicies.dnsCidrs={10.0.0.10}": "/networkPolicies/dnsCidrs/0",
    "externalRedis.cidr=10.0.0.10": "/externalRedis/cidr",
    "redis.storage.size=big": "/redis/storage/size",
    "redis.maxMemory=1Gi": "/redis/maxMemory",
    "redis.maxMemory=0gb": "/redis/maxMemory",  # which Redis takes for no limit
    "redis.resources.limits.memory=1073741824": "redis.maxMemory (1gb) must be below",
    "autoscaling.matchLabels.names pace=x": "names pace",
    "autoscaling.matchLabels.namespace=a\"b": "/autoscaling/matchLabels/namespace",
    r"config.hints\.ai\.url\.host=x": "hints.ai.url.host",
    "config.lissten=1": "lissten",
    r"config.store\.url=redis://elsewhere": "store.url",
    r"config.submission\.max_time=forever": "/config/submission.max_time",
    r"config.queue\.max_depth=0": "/config/queue.max_depth",
    r"config.limits\.max_memory_kb=4GiB": "/config/limits.max_memory_kb",
    r"config.webhook\.allow=10.0.0.0/8\,fd00::/8": "/config/webhook.allow",  # in a file evalx takes several values as a list only
    r"config.webhook\.allow={10.0.0.0/8,cluster}": "/config/webhook.allow",
    "config.languages_dir=languages": "/config/languages_dir",
    "config.listen=0.0.0.0:80": "/config/listen",
    "autoscaling.matchLabels.queue=x": "invalid propertyName 'queue'",  # the chart's own; what runs is not told by queue
    "worker.extraVolumes[0].name=tmp": "/worker/extraVolumes/0/name",
    "api.extraVolumes[0].name=keys": "/api/extraVolumes/0/name",
    "worker.extraVolumeMounts[0].mountpath=/x": "/worker/extraVolumeMounts/0",
    "worker.extraVolumes[0].name=model": "/worker/extraVolumes/0",
    "replicaCount=3": "replicaCount",
    # and what two values say together
    "worker.terminationGracePeriodSeconds=465": "worker.terminationGracePeriodSeconds must be above 465",
    "worker.shutdownGraceSeconds=440": "worker.shutdownGraceSeconds must be above 440",
    r"config.submission\.max_time=50m": "worker.shutdownGraceSeconds must be above 3080",
    r"config.submission\.max_time=1h": "config.submission.max_time (1h) may be at most 3519s here",
    r"config.submission\.max_time=3520s": "config.submission.max_time (3520s) may be at most 3519s here",
    r"config.limits\.max_wall_time_ms=3579001": "config.limits.max_wall_time_ms must be below 3580000",
    r"config.limits\.max_wall_time_ms=90000": "worker.shutdownGraceSeconds must be above 470",
    "api.terminationGracePeriodSeconds=24": "api.terminationGracePeriodSeconds must be at least 25",
    "api.shutdownDelaySeconds=16": "api.terminationGracePeriodSeconds must be at least 31",
    "redis.maxMemory=2gb": "redis.maxMemory (2gb) must be below redis.resources.limits.memory (1536Mi)",
    "redis.maxMemory=1536mb": "redis.maxMemory (1536mb) must be below",
    "podMonitors.interval=4s": "podMonitors.scrapeTimeout (4s) must be below podMonitors.interval (4s)",
    "autoscaling.minReplicas=60": "autoscaling.minReplicas must not be above",
    "redis.enabled=false": "externalRedis.host is needed",
    "worker.userNamespace=true": "worker.userNamespace needs worker.runtimeClassName",
    "worker.createRuntimeClass=true": "worker.runtimeClassName is needed",
}


REQUIRED = ("redis.image", "redis.storage", "redis.resources", "redis.maxMemory", "api.service", "api.webhookSecret", "api.shutdownDelaySeconds",
            "api.terminationGracePeriodSeconds", "worker.shutdownGraceSeconds", "worker.confinement", "externalRedis.port", "externalRedis.user",
            "externalRedis", "redisSecret", "autoscaling.maxReplicas", "podMonitors.interval", "networkPolicies")


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_taken_away_is_missed_by_name(name):
    refused = helm("--set", f"{name}=null")
    assert refused.returncode != 0 and "missing propert" in refused.stderr and name.rpartition(".")[2] in refused.stderr, refused.stderr


ALLOWED = ("worker.terminationGracePeriodSeconds=466", "api.terminationGracePeriodSeconds=25", "api.shutdownDelaySeconds=15", "redis.maxMemory=1535mb", "redis.resources.limits.memory=1073741825",
           "podMonitors.interval=4100ms",
           r"config.submission\.max_time=3519s,worker.shutdownGraceSeconds=3600,worker.terminationGracePeriodSeconds=3606", r"config.hints\.crash\.wait_ms=500", r"config.hints\.ai\.url=https://models.example.org/v1")


@pytest.mark.parametrize("setting", ALLOWED)
def test_what_just_fits_is_taken(setting):
    rendered = helm("--set", setting)
    assert rendered.returncode == 0, rendered.stderr


@pytest.mark.parametrize("setting", REFUSED)
def test_what_means_nothing_is_refused_by_name(setting):
    refused = helm("--set", setting)
    assert refused.returncode != 0 and REFUSED[setting] in refused.stderr, refused.stderr


def test_knobs_turn_what_they_say():
    objects = helmed("elsewhere-values.yaml", release="judge")
    worker = find(objects, "Deployment", "judge-evalx-worker")["spec"]
    assert "replicas" not in worker and worker["template"]["spec"]["imagePullSecrets"] == [{"name": "images"}]
    environment = {v["name"]: v.get("value") for v in worker["template"]["spec"]["containers"][0]["env"]}
    assert environment["EVALX_SLOTS"] == "4"
    assert environment["EVALX_STORE_URL"] == "redis://evalx:$(REDIS_PASSWORD)@redis.example.org:6379/0"
    assert find(objects, "Deployment", "judge-evalx-api")["spec"]["template"]["spec"]["containers"][0]["image"].startswith(
        "images.example.org/evalx-api@sha256:0123")
    scaler = find(objects, "HorizontalPodAutoscaler", "judge-evalx-worker")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "judge-evalx-worker" and scaler["maxReplicas"] == 12
    assert [m["external"]["target"]["averageValue"] for m in scaler["metrics"]] == ["40", "4"], "a worker with four slots runs four"
    assert not [o for o in objects if o["kind"] == "StatefulSet" or "redis" in o["metadata"]["name"]]


@pytest.mark.parametrize("match, depth, running", [
    ({}, {"queue": "default"}, {}),
    ({"namespace": "evalx-7"}, {"namespace": "evalx-7", "queue": "default"}, {"namespace": "evalx-7"})])
def test_both_figures_are_chosen_by_the_labels_that_are_given(match, depth, running):
    settings = [part for name, value in match.items() for part in ("--set", f"autoscaling.matchLabels.{name}={value}")]
    metrics = [m["external"]["metric"] for m in find(documents(helm(*settings).stdout), "HorizontalPodAutoscaler", "evalx-worker")["spec"]["metrics"]]
    assert [metric.get("selector", {}).get("matchLabels", {}) for metric in metrics] == [depth, running]
    keda = find(documents(helm(*settings, "--set", "autoscaling.kind=keda").stdout), "ScaledObject", "evalx-worker")["spec"]["triggers"]
    for trigger, name, labels in zip(keda, ("evalx_queue_depth", "evalx_submissions_running"), (depth, running), strict=True):
        matchers = ",".join(f'{key}="{value}"' for key, value in labels.items())
        assert trigger["metadata"]["query"] == f"max({name}{f'{{{matchers}}}' if labels else ''})"


def test_dns_elsewhere():
    def asked(*settings):
        rule = find(documents(helm(*settings).stdout), "NetworkPolicy", "evalx-dns")["spec"]["egress"]
        assert len(rule) == 1 and {port["port"] for port in rule[0]["ports"]} == {53}
        return [to["ipBlock"]["cidr"] for to in rule[0]["to"] if "ipBlock" in to], [to for to in rule[0]["to"] if "ipBlock" not in to]
    usual, pods = asked()
    assert usual == ["169.254.20.10/32", "169.254.169.254/32"] and len(pods) == 2
    assert asked("--set", "networkPolicies.dnsCidrs={10.0.0.53/32,fd00::53/128}") == (["10.0.0.53/32", "fd00::53/128"], pods)
    assert asked("--set-json", "networkPolicies.dnsCidrs=[]") == ([], pods)


@pytest.mark.parametrize("allowed, blocks", [
    ("10.20.0.0/16", ["10.20.0.0/16"]), ('["10.20.0.0/16", "192.168.7.9", "fd00:7::/32", "fd00::9"]', ["10.20.0.0/16", "192.168.7.9/32", "fd00:7::/32", "fd00::9/128"])])
@pytest.mark.parametrize("public", ["true", "false"])
def test_what_webhooks_are_allowed_the_network_lets_through(tmp_path, allowed, blocks, public):
    (tmp_path / "values.yaml").write_text(f"config: {{webhook.allow: {allowed}}}\nnetworkPolicies: {{webhooks: {public}}}\n")
    rendered = helm("-f", tmp_path / "values.yaml")
    assert rendered.returncode == 0, rendered.stderr
    objects = documents(rendered.stdout)
    rules = find(objects, "NetworkPolicy", "evalx-api")["spec"]["egress"]
    assert rules[-1] == {"to": [{"ipBlock": {"cidr": block}} for block in blocks]} and len(rules) == 2 + (public == "true")
    assert not any("ipBlock" in to for rule in find(objects, "NetworkPolicy", "evalx-worker")["spec"]["egress"] for to in rule["to"]), "which sends none"
    (tmp_path / "evalx.yaml").write_text(settings_file(objects))
    shown = run_cli("config", "--json", env={**environment(), "EVALX_CONFIG": str(tmp_path / "evalx.yaml")})
    given = yaml.safe_load(allowed)
    assert json.loads(shown.stdout)["webhook.allow"]["value"] == f"[{', '.join([given] if isinstance(given, str) else given)}]", "evalx sees as many"


def test_files_that_settings_name_can_be_mounted(tmp_path):
    """A model's key for workers, languages of one's own for both."""
    languages = {"extraVolumes": [{"name": "languages", "configMap": {"name": "languages"}}],
                 "extraVolumeMounts": [{"name": "languages", "mountPath": "/etc/evalx-languages", "readOnly": True}]}
    worker = {"extraVolumes": [*languages["extraVolumes"], {"name": "model", "secret": {"secretName": "model", "defaultMode": 288}}],
              "extraVolumeMounts": [*languages["extraVolumeMounts"], {"name": "model", "mountPath": "/etc/evalx-model", "readOnly": True}]}
    (tmp_path / "values.yaml").write_text(json.dumps({"api": languages, "worker": worker, "config": {
        "languages_dir": "/etc/evalx-languages", "hints.ai.url": "https://models.example.org/v1", "hints.ai.model": "m", "hints.ai.key_file": "/etc/evalx-model/key"}}))
    objects = documents(helm("-f", tmp_path / "values.yaml", "--set", "api.keysSecret=evalx-keys").stdout)
    for name, more in (("api", languages), ("worker", worker)):
        pod = find(objects, "Deployment", f"evalx-{name}")["spec"]["template"]["spec"]
        before = find(helmed("default-values.yaml"), "Deployment", f"evalx-{name}")["spec"]["template"]["spec"]
        keys = name == "api"
        assert pod["volumes"] == [*before["volumes"], *([{"name": "keys", "secret": {"secretName": "evalx-keys", "defaultMode": 288}}] if keys else []), *more["extraVolumes"]]
        mounts = pod["containers"][0]["volumeMounts"]
        assert mounts[len(mounts) - len(more["extraVolumeMounts"]):] == more["extraVolumeMounts"]
        assert len(mounts) == len(before["containers"][0]["volumeMounts"]) + keys + len(more["extraVolumeMounts"])
    (tmp_path / "evalx.yaml").write_text(settings_file(objects))
    shown = run_cli("config", "--json", env={**environment(), "EVALX_CONFIG": str(tmp_path / "evalx.yaml")})
    assert shown.returncode == 0 and json.loads(shown.stdout)["languages_dir"]["value"] == "/etc/evalx-languages", shown.stderr


def test_pods_may_have_addresses_of_both_families():
    objects = documents(helm("--set", "config.listen=[::]:2358").stdout)
    listen = yaml.safe_load(settings_file(objects))["listen"]
    assert listen == "[::]:2358"
    for name in ("api", "worker"):
        container = find(objects, "Deployment", f"evalx-{name}")["spec"]["template"]["spec"]["containers"][0]
        assert container["ports"] == [{"name": "http", "containerPort": int(listen.rpartition(":")[2])}]
        assert {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")} == {"http"}
    assert find(objects, "Service", "evalx-api")["spec"]["ports"][0]["targetPort"] == "http"
    assert [rule["ports"][0]["port"] for rule in find(objects, "NetworkPolicy", "evalx-api")["spec"]["ingress"]] == [2358]
    assert find(objects, "ConfigMap", "evalx-redis")["data"]["redis.conf"].count("bind * -::*") == 1, "Redis' as well"


def test_others_in_the_namespace_are_left_alone():
    policies = [o["spec"]["podSelector"] for o in helmed("default-values.yaml") if o["kind"] == "NetworkPolicy"]
    assert len(policies) == 5 and not any(selects(chosen, {"app.kubernetes.io/name": "other"}) for chosen in policies)
    assert not any(selects(chosen, {"app.kubernetes.io/name": "evalx", "app.kubernetes.io/instance": "evalx-two"}) for chosen in policies)


def test_two_releases_in_one_namespace_have_pods_of_their_own():
    """Their objects and pods are told apart. Their queues are not, by what Prometheus adds to the figures: namespaces of their own (docs/kubernetes.md)."""
    first, second = (compared(helmed("default-values.yaml", release=name)) for name in ("evalx", "evalx-two"))
    assert not first.keys() & second.keys()
    chosen = [w["spec"]["selector"]["matchLabels"] for name in ("evalx", "evalx-two") for w in workloads(helmed("default-values.yaml", release=name))]
    assert len({tuple(sorted(labels.items())) for labels in chosen}) == len(chosen)


LABELS = ("labels", "annotations", "matchLabels", "nodeSelector", "selector")  # maps of texts to texts, wherever they are
NAMED = re.compile("name|namespace|key|.*Name|schedulerName|handler|image|serverAddress|query|sizeLimit|value")


def not_texts(o, path=""):
    """Where a number or a boolean is in the place of a text, by the words above."""
    if isinstance(o, list):
        return [one for i, item in enumerate(o) for one in not_texts(item, f"{path}[{i}]")]
    if not isinstance(o, dict):
        return []
    found = [f"{path}.{key}={value!r}" for key, value in o.items() if NAMED.fullmatch(key) and not isinstance(value, (str, dict)) and ".policies[" not in path]
    for key, value in o.items():
        if key in LABELS and isinstance(value, dict) and not value.keys() & {"matchLabels", "matchExpressions"}:
            found += [f"{path}.{key}.{name}={text!r}" for name, text in value.items() if not isinstance(text, str)]
        found += not_texts(value, f"{path}.{key}")
    return found


@pytest.mark.parametrize("release, values, service", [
    ("123", "production", "evalx-123-redis"), ("123", "default", "evalx-123-redis"), ("true", "production", "true-evalx-redis"), ("1e3", "minikube", "evalx-1e3-redis"),
    ("my.evalx", "production", "my-evalx-redis"), ("7.evalx", "default", "evalx-7-evalx-redis"), ("a" * 38 + "---b", "minikube", "a" * 38 + "-redis")])
def test_a_release_may_be_called_anything_that_helm_takes(release, values, service):
    """YAML reads 123, 1e3 and true as something else than texts, and a Service's name begins with a letter and has no dot."""
    rendered = helm("-f", CHART / "ci" / f"{values}-values.yaml", release=release, namespace="1e3")
    assert rendered.returncode == 0, rendered.stderr
    objects = documents(rendered.stdout)
    assert len(objects) > 15 and not_texts(objects) == []
    assert {o["metadata"].get("namespace", "1e3") for o in objects} == {"1e3"}
    assert {o["metadata"]["labels"]["app.kubernetes.io/instance"] for o in objects} == {release}
    assert all(re.fullmatch("[a-z]([-a-z0-9]{0,61}[a-z0-9])?", o["metadata"]["name"]) for o in objects), [o["metadata"]["name"] for o in objects]
    assert service in [o["metadata"]["name"] for o in objects if o["kind"] == "Service"] and f"@{service}:6379/0" in rendered.stdout


def test_names_of_others_may_look_like_numbers():
    names = {name: value for name, value in zip(
        ("redisSecret.name", "redisSecret.key", "api.webhookSecret", "api.keysSecret", "worker.runtimeClassName", "worker.priorityClassName", "redis.storage.className",
         "networkPolicies.scrapeNamespaces[0]", "image.pullSecrets[0]", "podMonitors.labels.release"), ("123", "1e3", "true", "null", "456", "0o17", "1e9", "789", "10", "12e1"))}
    settings = [part for name, value in names.items() for part in ("--set-string", f"{name}={value}")]
    rendered = helm(*settings, "--set", "podMonitors.enabled=true,worker.createRuntimeClass=true", "--set-string", "worker.nodeSelector.pool=7")
    assert rendered.returncode == 0, rendered.stderr
    objects = documents(rendered.stdout)
    assert not_texts(objects) == []
    worker, api = (find(objects, "Deployment", f"evalx-{name}")["spec"]["template"]["spec"] for name in ("worker", "api"))
    assert worker["runtimeClassName"] == "456" and worker["priorityClassName"] == "0o17" and worker["nodeSelector"]["pool"] == "7"
    keys = {v["valueFrom"]["secretKeyRef"]["name"]: v["valueFrom"]["secretKeyRef"]["key"] for v in api["containers"][0]["env"] if "valueFrom" in v}
    assert keys == {"123": "1e3", "true": "secret"} and "null" in [v["secret"]["secretName"] for v in api["volumes"] if "secret" in v]
    assert find(objects, "StatefulSet", "evalx-redis")["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "1e9"


def test_a_changed_setting_rolls_the_pods_that_read_it():
    def checksums(*settings):
        rendered = helm(*settings)
        assert rendered.returncode == 0, rendered.stderr
        objects = [o for o in yaml.safe_load_all(rendered.stdout) if o]
        return {w["metadata"]["name"]: w["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for w in workloads(objects)}
    before, after = checksums(), checksums("--set", r"config.queue\.max_depth=5")
    assert {name for name in before if before[name] != after[name]} == {"evalx-api", "evalx-worker"}


def notes_of(*settings):
    shown = run(HELM, "install", "evalx", CHART, "-n", "evalx", "--dry-run=client", *(part for setting in settings for part in ("--set", setting)))
    assert shown.returncode == 0, shown.stderr
    return shown.stdout.partition("NOTES:")[2]


def test_notes_say_what_is_needed():
    notes = notes_of("worker.confinement=privileged")
    for word in ("evalx-redis", "evalx-webhook", "No API key is asked for", "privileged", "external.metrics.k8s.io", "port-forward"):
        assert word in notes, notes
    assert "Authorization" not in notes and "worker.slots" not in notes and "A worker may need" not in notes
    assert "Authorization: Bearer" in notes_of("api.keysSecret=evalx-keys"), "without a key the answer is 401"


@pytest.mark.parametrize("setting, words", [
    ("worker.slots=2", ("worker.slots (2) are more than the cores of a worker", "may need 3072Mi", "limits.memory: 2Gi")),
    ("worker.resources.limits.cpu=900m", ("worker.slots (1) are more than", "limits.cpu: 900m")),
    ("worker.resources.limits.memory=2047Mi", ("may need 2048Mi", "limits.memory: 2047Mi"))])
def test_notes_warn_of_slots_that_have_no_room(setting, words):
    notes = notes_of(setting)
    assert all(word in notes for word in words), notes
