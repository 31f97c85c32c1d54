"""Laws of $filter, on generated filters and rows."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.reads.world import World, open_world

from work_assignment.mock_dataverse.conditions.filter_tree import (
    And,
    Comparison,
    Node,
    Not,
    Null,
    Number,
    Operator,
    Or,
    Property,
    Text,
    TextMatch,
)
from work_assignment.mock_dataverse.reading.filter_parser import parse_filter
from work_assignment.mock_dataverse.text import fold

Row = dict[str, str | int | None]

_SUBJECTS = ["Ana", "ána ", "BEN", "ben's", "", "100%"]
_subjects = st.sampled_from(_SUBJECTS)
_numbers = st.integers(-2, 2)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "subject": st.none() | _subjects,
            "firstname": st.none() | _subjects,
            "employees": st.none() | _numbers,
        }
    ),
    max_size=6,
)
_operators = st.sampled_from(Operator)
_on_text = st.builds(
    Comparison,
    st.just(Property(("subject",))),
    _operators,
    st.builds(Text, _subjects) | st.just(Property(("firstname",))),
)
_on_number = st.builds(
    Comparison, st.just(Property(("employees",))), _operators, st.builds(Number, _numbers)
)
_on_null = st.builds(
    Comparison,
    st.sampled_from([Property(("subject",)), Property(("employees",))]),
    st.sampled_from([Operator.EQ, Operator.NE]),
    st.just(Null()),
)
_matches = st.builds(
    TextMatch,
    st.sampled_from(["contains", "startswith", "endswith"]),
    st.just(Property(("subject",))),
    st.builds(Text, st.sampled_from(["a", "n", "b", "'", "be"])),
)


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    lists = st.lists(children, min_size=2, max_size=4).map(tuple)
    return lists.map(_and) | lists.map(_or) | children.map(Not)


def _and(terms: tuple[Node, ...]) -> Node:
    """Join as the parser does: a term of the same kind is taken apart."""
    return And(tuple(t for n in terms for t in (n.terms if isinstance(n, And) else (n,))))


def _or(terms: tuple[Node, ...]) -> Node:
    return Or(tuple(t for n in terms for t in (n.terms if isinstance(n, Or) else (n,))))


_leaves: st.SearchStrategy[Node] = st.one_of(_on_text, _on_number, _on_null, _matches)
_trees = st.recursive(_leaves, _joined, max_leaves=12)


def _written(node: object) -> str:
    """Write a tree as a filter with no more parentheses than precedence asks for."""
    match node:
        case Or(terms):
            return " or ".join(map(_written, terms))
        case And(terms):
            return " and ".join(
                f"({_written(t)})" if isinstance(t, Or) else _written(t) for t in terms
            )
        case Not(TextMatch() | Not() as operand):
            return f"not {_written(operand)}"
        case Not(operand):
            return f"not ({_written(operand)})"
        case Comparison(left, operator, right):
            return f"{_written(left)} {operator} {_written(right)}"
        case TextMatch(function, prop, value):
            return f"{function}({_written(prop)},{_written(value)})"
        case Text(value):
            escaped = value.replace("'", "''")
            return f"'{escaped}'"
        case Number(value):
            return str(value)
        case Null():
            return "null"
    return str(node)


@given(_trees)
def test_a_filter_survives_being_written_and_read(tree: Node) -> None:
    assert parse_filter(_written(tree)) == tree


@settings(max_examples=150)
@given(_trees, _rows)
def test_rows_found_are_those_that_a_plain_evaluation_finds(tree: Node, rows: list[Row]) -> None:
    world = open_world()
    with closing(world.db):
        for number, row in enumerate(rows):
            world.add("lead", number, **row)
        expected = [number for number, row in enumerate(rows) if _holds(tree, row, True)]
        assert _found(world, _written(tree)) == expected


def _found(world: World, text: str) -> list[int]:
    body = world.get("leads", select="leadid", filter=text)
    return [int(row["leadid"].replace("-", ""), 16) for row in body["value"]]


_INVERSE = {"eq": "ne", "ne": "eq", "gt": "le", "le": "gt", "lt": "ge", "ge": "lt"}


def _holds(node: Node, row: Row, wanted: bool) -> bool:
    """Evaluate with `not` carried inwards, where it turns a condition into its opposite."""
    match node:
        case And(terms):
            return (all if wanted else any)(_holds(term, row, wanted) for term in terms)
        case Or(terms):
            return (any if wanted else all)(_holds(term, row, wanted) for term in terms)
        case Not(operand):
            return _holds(operand, row, not wanted)
        case TextMatch(function, Property((name,)), Text(part)):
            return _text_holds(function, row[name], part, wanted)
        case Comparison(Property((name,)), operator, right):
            other = _value(right, row)
            name_of_operator = operator.value if wanted else _INVERSE[operator.value]
            if isinstance(right, Null):
                return (row[name] is None) == (name_of_operator == "eq")
            return _compared(row[name], name_of_operator, other)
    raise AssertionError(node)


def _text_holds(function: str, value: str | int | None, part: str, wanted: bool) -> bool:
    if value is None:
        return not wanted
    text = fold(str(value))
    found = {
        "contains": part in text,
        "startswith": text.startswith(part),
        "endswith": text.endswith(part),
    }[function]
    return found == wanted


def _value(operand: object, row: Row) -> str | int | float | None:
    match operand:
        case Property((name,)):
            return row[name]
        case Text(value) | Number(value):
            return value
    return None


def _compared(left: object, operator: str, right: object) -> bool:
    if left is None:
        return operator == "ne"
    if right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        order = (fold(left) > fold(right)) - (fold(left) < fold(right))
    else:
        assert isinstance(left, int | float)
        assert isinstance(right, int | float)
        order = (left > right) - (left < right)
    return {
        "eq": order == 0,
        "ne": order != 0,
        "gt": order > 0,
        "ge": order >= 0,
        "lt": order < 0,
        "le": order <= 0,
    }[operator]
