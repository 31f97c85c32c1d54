"""local.settings.json gives values; the real environment wins; a wrong file says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from work_assignment.local_host.errors import SettingsRefused
from work_assignment.local_host.settings_file import read_settings


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text('{"IsEncrypted": false, "Values": {"A": "file", "B": "file"}}')
    assert read_settings(path, {"B": "real", "C": "real"}) == {
        "A": "file",
        "B": "real",
        "C": "real",
    }


def test_no_file_means_the_environment_alone(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "local.settings.json", {"A": "real"}) == {"A": "real"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{\n "Values": {\n  "A": x\n }\n}', " line 3 column 8: "),
        ("[]", "must be an object with IsEncrypted and Values"),
        ('{"Values": []}', "Values must be an object"),
        ('{"Values": {"PORT": 7071}}', "the value of 'PORT' must be text in quotes"),
        ('{"Values": {"A=B": "x"}}', "'A=B' cannot be the name of a setting"),
        ('{"IsEncrypted": true, "Values": {}}', "the values are encrypted"),
        ('{"Values": {}, "Host": {"CORS": "*"}}', "'Host' has no effect in a local run"),
    ],
)
def test_a_wrong_file_is_refused_with_name_and_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(text)
    with pytest.raises(SettingsRefused) as refusal:
        read_settings(path, {})
    assert str(path) in str(refusal.value)
    assert reason in str(refusal.value)


def test_a_refusal_never_repeats_a_value(tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text('{"Values": {"DATAVERSE_CLIENT_SECRET": 815471100}}')
    with pytest.raises(SettingsRefused) as refusal:
        read_settings(path, {})
    assert "815471100" not in str(refusal.value)
