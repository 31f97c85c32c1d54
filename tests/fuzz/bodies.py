"""JSON bodies: right values, wrong types, deep nesting, doubled members, broken text."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.fuzz.filters import plain_value
from tests.fuzz.names import Names
from tests.fuzz.texts import DATES, IDS, NUMBERS, broken, some_text

from work_assignment.mock_dataverse.tables.metadata import Column, ColumnType, Table

_BROKEN = (
    b"",
    b"{",
    b"{}x",
    b"[]",
    b"null",
    b'"x"',
    b"{'a':1}",
    b'{"subject":NaN}',
    b'{"subject":Infinity}',
    b'{"numberofemployees":1e999}',
    b'{"numberofemployees":' + b"9" * 5000 + b"}",
    b'{"subject":"\\ud800"}',
    b'{"\\ud800":"x"}',
    b'{"subject":"a\\u0000b"}',
    b'{"subject":"a","subject":"b"}',
    b'{"subject":"\xff\xfe"}',
    '{"subject":"x"}'.encode("utf-16"),
    b'\xef\xbb\xbf{"subject":"bom"}',
    b'{"subject":"a\nb"}',
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"[" * 100_000,
    b'{"subject":' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"subject":"' + b"x" * 300_000 + b'"}',
)
# Through a lookup to its writer this could shut out the administrator, who sends all attacks.
_LEFT_ALONE = "isdisabled"


def json_bytes(dice: Random, value: Any, rate: float = 0.12) -> bytes:
    """Write a value as JSON; at times the text is broken, or another altogether."""
    chance = dice.random()
    if chance < rate / 3:
        return dice.choice(_BROKEN)
    text = json.dumps(value, ensure_ascii=dice.random() < 0.5)
    if chance < rate:
        text = broken(dice, text)
    return text.encode("utf-8", "surrogatepass")


def some_row(dice: Random, names: Names, table: Table, depth: int = 0) -> dict[str, Any]:
    """Draw the values of a row, with lookups bound and rows below it."""
    row: dict[str, Any] = {}
    if dice.random() < 0.7 and table.primary_name:
        row[table.primary_name] = "Fuzz"
    plain = [c for c in table.columns.values() if c.valid_for_create and not c.type.is_lookup]
    for _ in range(dice.randrange(0, 4)):
        column = dice.choice(plain) if dice.random() < 0.9 else names.column(dice, table)
        if column.logical_name != _LEFT_ALONE:
            row[column.wire_name] = some_value(dice, names, column)
    if dice.random() < 0.3:
        row |= _bound(dice, names, table)
    if depth < 3 and dice.random() < 0.15:
        row |= _nested(dice, names, table, depth)
    if dice.random() < 0.08:
        row["@odata.type"] = f"Microsoft.Dynamics.CRM.{table.logical_name}"
    if dice.random() < 0.06:
        row[some_text(dice)] = some_json(dice)
    return row


def some_value(dice: Random, names: Names, column: Column) -> Any:
    """Draw a value for a column; one in five is of any type."""
    if dice.random() < 0.12:
        return some_json(dice)
    if column.type is ColumnType.BOOLEAN:
        return dice.choice((True, False))
    if column.options:
        return dice.choice([option.value for option in column.options] + [999])
    if column.type in (ColumnType.INTEGER, ColumnType.BIGINT, ColumnType.DOUBLE):
        return dice.choice((0, 1, 7, -5, 2**31, 1.5))
    if column.type in (ColumnType.DECIMAL, ColumnType.MONEY):
        return dice.choice((0, 1.005, 1e15, -3.25, 0.1))
    if column.type.is_text:
        return dice.choice(("abc", "Zoë", some_text(dice)))[:4100]
    return plain_value(dice, names, column)


def some_json(dice: Random, depth: int = 0) -> Any:
    match dice.randrange(10 if depth < 3 else 8):
        case 0:
            return None
        case 1:
            return dice.choice((True, False))
        case 2:
            return dice.choice((0, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400))
        case 3:
            return dice.choice((0.1, 1e308, -1e-308, 1.5))
        case 4:
            return dice.choice(NUMBERS)
        case 5:
            return dice.choice((*DATES, *IDS))
        case 6:
            return "\ud800" if dice.random() < 0.2 else some_text(dice)
        case 7:
            return {}
        case 8:
            return [some_json(dice, depth + 1) for _ in range(dice.randrange(3))]
        case _:
            return {some_text(dice)[:50]: some_json(dice, depth + 1)}


def _bound(dice: Random, names: Names, table: Table) -> dict[str, Any]:
    navigations = names.single_navigations(table) + names.collection_navigations(table)
    if not navigations:
        return {}
    navigation = dice.choice(navigations)
    other = names.behind(table, navigation)
    address = f"{other.entity_set_name}({names.id(dice, other)})"
    value = dice.choice(
        (
            f"/{address}",
            address,
            f"http://x/api/data/v9.2/{address}",
            [f"/{address}"],
            "$1",
            None,
            some_json(dice),
            f"/{other.entity_set_name}(name='{some_text(dice)}')",
        )
    )
    return {f"{navigation}@odata.bind": value}


def _nested(dice: Random, names: Names, table: Table, depth: int) -> dict[str, Any]:
    collections, singles = names.collection_navigations(table), names.single_navigations(table)
    if collections and dice.random() < 0.6:
        navigation = dice.choice(collections)
        other = names.behind(table, navigation)
        rows = [some_row(dice, names, other, depth + 1) for _ in range(dice.randrange(3))]
        return {navigation: rows}
    if singles:
        navigation = dice.choice(singles)
        return {navigation: some_row(dice, names, names.behind(table, navigation), depth + 1)}
    return {}
