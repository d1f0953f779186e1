"""deploy/kubernetes against published schemas and the tools that will read it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.kustomize import Resource, build, load

pytestmark = pytest.mark.long

OLDEST, NEWEST = "1.30", "1.37"
CHOICES = {
    "cpu": ("cpu", ()),
    "gpu": ("gpu", ()),
    "gpu with all": ("gpu", ("keda", "ingress", "monitoring")),
}


@pytest.fixture(params=CHOICES.values(), ids=CHOICES.keys())
def choice(request: pytest.FixtureRequest, manifests: Path) -> tuple[Path, list[Path]]:
    overlay, components = request.param
    return manifests / overlay, [manifests / "components" / name for name in components]


def is_custom(resource: Resource) -> bool:
    return resource["apiVersion"].startswith(("keda.sh/", "monitoring.coreos.com/"))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_own_kinds(choice: tuple[Path, list[Path]], version: str) -> None:
    from kubernetes_validate import validate

    overlay, components = choice
    core = [resource for resource in build(overlay, *components) if not is_custom(resource)]
    assert len(core) > 4
    for resource in core:
        assert validate(resource, version, strict=True) == version


@pytest.mark.parametrize("kind", ["ScaledObject", "ServiceMonitor", "PrometheusRule"])
def test_kinds_of_keda_and_of_the_prometheus_operator(manifests: Path, kind: str) -> None:
    """Models made of the published definitions; what they do not know they drop."""
    from cloudcoil.models import keda, prometheus_operator

    components = [manifests / "components" / name for name in ("keda", "monitoring")]
    resources = build(manifests / "base", *components)
    (resource,) = (resource for resource in resources if resource["kind"] == kind)
    model = getattr(keda.v1alpha1 if kind == "ScaledObject" else prometheus_operator.v1, kind)
    read = model.model_validate(resource)
    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == resource


def test_kubectl_composes_the_same(choice: tuple[Path, list[Path]], tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    overlay, components = choice
    (tmp_path / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "resources": [os.path.relpath(overlay, tmp_path)],
                "components": [os.path.relpath(path, tmp_path) for path in components],
            }
        )
    )
    command = ["kubectl", "kustomize", tmp_path]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    without_hash = re.sub(r"inpaint-settings-[a-z0-9]{10}\b", "inpaint-settings", answer.stdout)
    theirs = [document for document in yaml.safe_load_all(without_hash) if document]

    def by_name(resource: Resource) -> tuple[str, str]:
        return resource["kind"], resource["metadata"]["name"]

    assert sorted(theirs, key=by_name) == sorted(build(overlay, *components), key=by_name)


def promtool(*arguments: str | Path) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian's package `prometheus` has it)")
    answer = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_prometheus_reads_the_queries_of_the_dashboard(manifests: Path, tmp_path: Path) -> None:
    dashboard = json.loads((manifests / "components/monitoring/dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries)
    ]
    (tmp_path / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]})
    )
    promtool("check", "rules", tmp_path / "rules.yaml")


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    inner = ",".join(f'{key}="{value}"' for key, value in {"job": "inpaint", **labels}.items())
    return {"series": f"inpaint_{name}{{{inner}}}", "values": values}


# Two replicas of four workers: 0.5 s of planned work in one, six requests that wait in the other,
# and ten requests in five minutes that had 2 s of work each.
QUIET = [
    series("backlog_seconds", "0x20", pod="a"),
    series("queue_depth", "0x20", pod="a"),
    series("workers", "4x20", pod="a"),
]
BUSY = [
    series("backlog_seconds", "0.5x20", pod="a"),
    series("backlog_seconds", "0x20", pod="b"),
    series("queue_depth", "0x20", pod="a"),
    series("queue_depth", "6x20", pod="b"),
    series("workers", "4x20", pod="a"),
    series("workers", "4x20", pod="b"),
    series("step_duration_seconds_sum", "0+1x20", pod="a", step="infer"),
    series("step_duration_seconds_sum", "0+9x20", pod="a", step="queue"),
    series("step_duration_seconds_count", "0+0.5x20", pod="a", step="queue"),
    series("step_duration_seconds_count", "0+0.5x20", pod="a", step="infer"),
]
REFUSING = [*BUSY, series("problems_total", "0+2x20", pod="b", problem="queue-full")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [(QUIET, 0), (BUSY, 0.5 + 6 * 2 / 4), (REFUSING, 0.5 + (6 + 2 / 15) * 2 / 4)],
    ids=["nothing to do", "some wait", "some are refused"],
)
def test_the_autoscaler_counts_seconds_that_wait(
    manifests: Path, tmp_path: Path, given: list[dict[str, str]], expected: float
) -> None:
    scaled = load(manifests / "components" / "keda" / "scaled-object.yaml")
    waiting, busy = scaled["spec"]["triggers"]
    queries = [
        {
            "expr": trigger["metadata"]["query"],
            "eval_time": "5m",
            "exp_samples": [{"labels": "{}", "value": value}],
        }
        for trigger, value in ((waiting, expected), (busy, 3 / 4))
    ]
    working = series("working", "3x20", pod="a")
    case = {
        "interval": "15s",
        "input_series": [*given, working],
        "promql_expr_test": queries,
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [case]}))
    promtool("test", "rules", tmp_path / "test.yaml")


def test_alerts_ring(manifests: Path, tmp_path: Path) -> None:
    spec = load(manifests / "components" / "monitoring" / "alerts.yaml")["spec"]
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(spec))
    ask = "/inpaint"
    given = [
        series("ready", "0x200", pod="a"),
        series("problems_total", "0+1x200", problem="queue-full"),
        series("problems_total", "0+1x200", problem="deadline-passed"),
        series("requests_total", "0+1x200", route=ask, status="429"),
        series("requests_total", "0+1x200", route=ask, status="500"),
        series("requests_total", "0+8x200", route=ask, status="200"),
        series("step_duration_seconds_bucket", "0+1x200", step="queue", le="5"),
        series("step_duration_seconds_bucket", "0+9x200", step="queue", le="10"),
        series("step_duration_seconds_bucket", "0+9x200", step="queue", le="+Inf"),
        series("texture_total", "0+1x200", outcome="late"),
        series("texture_total", "0+8x200", outcome="on"),
    ]
    names = [rule["alert"] for rule in spec["groups"][0]["rules"]]
    (tmp_path / "test.yaml").write_text(
        yaml.safe_dump(
            {
                "rule_files": ["alerts.yaml"],
                "tests": [
                    {
                        "interval": "15s",
                        "input_series": given,
                        "promql_expr_test": [
                            {
                                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                                "eval_time": "40m",
                                "exp_samples": [
                                    {"labels": f'{{alertname="{name}"}}', "value": 1}
                                    for name in names
                                ],
                            }
                        ],
                    }
                ],
            }
        )
    )
    promtool("test", "rules", tmp_path / "test.yaml")
