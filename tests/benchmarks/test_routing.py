"""The benchmarks of the whole app measure what they say, and would not praise a wrong result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.burst import Watch
from benchmarks.routing import checks, organization
from benchmarks.routing.estimates import Estimate, entitlement
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.processes import Process, ProcessFailed, Work, run
from benchmarks.routing.sweeps import Swept, filled, sweep
from benchmarks.routing.tables import listed, table
from benchmarks.web_api.clients import rows_of
from benchmarks.webhook import Clocks

from work_assignment.bootstrap import connect
from work_assignment.dataverse import messages
from work_assignment.settings import Credentials

LEADS = 60


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MockProcess, Swept]]:
    folder = tmp_path_factory.mktemp("swept")
    with filled(folder, LEADS) as mock:
        yield mock, sweep(mock, folder, LEADS)


def first(mock: MockProcess, path: str, where: str) -> dict[str, Any]:
    with mock.client() as client:
        return rows_of(client, f"{path}?$top=1&$filter={where}")[0]


def test_client_and_server_count_the_same_requests(swept: tuple[MockProcess, Swept]) -> None:
    _, found = swept

    assert found.counted.by_app == found.sent.requests > 0


def test_every_lead_is_counted_with_what_became_of_it(swept: tuple[MockProcess, Swept]) -> None:
    _, found = swept
    figures = found.figures()

    assert found.outcomes.records == LEADS
    assert figures["assigned"] + figures["unassigned"] == LEADS
    assert found.counted.writes["PATCH lead"] == LEADS
    assert figures["inner_writes"] >= 2 * LEADS


def test_both_processes_are_measured(swept: tuple[MockProcess, Swept]) -> None:
    _, found = swept

    assert found.ours.seconds > 0
    assert found.mock.seconds > 0
    assert 10 < found.ours.peak_mb < 2_000


@pytest.mark.parametrize(
    ("entity_set", "where", "changes", "complaint"),
    [
        ("leads", "wa_assignmentresult eq 0", {"wa_assignmentresult": None}, "60 should"),
        ("wa_sellers", "wa_opencount gt 0", {"wa_maxcapacity": 0}, "room for 0"),
        ("wa_sellers", "wa_opencount gt 0", {"wa_opencount": 0}, "her row says otherwise"),
    ],
    ids=["a lead without outcome", "too many leads", "a wrong count"],
)
def test_a_wrong_result_is_no_result(
    swept: tuple[MockProcess, Swept],
    entity_set: str,
    where: str,
    changes: dict[str, Any],
    complaint: str,
) -> None:
    mock, _ = swept
    key = "leadid" if entity_set == "leads" else "wa_sellerid"
    row = first(mock, entity_set, where)
    before = {name: row[name] for name in changes}
    with connect(mock.url, Credentials()) as admin:
        admin.send(messages.update(entity_set, row[key], changes, version="*"))
        try:
            with pytest.raises(checks.WrongResult, match=complaint):
                checks.outcomes(mock, LEADS)
        finally:
            admin.send(messages.update(entity_set, row[key], before, version="*"))

    assert checks.outcomes(mock, LEADS).records == LEADS


def test_an_owner_that_the_run_log_does_not_name_is_a_wrong_result(
    swept: tuple[MockProcess, Swept],
) -> None:
    mock, _ = swept
    lead = first(mock, "leads", "wa_assignmentresult eq 0")
    owner = lead["_ownerid_value"]
    other = next(organization.seller_id(n) for n in (0, 1) if organization.seller_id(n) != owner)
    with connect(mock.url, Credentials()) as admin:
        for who, is_right in ((other, False), (owner, True)):
            bound = messages.bind("ownerid", "systemusers", who)
            admin.send(messages.update("leads", lead["leadid"], bound, version="*"))
            if not is_right:
                with pytest.raises(checks.WrongResult, match="not owned by whom"):
                    checks.outcomes(mock, LEADS)

    assert checks.outcomes(mock, LEADS).records == LEADS


def test_there_are_20_segments_40_rules_and_50_sellers() -> None:
    document = organization.definitions(5)
    rules = Counter(rule["segment"] for rule in document["rules"])

    assert (len(document["segments"]), len(document["sellers"])) == (20, 50)
    assert set(rules.values()) == {2}
    assert all(rule["capacity"] and rule["attributes"] for rule in document["rules"])
    assert {rule["distribution"] for rule in document["rules"]} == {
        "load balancing",
        "round robin",
    }


def test_leads_are_the_same_in_each_run_and_some_fit_no_segment() -> None:
    rows = organization.leads(500)

    assert rows == organization.leads(500)
    assert any(row["address1_country"] == organization.ELSEWHERE for row in rows)


def test_work_that_fails_says_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"No module named 'benchmarks\.nowhere'"):
        run(Work("benchmarks.nowhere", "anything"), tmp_path, "work")


def test_work_gives_back_its_result_and_what_it_used(tmp_path: Path) -> None:
    with Process(Work("operator", "add", (2, 3)), tmp_path, "work") as process:
        ended = process.wait()

    assert ended.result == 5
    assert ended.usage.peak > 0
    assert ended.sent.requests == 0


def test_an_estimate_is_owner_changes_times_server_time_by_width() -> None:
    one = Estimate(owner_changes=10_000, server_ms=100, width=4)

    assert one.seconds == 250
    assert one.web_servers == 1
    assert Estimate(100_000, 250, 8).web_servers == 2
    assert entitlement(50_000) == pytest.approx(0.1)


def test_only_rows_count_as_writes_and_only_the_apps_requests_as_its_own() -> None:
    counted = Counted(
        9,
        {"somebody": 4},
        {"PATCH lead": 3, "GET lead": 2, "POST wa_routingrun": 1, "POST other": 1, "WhoAmI": 1},
        {},
        0.5,
    )

    assert counted.inner_writes == 4
    assert counted.by_app == 0


def test_a_watch_notes_when_a_number_first_and_last_grew() -> None:
    numbers, times = iter([0, 3, 3, 7, 7]), iter([1.5, 2.5])
    watch = Watch(lambda: next(numbers), lambda: next(times))
    for _ in range(5):
        watch.look()

    assert (watch.first, watch.last) == (1.5, 2.5)


def test_a_lead_decided_before_its_create_was_answered_took_no_time() -> None:
    clocks = Clocks()
    clocks.note_decided("a")
    clocks.note_created("a")
    clocks.note_created("b")

    assert clocks.waiting == 1
    clocks.note_decided("b")
    assert clocks.times()[0] == 0.0
    assert clocks.waiting == 0


def test_tables_are_aligned() -> None:
    text = table({"one": {"seconds": "1.0", "a long name": "22"}, "another": {"seconds": "3"}})
    head, seconds, named = text.splitlines()

    assert head.endswith("one  another")
    assert seconds.index("1.0") + 3 == head.index("one") + 3
    assert named == "a long name   22"
    assert listed([("a", "b"), ("row", "10")]) == "a     b\nrow  10\n"
