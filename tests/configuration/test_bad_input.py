"""Every kind of bad input is refused with file, line and, where there is one, the nearest right word."""

from __future__ import annotations

import pytest
from tests.configuration.folders import forms_of
from tests.configuration.memory_store import MemoryStore

from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.problems import ConfigurationErrors

FOLDER = """\
segments:
  - name: Trade shows
    record_type: lead
    filter:
      all:
        - [subject, eq, x]
  - name: Deals
    record_type: opportunity
rules:
  - name: R
    segment: Trade shows
    match: list
    list:
      - ana@contoso.example
sellers:
  - user: ana@contoso.example
    working_hours:
      - {days: [mon], from: "08:00", to: "12:00", time_zone: Europe/London}
      - {days: [mon], from: "13:00", to: "17:00", time_zone: Europe/London}
    time_off:
      - {from: 2026-12-24, to: 2026-12-27, time_zone: Europe/London}
"""


def refusals(right: str, wrong: str) -> list[str]:
    """What is said of the folder with one thing made wrong; nothing may be written."""
    assert FOLDER.count(right) >= 1
    store = MemoryStore()
    with pytest.raises(ConfigurationErrors) as caught:
        plan(forms_of(FOLDER.replace(right, wrong, 1)), store)
    assert store.writes == []
    return [str(problem) for problem in caught.value.problems]


def test_the_folder_is_good_as_it_is() -> None:
    assert plan(forms_of(FOLDER), MemoryStore())


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said", "nearest"),
    [
        ("[subject,", "[subjet,", 6, "there is no column 'subjet'", "subject"),
        ("[subject, eq", "[subject, eqq", 6, "there is no operator 'eqq'", "eq"),
        ("- ana@", "- anna@", 14, "there is no user", "ana@contoso.example"),
        ("segment: Trade shows", "segment: Trade show", 11, "there is no segment", "Trade shows"),
        (
            "segment: Trade shows",
            "segment: Deals\n    record_type: lead",
            12,
            "it is for lead, but segment 'Deals' is for opportunity",
            None,
        ),
        (
            "record_type: opportunity",
            "record_type: oportunity",
            8,
            "settings have no oportunity in their record_types",
            "opportunity",
        ),
        ("[subject, eq, x]", "[estimatedamount, eq, x]", 6, "'x' is not a number", None),
        (
            "[subject, eq, x]",
            "[createdon, on-or-after, soon]",
            6,
            "'soon' is not a date",
            None,
        ),
        ("[subject, eq, x]", "[donotemail, eq, maybe]", 6, "is neither true nor false", None),
        ("[subject, eq, x]", "[leadsourcecode, eq, 5]", 6, "there is no choice '5'", None),
        ("[subject, eq, x]", "[leadsourcecode, in, [7, 11]]", 6, "there is no choice '11'", "1"),
        ("[subject, eq, x]", "[wa_topics, contain-values, [Boot]]", 6, "no choice 'Boot'", "Boots"),
        (
            "[subject, eq, x]",
            "[estimatedamount, between, [10, 9.5]]",
            6,
            "between takes the lower value first, and 10 is more than 9.5",
            "[9.5, 10]",
        ),
        (
            "[subject, eq, x]",
            "[createdon, not-between, [2026-03-02, 2026-03-01]]",
            6,
            "between takes the lower value first",
            "[2026-03-01, 2026-03-02]",
        ),
        ('from: "13:00"', 'from: "11:30"', 19, "overlap", None),
        ("from: 2026-12-24", "from: 2026-12-28", 21, "it ends before it starts", None),
        (
            'to: "17:00", time_zone: Europe/London',
            'to: "17:00", time_zone: Europe/Londn',
            19,
            "there is no time zone 'Europe/Londn'",
            "Europe/London",
        ),
    ],
)
def test_it_is_refused_with_its_line_and_the_nearest_right_word(
    right: str, wrong: str, line: int, said: str, nearest: str | None
) -> None:
    (found,) = refusals(right, wrong)
    assert found.startswith(f"d.yaml:{line}: ")
    assert said in found
    assert found.endswith(f"; did you mean '{nearest}'?") == (nearest is not None), found
