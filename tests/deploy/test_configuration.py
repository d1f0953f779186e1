"""deploy/kubernetes: what must agree with the service, the image and itself."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.routes import health
from service.settings import PREFIX, Settings
from tests.deploy.kustomize import Resource, build, load, only
from tests.service.servers import settings_of

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "m": 2**20, "": 1}


def size_of(text: str) -> int:
    """Bytes; `m` as nginx means it."""
    number, unit = re.fullmatch(r"(\d+)(\D*)", text).groups()
    return int(number) * UNITS[unit]


@pytest.fixture(params=["cpu", "gpu"], scope="module")
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def resources(manifests: Path, overlay: str) -> list[Resource]:
    components = [manifests / "components" / name for name in ("ingress", "monitoring")]
    return build(manifests / overlay, *components)


@pytest.fixture
def pod(resources: list[Resource]) -> Resource:
    return only(resources, "Deployment")["spec"]["template"]


@pytest.fixture
def container(pod: Resource) -> Resource:
    (container,) = pod["spec"]["containers"]
    return container


@pytest.fixture
def settings(resources: list[Resource], container: Resource) -> Settings:
    """What a replica of two or more CPUs reads from its environment."""
    (settings,) = (
        resource["data"]
        for resource in resources
        if resource["metadata"]["name"] == container["envFrom"][0]["configMapRef"]["name"]
    )
    variables = settings | {entry["name"]: entry["value"] for entry in container["env"]}
    return settings_of(
        drain_delay_s=Settings.model_fields["drain_delay_s"].default,
        workers=2 * int(container["resources"]["limits"]["cpu"]),
        **{name.removeprefix(PREFIX).lower(): value for name, value in variables.items()},
    )


def test_settings_that_are_named_exist(manifests: Path) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    texts = [path.read_text() for path in manifests.rglob("*") if path.is_file()]
    named = {name for text in texts for name in re.findall(r"INPAINT_[A-Z_]+[A-Z]", text)}
    assert len(named) > 5
    assert named <= known


def test_the_image_is_called_as_make_images_calls_it(
    root: Path, overlay: str, container: Resource
) -> None:
    (name,) = re.findall(r"name=(\S+?:\$\(VERSION\)-)\$\$target", (root / "Makefile").read_text())
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert container["image"] == name.replace("$(VERSION)", version) + overlay


def test_probes_ask_where_the_service_answers(container: Resource, settings: Settings) -> None:
    paths = {route.path for route in health.router.routes}
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness")}
    probes["liveness"] = container["livenessProbe"]["httpGet"]
    assert {probe["path"] for probe in probes.values()} <= paths
    assert probes["liveness"]["path"] == "/health/live"
    assert probes["readiness"]["path"] == probes["startup"]["path"] == "/health/ready"
    (port,) = container["ports"]
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert port["containerPort"] == settings.port


def test_a_stop_waits_for_accepted_requests(pod: Resource, settings: Settings) -> None:
    (container,) = pod["spec"]["containers"]
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed = before + settings.drain_delay_s + settings.grace_s
    assert needed < pod["spec"]["terminationGracePeriodSeconds"] <= needed + 15


def test_all_uploads_that_are_let_in_have_room(pod: Resource, settings: Settings) -> None:
    (container,) = pod["spec"]["containers"]
    (mount,), (volume,) = container["volumeMounts"], pod["spec"]["volumes"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/tmp")
    places = settings.worker_count + settings.queue_size
    jobs = settings.jobs_mb * 2**20 if settings.jobs_max else 0
    room = size_of(volume["emptyDir"]["sizeLimit"])
    assert room >= places * settings.max_body_bytes + jobs
    assert size_of(container["resources"]["limits"]["ephemeral-storage"]) > room


def test_jobs_are_off_where_nobody_knows_which_replica_has_them(
    resources: list[Resource], settings: Settings
) -> None:
    annotations = only(resources, "Ingress")["metadata"]["annotations"]
    (served,) = (r for r in resources if r["kind"] == "Service" and "selector" in r["spec"])
    assert not any("haproxy.org/cookie" in name for name in annotations), "not read on an Ingress"
    annotations = annotations | served["metadata"].get("annotations", {})
    sticky = any("cookie" in name or "affinity" in name for name in annotations)
    assert sticky == (settings.jobs_max > 0)


def test_the_pod_is_confined(root: Path, pod: Resource, container: Resource) -> None:
    of_pod, of_container = pod["spec"]["securityContext"], container["securityContext"]
    user, group = re.search(r"^USER (\d+):(\d+)$", (root / "Dockerfile").read_text(), re.M).groups()
    assert (of_pod["runAsUser"], of_pod["runAsGroup"]) == (int(user), int(group))
    assert of_pod["runAsNonRoot"] is True
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert of_container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["spec"]["automountServiceAccountToken"] is False


def test_a_service_of_the_same_name_sets_no_setting(pod: Resource) -> None:
    assert pod["spec"]["enableServiceLinks"] is False


def test_only_the_gpu_overlay_asks_for_a_gpu(overlay: str, container: Resource) -> None:
    gpus = container["resources"]["limits"].get("nvidia.com/gpu")
    assert gpus == {"cpu": None, "gpu": "1"}[overlay]
    assert container["resources"]["limits"]["cpu"] == container["resources"]["requests"]["cpu"]


def test_a_rollout_needs_no_second_gpu(resources: list[Resource], overlay: str) -> None:
    surge = only(resources, "Deployment")["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    assert surge == {"cpu": 1, "gpu": 0}[overlay]


def test_everything_selects_the_pods_and_nothing_else(
    resources: list[Resource], pod: Resource
) -> None:
    labels = pod["metadata"]["labels"]
    services = [resource for resource in resources if resource["kind"] == "Service"]
    selectors = [service["spec"].get("selector") for service in services]
    assert selectors == [labels, None]
    assert only(resources, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert only(resources, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    spread = pod["spec"]["topologySpreadConstraints"]
    assert all(constraint["labelSelector"]["matchLabels"] == labels for constraint in spread)
    monitor = only(resources, "ServiceMonitor")["spec"]
    watched = [s for s in services if s["metadata"].get("labels") == labels]
    assert monitor["selector"]["matchLabels"] == labels
    assert [service["metadata"]["name"] for service in watched] == ["inpaint"]
    assert monitor["endpoints"][0]["port"] == watched[0]["spec"]["ports"][0]["name"]
    assert watched[0]["spec"]["ports"][0]["targetPort"] == "http"


def test_the_ingress_lets_the_service_answer(resources: list[Resource], settings: Settings) -> None:
    ingress = only(resources, "Ingress")
    annotations = ingress["metadata"]["annotations"]
    nginx, haproxy = "nginx.ingress.kubernetes.io/", "haproxy.org/"
    assert size_of(annotations[nginx + "proxy-body-size"]) >= settings.max_body_bytes
    assert annotations[nginx + "proxy-buffering"] == "off"
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(annotations[nginx + name]) > settings.deadline_s
    assert int(annotations[haproxy + "timeout-server"].removesuffix("s")) > settings.deadline_s
    assert annotations[haproxy + "load-balance"] == "leastconn"
    assert annotations[haproxy + "check-http"] == "/health/ready"


def test_metrics_are_not_published(resources: list[Resource]) -> None:
    (rule,) = only(resources, "Ingress")["spec"]["rules"]
    services = {r["metadata"]["name"]: r["spec"] for r in resources if r["kind"] == "Service"}
    published = {
        path["path"]: services[path["backend"]["service"]["name"]].get("selector")
        for path in rule["http"]["paths"]
    }
    assert published["/"] is not None
    assert published["/metrics"] is None


@pytest.mark.parametrize("name", ["hpa", "keda"])
def test_an_autoscaler_is_the_only_master_of_the_replicas(manifests: Path, name: str) -> None:
    resources = build(manifests / "base", manifests / "components" / name)
    deployment = only(resources, "Deployment")
    assert "replicas" not in deployment["spec"]
    scaler = only(resources, {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}[name])
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]


def test_no_overlay_takes_both_autoscalers(manifests: Path, overlay: str) -> None:
    named = load(manifests / overlay / "kustomization.yaml")["components"] or []
    assert len({Path(name).name for name in named} & {"hpa", "keda"}) <= 1


def test_a_patch_takes_away_replaces_and_keeps() -> None:
    """The composition that the tests above rest on."""
    from tests.deploy.kustomize import _merge

    target: dict[str, Any] = {
        "replicas": 2,
        "volumes": [{"name": "a", "size": 1, "kept": 2}],
        "list": [1, 2],
        "map": {"kept": 3},
    }
    patch = {
        "replicas": None,
        "volumes": [{"name": "b"}, {"name": "a", "size": 5}],
        "list": [3],
        "map": {"new": 4},
    }
    _merge(target, patch)
    assert target == {
        "volumes": [{"name": "a", "size": 5, "kept": 2}, {"name": "b"}],
        "list": [3],
        "map": {"kept": 3, "new": 4},
    }
