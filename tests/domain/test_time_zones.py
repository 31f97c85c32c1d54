"""Time zones by the names and numbers that Dynamics uses."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from work_assignment.domain.hours.time_zones import time_zone, time_zone_names, time_zone_of_code


@pytest.mark.parametrize(
    ("windows", "code", "iana"),
    [
        ("W. Europe Standard Time", 110, "Europe/Berlin"),
        ("GMT Standard Time", 85, "Europe/London"),
        ("Eastern Standard Time", 35, "America/New_York"),
        ("Lord Howe Standard Time", 274, "Australia/Lord_Howe"),
        ("India Standard Time", 190, "Asia/Kolkata"),
    ],
)
def test_a_zone_is_found_by_each_of_its_names(windows: str, code: int, iana: str) -> None:
    assert time_zone(windows) == time_zone(iana) == time_zone_of_code(code) == ZoneInfo(iana)


def test_utc_is_utc_under_every_name() -> None:
    assert time_zone("UTC") is time_zone_of_code(92) is UTC


def test_every_name_that_is_offered_is_a_zone() -> None:
    assert all(time_zone(name) is not None for name in time_zone_names())


@pytest.mark.parametrize("name", ["", "utc", "Europe", "Europe/Atlantis", "../etc/passwd", "110"])
def test_other_names_are_no_zones(name: str) -> None:
    assert time_zone(name) is None


@pytest.mark.parametrize("code", [-1, 14, 999])
def test_other_numbers_are_no_zones(code: int) -> None:
    assert time_zone_of_code(code) is None


@pytest.mark.parametrize("name", ["localtime", "Factory", "posixrules"])
def test_what_a_machine_has_set_or_not_set_is_no_time_zone(name: str) -> None:
    assert time_zone(name) is None
    assert name not in time_zone_names()
