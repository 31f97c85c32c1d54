"""What a rule's row in Dataverse says, in the words of definitions, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from work_assignment.dataverse.definition_columns import requests_for, rule_row
from work_assignment.domain.defining.definition_rows import Kind, UpdateRow

RULE_ID = "c0000000-0000-4000-8000-000000000001"


def words(to: int | None, number: int | None) -> tuple[str, str]:
    row: dict[str, Any] = {
        "@odata.etag": 'W/"1"',
        "wa_assignmentruleid": RULE_ID,
        "wa_distributeto": to,
        "wa_distributiontype": number,
    }
    found = rule_row(row).row
    return found.assign_to, found.distribution


@pytest.mark.parametrize(
    ("to", "number", "said"),
    [
        (0, 0, ("sellers", "round robin")),
        (0, 1, ("sellers", "load balancing")),
        (0, 727000000, ("sellers", "best overall")),
        (1, 2, ("team", "any one")),
        (1, 3, ("team", "none")),
        (2, 4, ("queue", "any one")),
        (2, 5, ("queue", "none")),
        (None, None, ("sellers", "round robin")),
        (1, None, ("team", "any one")),
        (2, None, ("queue", "any one")),
    ],
)
def test_numbers_are_words(to: int | None, number: int | None, said: tuple[str, str]) -> None:
    assert words(to, number) == said


@pytest.mark.parametrize(
    ("to", "number", "said"), [(1, 0, "round robin"), (2, 2, "any one team"), (0, 5, "no queue")]
)
def test_a_number_for_somebody_else_is_no_word_of_a_folder(to: int, number: int, said: str) -> None:
    assert words(to, number)[1] == said


@pytest.mark.parametrize(
    ("to", "word", "numbers"),
    [
        ("sellers", "best overall", (0, 727000000)),
        ("team", "any one", (1, 2)),
        ("team", "none", (1, 3)),
        ("queue", "any one", (2, 4)),
        ("queue", "none", (2, 5)),
    ],
)
def test_words_are_the_numbers_of_whom_the_rule_is_for(
    to: str, word: str, numbers: tuple[int, int]
) -> None:
    change = UpdateRow(Kind.RULE, RULE_ID, {"assign_to": to, "distribution": word})
    (request,) = requests_for(change)
    assert request.body == {"wa_distributeto": numbers[0], "wa_distributiontype": numbers[1]}
