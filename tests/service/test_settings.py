import pytest
from pydantic import ValidationError

from service.environment import PREFIX
from service.settings import Settings, describe_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_every_setting_is_described_with_its_default():
    text = describe_settings()
    for name, field in Settings.model_fields.items():
        (line,) = [row for row in text.splitlines() if row.split()[0] == PREFIX + name.upper()]
        assert field.description in line
        assert line.endswith("]")


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("INPAINT_MAX_PIXELS", "1000")
    monkeypatch.setenv("INPAINT_API_KEYS", " one, two,")
    monkeypatch.setenv("INPAINT_CORS_ORIGINS", "https://a.example,https://b.example")
    monkeypatch.setenv("INPAINT_WINDOW_SIZES", "512, 128,512")
    monkeypatch.setenv("INPAINT_ROOT_PATH", "/inpainting/")
    settings = Settings()
    assert settings.max_pixels == 1000
    assert settings.api_keys == ("one", "two")
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.window_sizes == (128, 512)
    assert settings.root_path == "/inpainting"


def test_keys_are_not_shown():
    assert "secret" not in repr(Settings(api_keys="secret"))


def test_by_default_nothing_is_open_to_other_machines_and_pages():
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.cors_origins == ()


def test_derived_defaults():
    settings = Settings(workers=0, threads=0, deadline_s=7)
    assert settings.worker_count >= 2
    assert settings.thread_count >= 1
    assert settings.grace_s == 7
    assert Settings(shutdown_grace_s=3).grace_s == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"),
        ("deadline_s", "0"),
        ("window_sizes", "0,64"),
        ("engine", "keras"),
        ("png_compression", "10"),
        ("jobs_folder", "/nowhere/at/all"),
    ],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://a.example/", "https://a.example"),
        ("https://A.Example:443", "https://a.example"),
        ("http://a.example:80/", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("*", "*"),
        ("null", "null"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(written, sent):
    assert Settings(cors_origins=written).cors_origins == (sent,)


@pytest.mark.parametrize(
    "written",
    [
        "a.example",
        "localhost:3000",
        "https://",
        "https://a.example/page",
        "https://a.example?x=1",
        "https://user@a.example",
        "https://*.a.example",
        "https://a.example:port",
    ],
)
def test_an_origin_that_would_match_no_page_is_refused_at_the_start(written):
    with pytest.raises(ValidationError, match="is no origin such as https://photos"):
        Settings(cors_origins=f"https://b.example,{written}")
