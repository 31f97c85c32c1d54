"""Laws of filters: what is written is what is read, and the fold is one."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from tests.domain.cases import NOW, holds, vocabulary

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter, first_failure
from work_assignment.domain.filtering.fetchxml import read_fetchxml, write_fetchxml
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Related,
    Term,
    read_nested,
    terms,
)
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.rows import Scope
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
NAMED = st.sampled_from(["account", "contact"])
JOINED = st.recursive(
    TREES,
    lambda parts: st.builds(
        Related,
        NAMED,
        COLUMNS,
        COLUMNS,
        st.booleans(),
        st.builds(Group, st.sampled_from(["all", "any"]), st.lists(parts, max_size=2).map(tuple)),
    ).map(lambda related: Group("any", (related,))),
    max_leaves=4,
)
WRITTEN = st.recursive(
    TREES,
    lambda parts: st.one_of(
        st.builds(Related, st.none() | NAMED, st.none(), COLUMNS, st.booleans(), parts),
        st.builds(Related, NAMED, COLUMNS, st.none(), st.booleans(), parts),
    ),
    max_leaves=4,
)
VALUES = st.dictionaries(COLUMNS, st.none() | TEXTS)
KNOWN = vocabulary(dict.fromkeys(["subject", "address1_city", "lastname"], ColumnKind.TEXT))
SCOPE = Scope(NOW)


def nested(tree: Filter) -> Any:
    """The tree as YAML would hold it."""
    if isinstance(tree, Group):
        return {tree.join: [nested(part) for part in tree.parts]}
    if isinstance(tree, Related):
        return {"not_related" if tree.absent else "related": _nested_related(tree)}
    if tree.operator in ("null", "not-null"):
        return [tree.column, tree.operator]
    if len(tree.operands) == 1 and tree.operator not in ("in", "not-in"):
        return [tree.column, tree.operator, tree.operands[0]]
    return [tree.column, tree.operator, list(tree.operands)]


def _nested_related(tree: Related) -> dict[str, Any]:
    own, table = tree.own_column, tree.table
    form = {"lookup": own, "to": table} if own else {"table": table, "lookup": tree.column}
    named = {key: value for key, value in form.items() if value is not None}
    return named if tree.filter == EVERY_RECORD else {**named, "filter": nested(tree.filter)}


@given(JOINED)
def test_a_filter_survives_fetchxml(tree: Filter) -> None:
    read = read_fetchxml(write_fetchxml(tree), "here")

    assert read == (tree if isinstance(tree, Group) else Group("all", (tree,)))


@given(WRITTEN)
def test_a_filter_survives_the_nested_form(tree: Filter) -> None:
    assert read_nested(nested(tree), "here") == tree


@given(TREES, VALUES)
def test_both_forms_say_the_same_about_a_record(
    tree: Filter, values: dict[str, str | None]
) -> None:
    by_xml = compile_filter(read_fetchxml(write_fetchxml(tree), "here"), "here", KNOWN)
    by_list = compile_filter(tree, "here", KNOWN)

    assert holds(by_xml, values) is holds(by_list, values)


@given(TREES, VALUES)
def test_there_is_a_failure_exactly_when_it_does_not_hold(
    tree: Filter, values: dict[str, str | None]
) -> None:
    condition = compile_filter(tree, "here", KNOWN)

    failure = first_failure(condition, values, SCOPE)

    assert (failure is None) is holds(condition, values)
    read = {term.column for term in terms(tree)}
    assert failure is None or {column for column, _ in failure.values} <= read


@given(TREES, VALUES)
def test_not_holds_exactly_where_the_filter_does_not(
    tree: Filter, values: dict[str, str | None]
) -> None:
    positive = compile_filter(tree, "here", KNOWN)
    try:
        opposite = read_nested({"not": nested(tree)}, "here")
    except DefinitionError:
        event("refused")
        assert holds(positive, values)  # a filter that holds always
        return

    carried = read_fetchxml(write_fetchxml(opposite), "here")
    assert holds(compile_filter(carried, "here", KNOWN), values) is not holds(positive, values)


@given(VALUES)
def test_the_filter_without_conditions_holds_for_every_record(
    values: dict[str, str | None],
) -> None:
    assert holds(compile_filter(EVERY_RECORD, "here", KNOWN), values)


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
    positive = compile_filter(Term("subject", operator, (operand,)), "here", KNOWN)
    negative = compile_filter(Term("subject", OPPOSITES[operator], (operand,)), "here", KNOWN)

    row = {"subject": value}
    assert holds(positive, row) is not holds(negative, row)


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_every_pattern_can_be_compiled_and_plain_text_matches_itself(text: str) -> None:
    plain = "".join(f"[{letter}]" if letter in "%_[" else letter for letter in text)

    like(text)
    assert like(plain).fullmatch(fold(text))
