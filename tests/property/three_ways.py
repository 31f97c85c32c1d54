"""A table of every kind of column, its rows at random, and conditions on it written as $filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import quote

from tests.contract.organisation import Organisation, uid
from tests.mock_dataverse.definitions import bodies

from work_assignment.dataverse import messages
from work_assignment.dataverse.messages import Request
from work_assignment.domain.filtering.filters import Filter, Group, Related, Term
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.mock_dataverse.reading.filter_functions import FUNCTIONS

KINDS = {
    "new_text": ColumnKind.TEXT,
    "new_memo": ColumnKind.TEXT,
    "new_whole": ColumnKind.NUMBER,
    "new_decimal": ColumnKind.NUMBER,
    "new_money": ColumnKind.NUMBER,
    "new_choice": ColumnKind.CHOICE,
    "new_choices": ColumnKind.CHOICES,
    "new_yes": ColumnKind.YES_NO,
    "new_moment": ColumnKind.MOMENT,
    "new_wall": ColumnKind.WALL_CLOCK,
    "new_day": ColumnKind.DAY,
    "new_account": ColumnKind.LOOKUP,
    "new_above": ColumnKind.LOOKUP,
}
ITEMS = 45
ACCOUNTS = ("Group", "Zürich", "zurich ", "Straße", "STRASSE")
TEXTS = (
    *("Ümlaut", "umlaut ", "UMLAUT", "50% off", "a_b", "axb", "[x]", "Zoë", "zoe", "O'Brien"),
    *("Straße", "strasse", " lead", "lead  ", "a-b", "{x}", '"q"', "İ", "日本", "10", "9", None),
)
MEMOS = ("one\ntwo", "one", "ONE", None)
MOMENTS = (
    *("2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T00:59:59Z"),
    *("2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    *("2025-12-31T22:59:59Z", "2025-12-31T23:00:00Z", "2026-03-04T09:00:00Z", None),
)
DAYS = ("2026-03-28", "2026-03-29", "2025-12-31", "2026-01-01", "2024-02-29", None)
NUMBERS: Mapping[str, Sequence[Any]] = {
    "new_whole": (-5, 0, 7, 2_147_483_647, None),
    "new_decimal": (-0.01, 0, 0.1, 1000.25, None),
    "new_money": (0, 19.99, 20, 1_000_000, None),
    "new_choice": (1, 2, 3, None),
}
_LOOKUPS = {"new_account": "new_Account", "new_above": "new_Above"}
_FUNCTION_OF = {operator: name for name, operator in FUNCTIONS.items()}
_PLAIN = {"neq": "ne", **{name: name for name in ("eq", "ne", "gt", "ge", "lt", "le")}}
_NAVIGATIONS = {
    ("account", "new_account"): "new_account_item",
    ("new_item", "new_above"): "new_item_item",
}
CRM = "Microsoft.Dynamics.CRM."


def item_id(number: int) -> str:
    return uid(f"item {number}")


def make_table(organisation: Organisation) -> None:
    """Create the table with its columns and lookups at run time."""
    choice = {"OptionSet": bodies.options((1, "A"), (2, "B"), (3, "C"))}
    dates = {"new_Moment": "UserLocal", "new_Wall": "TimeZoneIndependent", "new_Day": "DateOnly"}
    columns = [
        bodies.column("String", "new_Text", MaxLength=100),
        bodies.column("Memo", "new_Memo", MaxLength=2000),
        bodies.column("Integer", "new_Whole"),
        bodies.column("Decimal", "new_Decimal", Precision=2),
        bodies.column("Money", "new_Money", Precision=2),
        bodies.column("Picklist", "new_Choice", **choice),
        bodies.column("MultiSelectPicklist", "new_Choices", **choice),
        bodies.column(
            "Boolean",
            "new_Yes",
            OptionSet={
                "TrueOption": {"Value": 1, "Label": bodies.label("Yes")},
                "FalseOption": {"Value": 0, "Label": bodies.label("No")},
            },
        ),
        *(
            bodies.column("DateTime", name, DateTimeBehavior={"Value": behavior})
            for name, behavior in dates.items()
        ),
    ]
    definitions = [
        ("EntityDefinitions", bodies.table("new_Item", *columns)),
        (
            "RelationshipDefinitions",
            bodies.one_to_many("new_account_item", "account", "new_item", "new_Account"),
        ),
        (
            "RelationshipDefinitions",
            bodies.one_to_many("new_item_item", "new_item", "new_item", "new_Above"),
        ),
    ]
    for path, body in definitions:
        organisation.client.send(Request("POST", path, body=body))


def write_rows(organisation: Organisation, dice: Random) -> None:
    """Fill the table with rows at random; an item lies below one that was written before it."""
    for number, name in enumerate(ACCOUNTS):
        row = {"name": name}
        if number:
            above = ACCOUNTS[number // 2]
            row["parentaccountid@odata.bind"] = f"/accounts({uid(above)})"
        organisation.write([messages.create("accounts", row, row_id=uid(name))])
    organisation.write(list(_items(dice)))
    organisation.read({"new_item": tuple(KINDS), "account": ("name", "parentaccountid")})


def _items(dice: Random) -> Iterator[Request]:
    for number in range(ITEMS):
        row: dict[str, Any] = {
            "new_name": f"Item {number}",
            "new_text": TEXTS[number % len(TEXTS)],
            "new_memo": dice.choice(MEMOS),
            "new_choices": dice.choice((None, "1", "1,2", "2,3", "1,2,3")),
            "new_yes": dice.choice((True, False)),
            "new_moment": dice.choice(MOMENTS),
            "new_wall": dice.choice(MOMENTS),
            "new_day": dice.choice(DAYS),
            **{name: dice.choice(values) for name, values in NUMBERS.items()},
        }
        if dice.random() < 0.6:
            row["new_Account@odata.bind"] = f"/accounts({uid(dice.choice(ACCOUNTS[:4]))})"
        if number and dice.random() < 0.6:
            row["new_Above@odata.bind"] = f"/new_items({item_id(dice.randrange(number))})"
        yield messages.create("new_items", row, row_id=item_id(number))


def found_by_filter(organisation: Organisation, table: str, tree: Filter) -> set[str]:
    """Ask the mock by $filter."""
    schema = organisation.schemas[table]
    path = f"{schema.entity_set}?$select={schema.primary_id}&$filter={quote(text_of(tree))}"
    answer = organisation.client.send(Request("GET", path))
    return {row[schema.primary_id] for row in answer.rows}


def text_of(tree: Filter, variable: str = "") -> str:
    """Write a condition as $filter; inside a lambda, columns belong to its variable."""
    match tree:
        case Term():
            return _term(tree, variable)
        case Group(join, parts):
            joiner = " and " if join == "all" else " or "
            return f"({joiner.join(text_of(part, variable) for part in parts)})"
        case Related(_, column, _, absent, inner):
            navigation = _NAVIGATIONS[_parent_of(column), str(column)]
            name = f"{variable}x"
            text = f"{variable and variable + '/'}{navigation}/any({name}:{text_of(inner, name)})"
            return f"not {text}" if absent else text


def _parent_of(column: str | None) -> str:
    return "account" if column == "new_account" else "new_item"


def _term(term: Term, variable: str) -> str:
    kind = KINDS.get(term.column, ColumnKind.TEXT)
    name = f"_{term.column}_value" if kind is ColumnKind.LOOKUP else term.column
    name = f"{variable}/{name}" if variable else name
    if term.operator in ("null", "not-null"):
        return f"{name} {'eq' if term.operator == 'null' else 'ne'} null"
    if term.operator in _PLAIN and kind is not ColumnKind.CHOICES:
        return f"{name} {_PLAIN[term.operator]} {_LITERALS.get(kind, str)(term.operands[0])}"
    function = _FUNCTION_OF[term.operator]
    return f"{CRM}{function}(PropertyName='{name}'{_given(term)})"


def _given(term: Term) -> str:
    """Write the operands as the parameters of a query function."""
    texts = [_quoted(text) for text in term.operands]
    if not texts:
        return ""
    if term.operator in _OF_LISTS:
        return f",PropertyValues=[{','.join(texts)}]"
    if len(texts) == 2:
        first, second = term.operands
        return f",PropertyValue1={first},PropertyValue2={second}"
    is_bare = term.operator.startswith("on") or "-x-" in term.operator or "fiscal" in term.operator
    return f",PropertyValue={term.operands[0] if is_bare else texts[0]}"


_OF_LISTS = frozenset(
    {"in", "not-in", "between", "not-between", "contain-values", "not-contain-values"}
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_LITERALS: Mapping[ColumnKind, Callable[[str], str]] = {ColumnKind.TEXT: _quoted}
