"""The mock against the checklist: each row passes, or is refused and listed as that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from work_assignment import mock_dataverse

from .running import Servers, run_row
from .table import ROWS, Row, read_table

TABLE = read_table()


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def test_the_checklist_has_every_row() -> None:
    assert [row.number for row in TABLE] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.number}-{row.says}"[:60])
def test_row(row: Row, servers: Servers) -> None:
    assert run_row(row, servers).problem is None


def test_the_coverage_page_lists_what_is_refused() -> None:
    page = (Path(mock_dataverse.__file__).parent / "COVERAGE.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\d+) \| .*? \| (.+?) \|$", page, re.MULTILINE))
    refused = {str(row.number): row.refused for row in TABLE if row.refused is not None}
    assert listed == refused
