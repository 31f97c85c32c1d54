"""How text is compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.mock_dataverse.text import compare, fold, like, register


@pytest.mark.parametrize(
    ("left", "right"),
    [("ANA", "ana"), ("Zoë", "ZOE"), ("a  ", "a"), ("Straße", "STRASSE"), ("ﬁne", "fine")],
)
def test_case_accents_and_trailing_blanks_do_not_tell_texts_apart(left: str, right: str) -> None:
    assert fold(left) == fold(right)
    assert compare(left, right) == 0


def test_leading_blanks_do() -> None:
    assert compare(" a", "a") != 0


@given(st.text(), st.text())
def test_order_is_that_of_the_folds(left: str, right: str) -> None:
    first, second = fold(left), fold(right)
    assert compare(left, right) == (first > second) - (first < second)
    assert compare(left, right) == -compare(right, left)


@pytest.mark.parametrize(
    ("value", "pattern", "matches"),
    [
        ("Contoso Ltd", "contoso%", True),
        ("Contoso Ltd", "%LTD", True),
        ("Çafé", "_afe", True),
        ("cafe", "_cafe", False),
        ("100% cotton", "%[%]%", True),
        ("100 cotton", "%[%]%", False),
        ("a_b", "a[_]b", True),
        ("axb", "a[_]b", False),
        ("b7", "[a-c][0-9]", True),
        ("d7", "[a-c][0-9]", False),
        ("d7", "[^a-c][0-9]", True),
        ("a[b", "a[b", True),
        ("]", "[]]", True),
        ("x-y", "x[a-]y", True),
        ("aXbXc", "a%b%c", True),
        ("acb", "a%b%c", False),
        ("line\nbreak", "line%break", True),
        ("", "%", True),
        ("x", "[z-a]", False),
    ],
)
def test_patterns(value: str, pattern: str, matches: bool) -> None:
    assert like(value, pattern) is matches


def test_null_matches_neither_way() -> None:
    assert like(None, "%") is None
    assert like("a", None) is None


@given(st.text(alphabet="ab%", max_size=8), st.text(alphabet="ab", max_size=8))
def test_percent_signs_match_as_by_trying_everything(pattern: str, value: str) -> None:
    def matches(p: str, v: str) -> bool:
        if not p:
            return not v
        if p[0] == "%":
            return any(matches(p[1:], v[i:]) for i in range(len(v) + 1))
        return v[:1] == p[0] and matches(p[1:], v[1:])

    assert like(value, pattern) is matches(pattern, value)


def test_many_percent_signs_on_a_long_text_are_quick() -> None:
    assert like("a" * 20_000, "%a" * 30 + "b") is False


def test_a_connection_knows_collation_and_functions() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        register(db)
        db.execute("CREATE TABLE t (name TEXT COLLATE DATAVERSE)")
        db.executemany("INSERT INTO t VALUES (?)", [("Éva",), ("adam",), (None,)])
        assert db.execute("SELECT name FROM t WHERE name = 'EVA  '").fetchall() == [("Éva",)]
        assert db.execute("SELECT dv_fold(name) FROM t ORDER BY 1").fetchall() == [
            (None,),
            ("adam",),
            ("eva",),
        ]
        assert db.execute("SELECT dv_like(name, 'A%') FROM t").fetchall() == [(0,), (1,), (None,)]
