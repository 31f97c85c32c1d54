"""dev.py refuses other Pythons in one line, and sets up again only when something changed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 14, 0)])
def test_another_python_is_refused_in_one_clear_line(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as refused:
        dev.main(["demo"])
    said = str(refused.value)
    assert said.startswith("Python 3.11, 3.12 or 3.13 is needed; this is Python 3.1")
    assert "\n" not in said


def test_without_a_command_it_says_what_there_is(
    dev: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main([]) == 2
    assert "python3 dev.py demo" in capsys.readouterr().out


def test_the_environment_is_stale_when_a_requirement_changes(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in dev.INPUTS:
        (tmp_path / name).write_text("one")
    monkeypatch.setattr(dev, "ROOT", str(tmp_path))
    before = dev.fingerprint()
    assert dev.fingerprint() == before
    (tmp_path / "requirements.txt").write_text("two")
    assert dev.fingerprint() != before
