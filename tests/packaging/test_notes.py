import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging" / "notes.py"
CHANGELOG = """# Changelog

## [Unreleased]

- not yet

## [0.2.0] - 2026-12-01

### Added

- this

## [0.1.0] - 2026-11-01

- that

## [0.0.1] - 2026-10-01

[0.2.0]: x
"""


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "packaging").mkdir()
    copy = tmp_path / "packaging" / "notes.py"
    copy.write_text(SCRIPT.read_text())
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)

    def ask(*arguments):
        return subprocess.run([sys.executable, copy, *arguments], capture_output=True, text=True)

    return ask


@pytest.mark.parametrize(
    ("version", "notes"), [("0.2.0", "### Added\n\n- this\n"), ("0.1.0", "- that\n")]
)
def test_notes_are_the_section_of_the_version(asked, version, notes):
    answer = asked(version)
    assert (answer.returncode, answer.stdout) == (0, notes)


@pytest.mark.parametrize("version", ["0.3.0", "0.0.1", "0.1", "0x1x0"])
def test_a_version_of_which_nothing_is_said_is_an_error(asked, version):
    answer = asked(version)
    assert answer.returncode == 1
    assert f"[{version}]" in answer.stderr
    assert not answer.stdout


def test_usage_is_told(asked):
    assert asked().returncode == 2
