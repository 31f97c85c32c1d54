"""wa segments: what its list says, what a copy prints, and what it refuses in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data, segments
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.names import SEGMENT
from work_assignment.dataverse.queries import Query
from work_assignment.domain.defining.schedules import read_schedule
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.timetables import SegmentTimes
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.samples import DEFINITIONS
from work_assignment.settings import Credentials


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


SCHEDULED = """
segments:
  - name: Plain
    record_type: lead
  - name: Twice a day
    record_type: lead
    manager: ana@team.example
    schedule: {days: [mon, tue, wed, thu, fri], times: ["08:00", 13:00], time_zone: Europe/Berlin}
  - name: Asleep
    record_type: lead
    state: inactive
    schedule: {times: ["08:00"]}
"""


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[str]:
    with MockServer() as mock, connect(mock.url, Credentials()) as admin:
        sample_data.create_application_users(admin)
        users = [{"domainname": "ana@team.example", "firstname": "Ana", "lastname": "Silva"}]
        sample_data.create_users(admin, users, role=sample_data.SALESPERSON)
        (tmp_path / "all.yaml").write_text(SCHEDULED, encoding="utf-8")
        main(["apply", str(tmp_path), "--url", mock.url])
        yield mock.url


def segments_listed(url: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert main(["segments", "list", "--url", url]) == 0
    return capsys.readouterr().out.splitlines()


def test_segments_are_listed_with_schedule_and_manager(
    scheduled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    headings, plain, twice, *of_twice, asleep, of_asleep = segments_listed(scheduled, capsys)

    assert headings.split() == ["type", "priority", "name", "state", "next", "due"]
    assert plain.split() == ["lead", "1", "Plain", "active"]
    assert twice.split()[:6] == ["lead", "2", "Twice", "a", "day", "active"]
    assert of_twice == [
        "    schedule: mon-fri at 08:00, 13:00 (Europe/Berlin)",
        "    manager: Ana Silva",
    ]
    assert asleep.split() == ["lead", "3", "Asleep", "inactive"]
    assert of_asleep == "    schedule: every day at 08:00 (UTC)"


def test_segments_are_listed_as_json_with_the_next_time_in_their_zone(
    scheduled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["segments", "list", "--json", "--url", scheduled]) == 0
    plain, twice, asleep = json.loads(capsys.readouterr().out)

    assert (plain["schedule"], plain["next_due"], plain["manager"]) == (None, None, None)
    assert twice["manager"] == "Ana Silva"
    due = datetime.fromisoformat(twice["next_due"])
    assert due > datetime.now(UTC)
    assert due.strftime("%H:%M") in ("08:00", "13:00")
    assert due.utcoffset() == due.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()
    assert (asleep["state"], asleep["next_due"]) == ("inactive", None)


def test_the_next_time_is_told_across_a_change_of_clocks() -> None:
    schedule = read_schedule({"times": ["08:00"], "time_zone": "Europe/Berlin"}, UTC, "schedule")
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    segment = SegmentTimes(SegmentId("1"), "A", "lead", 1, "active", at, schedule)

    _, line, below = segments.listed([segment], at)

    assert line.endswith("Sun 2026-03-29 08:00 CEST")
    assert below == "    schedule: every day at 08:00 (Europe/Berlin)"


def test_the_list_fits_into_a_terminal_however_long_names_and_schedules_are() -> None:
    times = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
    schedule = read_schedule({"times": times, "time_zone": "Europe/Berlin"}, UTC, "schedule")
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    segment = SegmentTimes(
        SegmentId("1"), "Big " * 25, "opportunity", 1, "inactive", at, schedule, manager="Ana Silva"
    )
    lines = list(segments.listed([segment], at))
    assert max(map(len, lines)) <= 100
    assert lines[1].split()[-1] == "inactive"
    assert "23:30 (Europe/Berlin)" in " ".join(map(str.strip, lines))


def test_a_schedule_that_somebody_broke_is_told_and_the_others_are_listed(
    scheduled: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(scheduled, Credentials()) as admin:
        row = next(r for r in admin.rows(Query(SEGMENT.entity_set)) if r["wa_name"] == "Plain")
        broken = {"wa_schedule": '{"times": ["08:00"], "time_zone": "Europe/Berln"}'}
        admin.send(messages.update(SEGMENT.entity_set, row["wa_segmentid"], broken, version="*"))

    _, _, plain, _, twice, _, _, _, told = segments_listed(scheduled, capsys)

    assert plain == "    schedule: cannot be used, see below"
    assert "mon-fri at 08:00" in twice
    assert told.startswith(
        "segment 'Plain', schedule: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"
    )
    with connect(scheduled, Credentials()) as admin:
        rulebook = DefinitionStore(admin).rulebook()
    assert [str(fault).partition(":")[0] for fault in rulebook.faults] == [
        "segment 'Plain', schedule"
    ]
    assert "Plain" in {found.name for found in rulebook.definitions.segments["lead"]}


def test_where_there_are_no_segments_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with MockServer() as mock:
        assert segments_listed(mock.url, capsys) == [
            "There are no segments; records fall into the default one."
        ]


def test_what_is_to_be_done_with_segments_must_be_said() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["segments"])
    assert caught.value.code == 2
