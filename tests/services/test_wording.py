"""The words of notifications: complete in every language, and whatever stands in names harmless."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.records import Owner, RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.news import Change, Names
from work_assignment.domain.runs.outcomes import Committed, Notice, Untold
from work_assignment.domain.runs.overdue import DueRun, Overdue
from work_assignment.services.telling import (
    LONGEST_BODY,
    LONGEST_TITLE,
    block_notices,
    moved_notices,
    overdue_notices,
    taken_back_notices,
)
from work_assignment.services.wording import words

ADA, BEN = SellerId("ada"), SellerId("ben")
NAMES = Names(owner="Ben Seller", segment="Large", rule="By turns")
AT = datetime(2026, 3, 6, 9, tzinfo=UTC)
AWFUL = "{count} {0.__class__} <b onload=x>&amp;</b>\x00\x1b[31m\n\u202egnp" + "W" * 300


def texts(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from texts(value, f"{path}.{key}")
    else:
        yield path, str(found)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def keys(count: int, table: str = "lead") -> list[RecordKey]:
    return [RecordKey(table, f"{table} {number}") for number in range(1, count + 1)]


def assigned(count: int, language: Language, name: str = "", table: str = "lead") -> Notice:
    given = [
        Committed("block", f"run {key.id}", key, name or f"Fir {number}", ADA, None, None, NAMES)
        for number, key in enumerate(keys(count, table), 1)
    ]
    (notice,) = block_notices("block", given, lambda who: language)
    return notice


def moved(count: int, language: Language, **changes: Any) -> Notice:
    what: dict[str, Any] = {
        "others": frozenset({ADA}),
        "owner": Owner("systemuser", BEN),
        "previous_owner": Owner("systemuser", ADA),
        "segment_id": SegmentId("large"),
        "names": NAMES,
    }
    found = [
        Change(run_id=f"run {key.id}", block="block", key=key, **(what | changes))
        for key in keys(count)
    ]
    (notice,) = moved_notices(found, lambda who: language)
    return notice


def taken_back(count: int, language: Language) -> Notice:
    untold = [
        Untold(f"run {key.id}", ADA, key, "Fir", is_lost=True, block="block") for key in keys(count)
    ]
    (notice,) = taken_back_notices(untold, lambda who: language)
    return notice


def overdue(count: int, language: Language, *segments: str) -> Notice:
    found = [
        Overdue(DueRun(f"run {key.id}", key, "Fir", None, AT, "1"), segment, ADA)
        for key, segment in zip(keys(count), (segments or ("Large",)) * count, strict=False)
    ]
    (notice,) = overdue_notices(found, lambda who: language)
    return notice


@pytest.mark.parametrize("language", Language)
def test_each_language_says_everything_with_the_same_names(language: Language) -> None:
    said, model = dict(texts(words(language).texts)), dict(texts(words(Language.ENGLISH).texts))
    for free in (".quotes", ".one_is"):
        said.pop(free)
        model.pop(free)
    assert said.keys() == model.keys()
    for path, text in model.items():
        if path.startswith(".tables.") or path.endswith(".many"):
            assert placeholders(said[path]) - {"counted", "plural"} == placeholders(text) - {
                "counted",
                "plural",
            }, path
        else:
            assert placeholders(said[path]) == placeholders(text), path


@pytest.mark.parametrize(
    ("language", "one", "body", "many"),
    [
        (
            Language.ENGLISH,
            "New lead: Fir 1",
            "It was assigned to you by rule “By turns” of segment “Large”.",
            "37 leads were assigned to you",
        ),
        (
            Language.GERMAN,
            "Neuer Lead: Fir 1",
            "Ihnen zugewiesen durch die Regel „By turns“ des Segments „Large“.",
            "Ihnen wurden 37 Leads zugewiesen",
        ),
        (
            Language.FRENCH,
            "Nouveau prospect\u00a0: Fir 1",
            "Attribution par la règle «\u202fBy turns\u202f» du segment «\u202fLarge\u202f».",
            "Vous avez reçu 37 prospects",
        ),
        (
            Language.BULGARIAN,
            "Нов потенциален клиент: Fir 1",
            "Възложено ви е по правило „By turns“ на сегмент „Large“.",  # noqa: RUF001 - it is Bulgarian
            "Бяха ви възложени 37 потенциални клиенти",
        ),
    ],
)
def test_a_new_owner_is_told_of_one_by_name_and_reason_and_of_many_by_their_number(
    language: Language, one: str, body: str, many: str
) -> None:
    single = assigned(1, language)
    assert (single.title, single.body, single.kind) == (one, body, Kind.ASSIGNED)
    assert assigned(37, language).title == many
    assert single.language is language


@pytest.mark.parametrize(
    ("language", "title", "body", "many"),
    [
        (
            Language.ENGLISH,
            "No longer yours: (no name)",
            "It now belongs to Ben Seller, as it fell into segment “Large”.",
            "5 of your leads went to others",
        ),
        (
            Language.GERMAN,
            "Nicht mehr bei Ihnen: (ohne Namen)",
            "Zuständig ist jetzt Ben Seller wegen des Wechsels in das Segment „Large“.",
            "5 Ihrer Leads gingen an andere",
        ),
        (
            Language.FRENCH,
            "N’est plus à vous\u00a0: (sans nom)",  # noqa: RUF001 - it is French
            "Désormais à Ben Seller, en raison du passage au segment «\u202fLarge\u202f».",
            "D’autres ont reçu 5 de vos prospects",  # noqa: RUF001 - it is French
        ),
        (
            Language.BULGARIAN,
            "Вече не е при вас: (без име)",  # noqa: RUF001 - it is Bulgarian
            "Вече е при Ben Seller поради преминаване в сегмент „Large“.",  # noqa: RUF001 - it is Bulgarian
            "5 от вашите потенциални клиенти преминаха към други",
        ),
    ],
)
def test_whose_record_it_was_is_told_who_has_it_and_why(
    language: Language, title: str, body: str, many: str
) -> None:
    single = moved(1, language)
    assert (single.title, single.body, single.kind) == (title, body, Kind.MOVED)
    assert moved(5, language).title == many


def test_who_keeps_a_record_and_who_follows_it_are_told_what_changed_for_them() -> None:
    kept = moved(1, Language.ENGLISH, owner=None)
    assert kept.body == "It fell into segment “Large” and stays yours."
    gone = moved(1, Language.ENGLISH, owner=None, previous_owner=None, names=Names())
    assert gone.body == "It is in no segment any more."
    followed = moved(1, Language.ENGLISH, previous_owner=Owner("systemuser", SellerId("eve")))
    assert followed.title == "Update on (no name)"
    assert followed.body == "It now belongs to Ben Seller, as it fell into segment “Large”."
    forced = moved(1, Language.ENGLISH, segment_id=None)
    assert forced.body == "It now belongs to Ben Seller, by rule “By turns”."


def test_who_lost_one_and_follows_another_is_told_of_both_at_once() -> None:
    lost, followed = keys(2)
    people = frozenset({ADA})
    to_ben = Owner("systemuser", BEN)
    notices = moved_notices(
        [
            Change("run 1", "block", lost, people, NAMES, to_ben, Owner("systemuser", ADA)),
            Change("run 2", "block", followed, people, NAMES, to_ben, None),
        ]
    )
    assert [notice.title for notice in notices] == ["2 leads have changed hands or segments"]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 2, 37])
def test_every_kind_is_told_in_every_language(language: Language, count: int) -> None:
    told = [
        assigned(count, language),
        moved(count, language),
        moved(count, language, owner=None),
        moved(count, language, previous_owner=None),
        taken_back(count, language),
        overdue(count, language),
        overdue(count, language, "Large", "Small"),
    ]
    assert {notice.kind for notice in told} == set(Kind)
    english = words(Language.ENGLISH)
    for notice in told:
        assert "{" not in notice.title + notice.body
        assert notice.action == words(language).say("open")
        assert len(notice.records) == count
        assert str(count) in notice.title or count == 1
        if language is not Language.ENGLISH:
            foreign = f" {notice.title} {notice.body} ".casefold()
            assert not any(f" {word} " in foreign for word in ("the", "your", "you", "was", "it"))
            assert english.say("open") != notice.action


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("table", ["lead", "opportunity", "account", "contact", "wa_case"])
def test_tables_have_names_and_others_are_called_by_their_own(
    language: Language, table: str
) -> None:
    notice = assigned(1, language, table=table)
    assert ("wa_case" in notice.title) == (table == "wa_case")
    assert table == "lead" or notice.title != assigned(1, language).title
    assert assigned(3, language, table=table).title != assigned(3, language, table="x").title


def test_records_of_several_tables_are_just_records() -> None:
    given = [
        Committed("block", f"run {key.id}", key, "Fir", ADA, None, None)
        for key in (*keys(1), *keys(2, "account"))
    ]
    (notice,) = block_notices("block", given)
    assert notice.title == "3 records were assigned to you"


@pytest.mark.parametrize("language", Language)
def test_whatever_a_name_holds_stays_a_name(language: Language) -> None:
    names = Names(record=AWFUL, owner=AWFUL, segment=AWFUL, rule=AWFUL)
    told = [
        assigned(1, language, AWFUL),
        assigned(5, language, AWFUL),
        moved(1, language, names=names),
        overdue(5, language, AWFUL),
    ]
    for notice in told:
        assert "{count}" in notice.title + notice.body
        assert not {"\x00", "\x1b", "\n", "\u202e"} & set(notice.title + notice.body)
        assert len(notice.title) <= LONGEST_TITLE
        assert len(notice.body) <= LONGEST_BODY


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 37])
def test_a_long_name_of_a_segment_leaves_what_is_said_of_it_whole(
    language: Language, count: int
) -> None:
    short, long = overdue(count, language, "S").title, overdue(count, language, "W" * 90).title
    _, said = short.split(words(language).quoted("S"))
    assert long.endswith(said) or not said
    assert "WW…" in long
    assert len(long) <= LONGEST_TITLE


@pytest.mark.parametrize("language", Language)
def test_every_body_ends_in_one_full_stop(language: Language) -> None:
    names = Names(owner="Contoso Inc.", segment="East.", rule="No. 1.")
    bodies = [
        assigned(1, language).body,
        *(assigned(count, language, name).body for count in (2, 5) for name in ("Inc.", "W" * 90)),
        moved(1, language).body,
        moved(1, language, names=names).body,
        moved(1, language, names=replace(names, segment="", rule="")).body,
        moved(1, language, names=Names(owner="W" * 90)).body,
        moved(2, language).body,
        taken_back(1, language).body,
        overdue(1, language).body,
        overdue(5, language).body,
    ]
    for body in bodies:
        assert body.endswith((".", "…"))
        assert not body.endswith(("..", "…."))


@pytest.mark.parametrize(
    ("language", "body"),
    [
        (Language.ENGLISH, "Fir, Fir, Fir and 2 more."),
        (Language.GERMAN, "Fir, Fir, Fir und 2 weitere."),
        (Language.FRENCH, "Fir, Fir, Fir et 2 autre(s)."),
        (Language.BULGARIAN, "Fir, Fir, Fir и още 2."),
    ],
)
def test_a_manager_hears_which_records_found_nobody(language: Language, body: str) -> None:
    assert overdue(5, language).body == body


def test_letters_that_dataverse_counts_as_two_are_cut_in_time() -> None:
    title = assigned(1, Language.ENGLISH, "🦜" * 300).title
    assert len(title.encode("utf-16-le")) // 2 <= LONGEST_TITLE
    assert title.endswith("🦜…")


def test_what_is_overdue_is_told_under_the_same_id_and_anew_at_another_moment() -> None:
    first = overdue(3, Language.ENGLISH)
    assert first.title == "3 leads of segment “Large” found nobody in time"
    assert first.id == overdue(3, Language.GERMAN).id
    later = Overdue(
        DueRun("run lead 1", keys(1)[0], "Fir", None, AT.replace(hour=10), "1"), "Large", ADA
    )
    assert overdue_notices([later])[0].id != overdue(1, Language.ENGLISH).id
