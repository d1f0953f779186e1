import json
import re
from pathlib import Path

import service
from service.app import create_app
from service.engine.dummy import DummyEngine
from tests.service.servers import SIZES, client_of, settings_of

CHECKED_IN = Path(service.__file__).parent / "openapi.json"
HOW = "python -m service openapi > service/openapi.json"


def schema():
    return create_app(settings_of(), DummyEngine(SIZES)).openapi()


def test_the_checked_in_schema_is_current():
    assert json.loads(CHECKED_IN.read_text()) == schema(), f"run: {HOW}"


def test_every_answer_is_described_with_an_example():
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            for status, response in operation["responses"].items():
                assert response["description"], (path, status)
                for content in response.get("content", {}).values():
                    assert has_example(content), (path, method, status)


def has_example(content) -> bool:
    if "example" in content:
        return True
    name = content["schema"]["$ref"].rpartition("/")[2]
    properties = schema()["components"]["schemas"][name]["properties"].values()
    return all(p.keys() & {"examples", "const", "default"} for p in properties)


def test_every_status_of_the_contract_is_described():
    described = schema()["paths"]["/inpaint"]["post"]["responses"]
    contract = {"200", "400", "401", "403", "413", "415", "422", "429", "503", "504"}
    assert contract <= described.keys()
    for status in contract - {"200"}:
        example = described[status]["content"]["application/problem+json"]["example"]
        assert example["status"] == int(status)


def test_the_page_loads_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 3
    for link in links:
        assert link.startswith("/docs/assets/")
        assert client.get(link).status_code == 200
    assert "https://" not in page.text


def test_a_proxy_can_publish_the_service_under_a_path():
    with client_of(root_path="/inpainting/") as client:
        page = client.get("/docs").text
        assert 'src="/inpainting/docs/assets/' in page
        assert "'/inpainting/openapi.json'" in page
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/inpainting"}]
        for path in ("/model", "/inpainting/model"):  # whether or not the proxy cuts the prefix
            assert client.get(path).status_code == 200


def test_the_model_is_described(client):
    model = client.get("/model").json()
    assert model["name"] == "dummy"
    assert model["provider"] == "none"
    assert model["window_sizes"] == list(SIZES)
