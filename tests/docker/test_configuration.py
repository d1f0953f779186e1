"""Dockerfile, compose files and proxy: they name settings that exist, with times that fit."""

import re
from pathlib import Path

import pytest
import yaml

from service.settings import PREFIX, Settings

FILES = ("Dockerfile", "docker-compose.yml", "docker-compose.gpu.yml")


@pytest.fixture(scope="module")
def compose(root: Path) -> dict:
    return yaml.safe_load((root / "docker-compose.yml").read_text())


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


@pytest.mark.parametrize("name", FILES)
def test_settings_that_are_named_exist(root: Path, name: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert set(re.findall(r"INPAINT_[A-Z_]+[A-Z]", (root / name).read_text())) <= known


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml", "docker/install.sh"])
def test_what_makes_the_cpu_image_names_no_processor(root: Path, name: str) -> None:
    named = r"amd64|x86|i[36]86|arm64|aarch64|--platform|-march|-mcpu"
    assert re.findall(named, (root / name).read_text()) == []


def test_plain_up_starts_one_server_and_the_profile_adds_the_proxy(compose: dict) -> None:
    plain = [name for name, service in compose["services"].items() if "profiles" not in service]
    assert plain == ["inpaint"]
    assert compose["services"]["replica"]["deploy"]["replicas"] == 3
    assert "ports" not in compose["services"]["replica"]


@pytest.mark.parametrize("name", ["inpaint", "replica", "proxy"])
def test_containers_are_confined(compose: dict, name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_runs_without_root_and_tells_its_health(root: Path) -> None:
    _, _, runtime = (root / "Dockerfile").read_text().partition(" AS runtime\n")
    ((user, group),) = re.findall(r"^USER (\d+):(\d+)$", runtime, re.MULTILINE)
    assert int(user) > 0
    assert int(group) > 0
    assert re.search(
        r'^HEALTHCHECK .*\\\n +CMD \["python", "-m", "service", "health"\]$', runtime, re.M
    )


@pytest.mark.parametrize("name", ["inpaint", "proxy"])
def test_only_this_machine_is_listened_to_by_default(compose: dict, name: str) -> None:
    (port,) = compose["services"][name]["ports"]
    assert port.startswith("${BIND:-127.0.0.1}:")


def test_a_stop_waits_for_accepted_requests(compose: dict) -> None:
    settings = Settings(_env_file=None)
    for name in ("inpaint", "replica"):
        grace = seconds(compose["services"][name]["stop_grace_period"])
        assert grace > settings.drain_delay_s + settings.grace_s


def test_the_proxy_lets_the_server_answer_a_passed_deadline(root: Path) -> None:
    text = (root / "docker" / "haproxy.cfg").read_text()
    for side in ("client", "server"):
        (timeout,) = re.findall(rf"timeout {side} (\w+)", text)
        assert seconds(timeout) > Settings(_env_file=None).deadline_s


def test_the_proxy_sees_a_draining_replica_before_it_closes(root: Path) -> None:
    text = (root / "docker" / "haproxy.cfg").read_text()
    interval, falls = re.findall(r"check inter (\d+)ms fall (\d+)", text)[0]
    assert int(interval) * int(falls) / 1000 < Settings(_env_file=None).drain_delay_s


@pytest.mark.parametrize(
    ("target", "copy"),
    [
        ("cpu", "COPY models/inpaint.int8.onnx models/\n"),
        ("gpu", "COPY --from=half /src/models/inpaint.fp16.onnx models/\n"),
    ],
)
def test_each_image_has_the_variant_that_its_device_runs(
    root: Path, target: str, copy: str
) -> None:
    assert copy in stages_of(root)[f"runtime AS {target}"]


def test_everything_that_is_copied_is_sent_to_the_build(root: Path) -> None:
    sent = set(re.findall(r"^!(\S+)$", (root / ".dockerignore").read_text(), re.MULTILINE))
    for stage in stages_of(root).values():
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", stage, re.MULTILINE):
            for source in map(Path, sources.split()):
                assert sent & {str(path) for path in (source, *source.parents)}, source


def test_the_float16_variant_is_made_in_a_stage_of_the_gpu_image(root: Path) -> None:
    stage = stages_of(root)["build AS half"]
    assert "python -m export half models/inpaint.onnx" in stage
    assert (root / "models" / "inpaint.onnx").is_file()


def stages_of(root: Path) -> dict[str, str]:
    text = (root / "Dockerfile").read_text()
    return dict(part.split("\n", 1) for part in re.split(r"^FROM ", text, flags=re.M)[1:])
