"""Schedules and managers of segments: read from YAML, planned, applied, copied, and what is wrong."""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime

import pytest
from tests.configuration.folders import actions, applied, forms_of, problems_of, refused
from tests.configuration.memory_store import USERS, MemoryStore, user

from work_assignment.domain.defining.schedules import read_schedule
from work_assignment.services.configuration.applying import apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.copying import copy_segment
from work_assignment.services.configuration.problems import ConfigurationErrors

FOLDER = """\
segments:
  - name: A
    record_type: lead
    manager: ana@contoso.example
    schedule:
      days: [mon, tue]
      times: ["08:00", "13:00"]
      time_zone: Europe/London
      from: 2026-01-01
      until: 2026-12-31
"""


def changed(right: str, wrong: str) -> str:
    assert FOLDER.count(right) == 1
    return FOLDER.replace(right, wrong)


def stored_schedule(store: MemoryStore) -> object:
    text = store.row("A").schedule
    return None if text is None else json.loads(text)


def test_a_schedule_and_a_manager_are_stored_and_nothing_changes_at_the_second_time() -> None:
    store = MemoryStore()

    applied(forms_of(FOLDER), store)

    assert stored_schedule(store) == {
        "days": ["mon", "tue"],
        "times": ["08:00", "13:00"],
        "time_zone": "Europe/London",
        "from": "2026-01-01",
        "until": "2026-12-31",
    }
    assert store.row("A").manager_id == USERS[0].id
    assert not plan(forms_of(FOLDER), store)


@pytest.mark.parametrize(
    ("right", "written"),
    [
        ('["08:00", "13:00"]', '["13:00", 8:00]'),
        ('["08:00", "13:00"]', "[08:00, 13:00]"),
        ("days: [mon, tue]", "days: [Tuesday, Mon]"),
        ("      days: [mon, tue]\n", "      days:\n        - mon\n        - tue\n"),
    ],
)
def test_the_same_written_otherwise_is_no_change(right: str, written: str) -> None:
    store = MemoryStore()
    applied(forms_of(FOLDER), store)

    assert not plan(forms_of(changed(right, written)), store)


def test_what_is_left_out_is_every_day_in_the_zone_of_the_settings() -> None:
    store = MemoryStore()
    applied(forms_of(FOLDER), store)
    short = "segments: [{name: A, record_type: lead, schedule: {times: [08:00]}}]"

    found = plan(forms_of(short), store)

    assert actions(found)[0] == ("update", "segment", "A (lead)")
    assert '-> {"times":["08:00"]}' in str(found)
    assert f"    manager_id: {USERS[0].id} -> none" in str(found)
    apply(found, store)
    assert stored_schedule(store) == {"times": ["08:00"]}
    assert store.row("A").manager_id is None


@pytest.mark.parametrize("keys", ["", ", schedule: none, manager: none", ", schedule:, manager: ~"])
def test_a_segment_without_has_neither(keys: str) -> None:
    store = MemoryStore()
    applied(forms_of(FOLDER), store)

    applied(forms_of(f"segments: [{{name: A, record_type: lead{keys}}}]"), store)

    assert stored_schedule(store) is None
    assert store.row("A").manager_id is None


