"""Regular expressions of scripted faults: which are taken, and that none takes long."""

from __future__ import annotations

import time

import pytest

from work_assignment.mock_dataverse.serving.path_patterns import UnsafePattern, path_pattern


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "(a*)*",
        "(?:a|a)+$",
        "(a?){50}a{50}",
        "(?P<name>[a-z]+){2,}",
        "((a|b)c)*",
        "(a+)(?#why)+",
        "[]x](a+){3}",
        "(?x)( a+ ) +",
        "a*a*a*a*b",
    ],
)
def test_what_may_take_for_ever_is_refused(text: str) -> None:
    with pytest.raises(UnsafePattern) as refused:
        path_pattern(text)
    assert f"'{text}'" in str(refused.value)


@pytest.mark.parametrize("text", ["(", "*", "a{2,1}", "[z-a]", "(?P<1>a)"])
def test_what_is_no_regular_expression_is_refused(text: str) -> None:
    with pytest.raises(UnsafePattern, match="is no regular expression"):
        path_pattern(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"\$batch", "$batch"),
        (r"^leads\([^)]*\)/\w+$", "leads(5)/ownerid"),
        ("^(leads|accounts)$", "accounts"),
        ("(lead|opportunitie)s?$", "leads"),
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a(00000000-0000-0000-0000-000000000001)"),
        (r"\(a+\)+", "(aa))"),
        ("[(+*]+", "+"),
        ("(?i)LEADS", "leads"),
        (r"a\{2,\}|x", "x"),
        ("(a+)?$", "b"),
    ],
)
def test_what_is_clear_is_taken(text: str, path: str) -> None:
    assert path_pattern(text).is_found_in(path)


@pytest.mark.parametrize("text", ["a*b", "a*a*b", "a*a*a*b", ".*.*.*b$"])
def test_no_search_takes_long(text: str) -> None:
    started = time.perf_counter()
    assert not path_pattern(text).is_found_in("a" * 100_000)
    assert time.perf_counter() - started < 5
