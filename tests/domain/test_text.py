"""How text is compared: the fold, and LIKE patterns."""

from __future__ import annotations

import warnings

import pytest

from work_assignment.domain.text import fold, like


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Berlin", "BERLIN"),
        ("Zürich", "zurich"),
        ("Zu\u0308rich", "Zürich"),
        ("Łódź ", "łódź"),
        ("São Paulo   ", "sao paulo"),
        ("STRASSE", "straße"),
        ("ﬁne", "FINE"),
    ],
)
def test_case_accents_and_trailing_blanks_do_not_tell_texts_apart(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(("left", "right"), [(" Berlin", "Berlin"), ("a b", "ab"), ("a\t", "a")])
def test_other_blanks_do(left: str, right: str) -> None:
    assert fold(left) != fold(right)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%trade%", "The TRADE show"),
        ("tr_de", "Trade"),
        ("[a-c]x", "Bx"),
        ("[A-C]x", "bx"),
        ("[^a-c]x", "dx"),
        ("[abc]%", "cde"),
        ("100[%]", "100%"),
        ("a[_]b", "a_b"),
        ("a[[]b", "a[b"),
        ("a[]]b", "a]b"),
        ("[-a]", "-"),
        ("[a-]", "-"),
        ("[a^]", "^"),
        ("a[b", "a[b"),
        ("a.c*", "a.c*"),
        ("a%", "a\nb"),
        ("%münch%", "MUNCHEN"),
        ("", ""),
    ],
)
def test_a_like_pattern_matches(pattern: str, text: str) -> None:
    assert like(pattern).fullmatch(fold(text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("trade", "trade show"),
        ("tr_de", "trde"),
        ("[a-c]x", "dx"),
        ("[^a-c]x", "ax"),
        ("100[%]", "1000"),
        ("a[_]b", "axb"),
        ("a.c", "abc"),
        ("[c-a]", "b"),
    ],
)
def test_a_like_pattern_does_not_match(pattern: str, text: str) -> None:
    assert not like(pattern).fullmatch(fold(text))


@pytest.mark.parametrize(
    "pattern", ["[c-a]", "[^]", "[^]]", "[a--b]", "[&&]", "[~~]", "[||]", "[]"]
)
def test_no_set_however_odd_is_an_error(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        like.cache_clear()
        assert like(pattern).fullmatch("") is None


def test_a_pattern_with_many_wildcards_does_not_take_ages_on_a_long_text() -> None:
    text = fold("a" * 20_000)
    assert like("%a%a%a%a%b%").fullmatch(text) is None
    assert like("%a%a%a%a%").fullmatch(text) is not None
