"""Laws of filters: what is written is what is read, and the fold is one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from work_assignment.domain.conditions import compile_filter, first_failure
from work_assignment.domain.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Term,
    read_fetchxml,
    read_nested,
    terms,
    write_fetchxml,
)
from work_assignment.domain.operators import ColumnKind
from work_assignment.domain.text import fold, like

# What XML 1.0 can carry; a carriage return is a line feed to every XML reader. No references to the
# record's own columns, which are refused.
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(LETTERS | st.just("\n")).filter(lambda text: "$(" not in text)
COLUMNS = st.sampled_from(["subject", "address1_city", "lastname"])
ONE = st.sampled_from(["eq", "ne", "like", "not-like", "begins-with", "gt", "le"])
TERMS: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Term, COLUMNS, ONE, st.tuples(TEXTS)),
    st.builds(Term, COLUMNS, st.sampled_from(["null", "not-null"])),
    st.builds(
        Term,
        COLUMNS,
        st.sampled_from(["in", "not-in"]),
        st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Term, COLUMNS, st.just("between"), st.tuples(TEXTS, TEXTS)),
)
TREES = st.recursive(
    TERMS,
    lambda parts: st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(parts, max_size=3).map(tuple)
    ),
    max_leaves=8,
)
VALUES = st.dictionaries(COLUMNS, st.none() | TEXTS)
KINDS = dict.fromkeys(["subject", "address1_city", "lastname"], ColumnKind.TEXT)


def nested(tree: Filter) -> Any:
    """The tree as YAML would hold it."""
    if isinstance(tree, Group):
        return {tree.join: [nested(part) for part in tree.parts]}
    if tree.operator in ("null", "not-null"):
        return [tree.column, tree.operator]
    if len(tree.operands) == 1 and tree.operator not in ("in", "not-in"):
        return [tree.column, tree.operator, tree.operands[0]]
    return [tree.column, tree.operator, list(tree.operands)]


@given(TREES)
def test_a_filter_survives_fetchxml(tree: Filter) -> None:
    read = read_fetchxml(write_fetchxml(tree), "here")

    assert read == (tree if isinstance(tree, Group) else Group("all", (tree,)))


@given(TREES)
def test_a_filter_survives_the_nested_form(tree: Filter) -> None:
    assert read_nested(nested(tree), "here") == tree


@given(TREES, VALUES)
def test_both_forms_say_the_same_about_a_record(
    tree: Filter, values: dict[str, str | None]
) -> None:
    by_xml = compile_filter(read_fetchxml(write_fetchxml(tree), "here"), "here", KINDS)
    by_list = compile_filter(tree, "here", KINDS)

    assert by_xml.holds(values) is by_list.holds(values)


@given(TREES, VALUES)
def test_there_is_a_failure_exactly_when_it_does_not_hold(
    tree: Filter, values: dict[str, str | None]
) -> None:
    condition = compile_filter(tree, "here", KINDS)

    failure = first_failure(condition, values)

    assert (failure is None) is condition.holds(values)
    read = {term.column for term in terms(tree)}
    assert failure is None or {column for column, _ in failure.values} <= read


@given(VALUES)
def test_the_filter_without_conditions_holds_for_every_record(
    values: dict[str, str | None],
) -> None:
    assert compile_filter(EVERY_RECORD, "here", KINDS).holds(values)


OPPOSITES = {
    "eq": "ne",
    "in": "not-in",
    "like": "not-like",
    "begins-with": "not-begin-with",
    "ends-with": "not-end-with",
}


@given(st.sampled_from(sorted(OPPOSITES)), TEXTS, st.none() | TEXTS)
def test_a_negative_operator_holds_exactly_where_its_positive_does_not(
    operator: str, operand: str, value: str | None
) -> None:
    positive = compile_filter(Term("subject", operator, (operand,)), "here", KINDS)
    negative = compile_filter(Term("subject", OPPOSITES[operator], (operand,)), "here", KINDS)

    assert positive.holds({"subject": value}) is not negative.holds({"subject": value})


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_every_pattern_can_be_compiled_and_plain_text_matches_itself(text: str) -> None:
    plain = "".join(f"[{letter}]" if letter in "%_[" else letter for letter in text)

    like(text)
    assert like(plain).fullmatch(fold(text))
