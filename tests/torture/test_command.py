"""The command that tortures: what it refuses before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.torture.__main__ import main


def test_a_folder_that_is_there_is_not_written_into(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--minutes", "1", "--keep", str(tmp_path)]) == 1
    assert capsys.readouterr().out == (
        f"torture: {tmp_path} exists already; --keep needs a new folder\n"
    )


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "kept"
    assert main(["--minutes", "1", "--keep", str(folder)]) == 1
    assert capsys.readouterr().out == f"torture: {folder} cannot be made: Not a directory\n"
