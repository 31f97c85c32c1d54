"""wa segments copy: what it prints, and what it refuses in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.samples import DEFINITIONS


@pytest.fixture
def url() -> Iterator[str]:
    with MockServer() as mock:
        sample_data.fill(mock.url)
        main(["apply", str(DEFINITIONS), "--url", mock.url])
        yield mock.url


def test_a_copy_is_made_once(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["segments", "copy", "japan", "Japan, new", "--with-rules", "--priority", "9"]
    capsys.readouterr()
    assert main([*command, "--url", url]) == 0
    *created, told = capsys.readouterr().out.splitlines()
    assert created == [
        "create segment 'Japan, new (lead)'",
        "create rule 'Japan, in Japanese (Japan, new) (lead)'",
    ]
    assert told.startswith("Copied: 'Japan, new' is inactive until somebody switches it on.")
    assert main([*command, "--url", url]) == 1
    said = capsys.readouterr().err
    assert said == "wa segments: segment 'Japan, new' is already there for lead\n"


def test_a_copy_is_told_as_json_too(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["segments", "copy", "Japan", "Nippon", "--json", "--url", url]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["created"] == [{"kind": "segment", "name": "Nippon (lead)"}]
    assert answer["stamp"]


def test_a_segment_that_is_not_there_is_refused_with_the_nearest_name(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["segments", "copy", "Japn", "Nippon", "--url", url]) == 1
    assert "there is no segment 'Japn'; did you mean 'Japan'?" in capsys.readouterr().err
