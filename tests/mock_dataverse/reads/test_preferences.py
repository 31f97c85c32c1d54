"""What a Prefer header asks for."""

from __future__ import annotations

import pytest

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.preferences import Preferences, parse_prefer


def test_no_header_asks_for_nothing() -> None:
    assert parse_prefer("") == Preferences()
    assert parse_prefer("").applied == ""


def test_comma_joined_preferences_are_told_apart_from_commas_in_quotes() -> None:
    prefer = parse_prefer(
        'return=representation, odata.include-annotations="A.b,C.*",odata.maxpagesize=5,'
        "odata.continue-on-error,odata.track-changes"
    )
    assert prefer == Preferences(True, ("A.b", "C.*"), 5, True, True)
    assert prefer.applied == (
        'return=representation,odata.include-annotations="A.b,C.*",odata.maxpagesize=5,'
        "odata.continue-on-error,odata.track-changes"
    )


def test_a_page_size_above_the_limit_means_the_limit() -> None:
    assert parse_prefer("odata.maxpagesize=90000").max_page_size == 5000


@pytest.mark.parametrize("size", ["0", "-1", "many", "1.5", ""])
def test_a_page_size_that_is_no_positive_number_is_refused(size: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_prefer(f"odata.maxpagesize={size}")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("pattern", "annotation", "wanted"),
    [
        ("*", "Any.Thing", True),
        ("Microsoft.Dynamics.CRM.*", "Microsoft.Dynamics.CRM.morerecords", True),
        ("Microsoft.Dynamics.CRM.*", "OData.Community.Display.V1.FormattedValue", False),
        ("Microsoft.Dynamics.*", "Microsoft.DynamicsOther.x", False),
        ("A.b", "A.b", True),
        ("A.b", "A.bc", False),
        ("*,-A.*", "A.b", False),
    ],
)
def test_an_annotation_is_wanted_by_name_or_prefix(
    pattern: str, annotation: str, wanted: bool
) -> None:
    prefer = parse_prefer(f'odata.include-annotations="{pattern}"')
    assert prefer.wants(annotation) is wanted