def test_a_copy_has_the_schedule_and_the_manager_and_is_inactive() -> None:
    store = MemoryStore()
    applied(forms_of(FOLDER), store)

    apply(copy_segment(store.stored(), "A", "B"), store)

    copy, original = store.row("B"), store.row("A")
    assert (copy.schedule, copy.manager_id) == (original.schedule, original.manager_id)
    assert copy.state == "inactive"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said", "meant"),
    [
        ("Europe/London", "Europe/Lundon", 8, "no time zone 'Europe/Lundon'", "Europe/London"),
        ('"08:00"', '"25:00"', 7, "a time is hours and minutes", None),
        ('"08:00"', '"08:60"', 7, "not '08:60'", None),
        ('"08:00"', "25:00", 7, "not '25:00'", None),
        ('"08:00"', "8", 7, "not '8'", "08:00"),
        ('"08:00"', '"24:00"', 7, "not '24:00'", "00:00"),
        ('"08:00"', '"13:00"', 7, "the time '13:00' is there twice", None),
        ('["08:00", "13:00"]', "[]", 7, "times is a list", None),
        ('["08:00", "13:00"]', '"08:00"', 7, "times is a list", None),
        ('      times: ["08:00", "13:00"]\n', "", 6, "times is a list", None),
        ("2026-12-31", "2025-12-31", 10, "it ends (2025-12-31) before it starts", None),
        ("2026-12-31", "2026-02-30", 10, "until is a date such as", None),
        ("[mon, tue]", "[mon, tues]", 6, "there is no day 'tues'", "tue"),
        ("[mon, tue]", "[mon, mon]", 6, "the day 'mon' is there twice", None),
        ("[mon, tue]", "[]", 6, "days is a list such as [mon, tue], or days such as mon-fri", None),
        ("[mon, tue]", "mon-fry", 6, "there is no day 'fry'", "fri"),
        ('["08:00", "13:00"]', '"08:00"', 7, "times is a list such as", None),
        ("Europe/London", "CEST", 8, "there is no time zone 'CEST'", "Europe/Berlin"),
        ("time_zone:", "timezone:", 8, "there is no key 'timezone'", "time_zone"),
        ("manager: ana@contoso.example", "manager: [ana]", 4, "'manager'", None),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_nearest_right_word(
    right: str, wrong: str, line: int, said: str, meant: str | None
) -> None:
    (told,) = refused(changed(right, wrong))

    assert told.startswith(f"d.yaml:{line}: segment 'A'")
    assert said in told
    assert ("did you mean" in told) == (meant is not None)
    assert meant is None or told.endswith(f"did you mean '{meant}'?")


def test_everything_that_is_wrong_with_a_schedule_is_told_at_once() -> None:
    wrong = changed('"08:00"', '"25:00"').replace("mon,", "mo,").replace("London", "Lundon")

    assert [told.split(":")[1] for told in refused(wrong)] == ["6", "7", "8"]


def test_a_manager_who_is_not_there_is_told_and_nothing_is_written() -> None:
    text = textwrap.dedent(FOLDER).replace("manager: ana@", "manager: anna@")
    text += "sellers: [{user: ana@contoso.example}]\n"

    assert problems_of(text) == [
        "d.yaml:4: segment 'A', manager: there is no user with domain name or e-mail address "
        "'anna@contoso.example'; did you mean 'ana@contoso.example'?"
    ]


def test_a_manager_is_found_by_e_mail_address_too() -> None:
    store = MemoryStore([user(9, "ines", email="head.of@contoso.example")])

    applied(forms_of(changed("ana@contoso.example", "Head.Of@contoso.example")), store)

    assert store.row("A").manager_id == user(9, "ines").id


@pytest.mark.parametrize(("written", "limit"), [("500", 500), ("none", None), ("", None)])
def test_a_limit_of_scheduled_sweeps_is_stored(written: str, limit: int | None) -> None:
    store = MemoryStore()
    text = f"settings: {{sweep_limit: {written}}}"

    applied(forms_of(text), store)

    assert store.row("default").sweep_limit == limit
    assert not plan(forms_of(text), store)


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5"])
def test_a_limit_that_is_none_is_refused(wrong: str) -> None:
    (told,) = refused(f"settings:\n  sweep_limit: {wrong}\n")

    assert told.startswith("d.yaml:2: settings: 'sweep_limit' is a")


def test_the_last_day_there_is_may_be_said_and_is_stored_as_it_is_said() -> None:
    store = MemoryStore()
    applied(forms_of(changed("2026-12-31", "9999-12-31")), store)
    stored = stored_schedule(store)
    assert isinstance(stored, dict)
    assert stored["until"] == "9999-12-31"
    found = read_schedule(stored, UTC, "segment 'A'")
    assert found.next_due(datetime(9999, 12, 25, tzinfo=UTC)) is not None
    assert found.next_due(datetime(9999, 12, 31, 20, tzinfo=UTC)) is None


def test_a_schedule_from_the_last_day_there_is_runs_nothing_before() -> None:
    only = {"times": ["08:00"], "from": "9999-12-31"}
    found = read_schedule(only, UTC, "segment 'A'")
    assert found.next_due(datetime(2026, 3, 2, tzinfo=UTC)) is None
    assert (
        list(found.moments(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)))
        == []
    )


@pytest.mark.parametrize("zone", ["localtime", "Factory"])
def test_a_zone_that_is_whatever_the_machine_has_is_refused(zone: str) -> None:
    (problem,) = refused(changed("Europe/London", zone))
    assert f"there is no time zone '{zone}'" in str(problem)


def test_a_name_of_thousands_of_letters_is_told_by_its_beginning() -> None:
    (problem,) = refused(changed("Europe/London", "x" * 5_000))
    assert str(problem).endswith(f"schedule: there is no time zone '{'x' * 60}...'")


def unknown_in(folder: str) -> list[str]:
    """What Dataverse does not know of a folder that is right by itself."""
    with pytest.raises(ConfigurationErrors) as caught:
        plan(forms_of(folder), MemoryStore())
    return [str(problem) for problem in caught.value.problems]


def test_a_manager_whose_name_is_misspelt_is_told_the_nearest_user_also_where_nobody_names_her() -> (
    None
):
    wrong = changed("ana@contoso.example", "ana@contosso.example")
    (said,) = unknown_in(wrong)
    assert said.endswith("'ana@contosso.example'; did you mean 'ana@contoso.example'?")


def test_everything_that_dataverse_does_not_know_is_told_together() -> None:
    wrong = changed("ana@contoso.example", "nobody") + textwrap.dedent(
        """\
        settings:
          notifications: {assigned: [email], email_from: nobody, email_templates: {moved: Welcome}}
          trigger_columns: {lead: [subjet]}
        """
    )
    said = "\n".join(unknown_in(wrong))
    named = ("manager: there is no user", "'email_from'", "template 'Welcome'", "column 'subjet'")
    assert [name for name in named if name not in said] == []
