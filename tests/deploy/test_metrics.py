"""Dashboard, alerts and autoscaler ask for metrics, labels and values that the service has."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service import errors
from service.app import INFERENCE_PATHS
from service.texturing import TextureOutcome
from tests.deploy.kustomize import load
from tests.service.pictures import box_hole, file_of, mask_file, noise
from tests.service.servers import client_of

OF_PROMETHEUS = {"job", "pod"}  # added when a replica is asked
SELECTOR = re.compile(r"(inpaint_\w+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=|!=|=~|!~)\s*"([^"]*)"')


@pytest.fixture(scope="module")
def expressions(manifests: Path) -> dict[str, str]:
    """Every query by where it stands."""
    components = manifests / "components"
    dashboard = json.loads((components / "monitoring" / "dashboard.json").read_text())
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel["targets"]
    }
    for group in load(components / "monitoring" / "alerts.yaml")["spec"]["groups"]:
        found |= {rule["alert"]: rule["expr"] for rule in group["rules"]}
    triggers = load(components / "keda" / "scaled-object.yaml")["spec"]["triggers"]
    assert len(triggers) == 2
    return found | {f"keda {n}": each["metadata"]["query"] for n, each in enumerate(triggers)}


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of every sample of a server that has seen a bit of everything."""
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text("abcdef0123456789 name=shop requests_per_minute=2\n")
    files = {"image": file_of(noise(40, 50)), "mask": mask_file(box_hole(40, 50))}
    with client_of(api_keys_file=keys) as client:
        client.headers["Authorization"] = "Bearer abcdef0123456789"
        job = client.post("/inpaint", files=files, headers={"Prefer": "respond-async"})
        statuses = [job.status_code] + [
            client.post("/inpaint", files=files).status_code for _ in range(2)
        ]
        assert statuses == [202, 200, 429]
        while client.get(f"{job.headers['Location']}/result").status_code == 409:
            pass
        text = client.get("/metrics").text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_metrics_exist_with_these_labels(
    expressions: dict[str, str], labels: dict[str, set[str]]
) -> None:
    for where, expression in expressions.items():
        selectors = SELECTOR.findall(expression)
        assert {name for name, _ in selectors} == set(re.findall(r"inpaint_\w+", expression)), where
        used = set().union(*(labels[name] for name, _ in selectors)) | OF_PROMETHEUS
        for name, inner in selectors:
            matchers = MATCHER.findall(inner)
            assert ("job", "inpaint") in matchers, where
            assert {label for label, _ in matchers} <= labels[name] | OF_PROMETHEUS, where
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            assert set(grouped.split(", ")) <= used, where


def test_what_alerts_count_is_there_from_the_start(expressions: dict[str, str]) -> None:
    with client_of() as client:
        families = list(text_string_to_metric_families(client.get("/metrics").text))
    there = {
        (sample.name, label, value)
        for family in families
        for sample in family.samples
        for label, value in sample.labels.items()
    }
    counted = 0
    for where, expression in expressions.items():
        for name, inner in SELECTOR.findall(expression):
            for label, text in MATCHER.findall(inner):
                if label in ("problem", "outcome") or (label, text) == ("status", "500"):
                    for value in text.split("|"):
                        assert (name, label, value) in there, where
                        counted += 1
    assert counted > 5


def test_values_of_labels_are_those_that_the_service_gives(expressions: dict[str, str]) -> None:
    kinds = [cls for cls in vars(errors).values() if hasattr(cls, "slug")]
    known = {
        "problem": {kind.slug for kind in kinds},
        "route": set(INFERENCE_PATHS),
        "outcome": set(get_args(TextureOutcome)),
        "step": {"queue", "load"},
    }
    checked = set()
    for where, expression in expressions.items():
        for label, text in MATCHER.findall(expression):
            if label in known:
                assert set(text.split("|")) <= known[label], where
                checked.add(label)
    assert checked == set(known)


def test_panels_have_numbers_of_their_own_and_do_not_overlap(manifests: Path) -> None:
    dashboard = json.loads((manifests / "components/monitoring/dashboard.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
