"""Attacks that write: rows, their properties, and many rows at once."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.bodies import json_bytes, some_json, some_row, some_value
from tests.fuzz.headers import JSON, headers_of_writes, some_headers
from tests.fuzz.names import ROWS, Names, row_id
from tests.fuzz.reads import row_path
from tests.fuzz.texts import at_times_broken, encoded

from work_assignment.mock_dataverse.tables.metadata import Table

_CRM = "Microsoft.Dynamics.CRM."


def write_row(dice: Random, names: Names) -> Attack:
    """Create a row, or change one, or create it at its id."""
    table = names.table(dice)
    body = json_bytes(dice, some_row(dice, names, table))
    if dice.random() < 0.5:
        target = SERVICE + table.entity_set_name
        return Attack("create", "POST", target, headers_of_writes(dice), body)
    path = at_times_broken(dice, row_path(dice, names, table), 0.1)
    method = dice.choice(("PATCH",) * 20 + ("PUT", "POST"))
    return Attack("update", method, SERVICE + encoded(dice, path), headers_of_writes(dice), body)


def write_property(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    column = names.column(dice, table)
    value: Any = {"value": some_value(dice, names, column)}
    if dice.random() < 0.1:
        value = some_json(dice)
    path = f"{row_path(dice, names, table)}/{names.column_name(dice, table)}"
    method = dice.choice(("PUT",) * 6 + ("DELETE", "DELETE", "PATCH"))
    body = b"" if method == "DELETE" else json_bytes(dice, value)
    return Attack("property", method, SERVICE + encoded(dice, path), headers_of_writes(dice), body)


def delete_row(dice: Random, names: Names) -> Attack:
    """Delete a row of the tables whose rows nothing else here depends on."""
    table = names.catalog.tables[dice.choice(("lead", "account", "contact", "task", "queueitem"))]
    target = SERVICE + encoded(dice, row_path(dice, names, table))
    return Attack("delete", "DELETE", target, some_headers(dice))


def write_below(dice: Random, names: Names) -> Attack:
    """Write a row through a navigation property of another."""
    table = names.table(dice)
    collections, singles = names.collection_navigations(table), names.single_navigations(table)
    method = dice.choice(("POST",) * 8 + ("PATCH",) * 4 + ("PUT",))
    navigations = (singles if method == "PATCH" else collections) or ["x"]
    navigation = dice.choice(navigations)
    other = names.behind(table, navigation)
    path = f"{row_path(dice, names, table)}/{navigation}"
    row: Any = some_row(dice, names, other)
    if method == "PUT":
        row = {"value": [row]}
    return Attack(
        "below",
        method,
        SERVICE + encoded(dice, path),
        headers_of_writes(dice),
        json_bytes(dice, row),
    )


def write_many(dice: Random, names: Names) -> Attack:
    """CreateMultiple and its kin; half of them are as they should be."""
    if dice.random() < 0.5:
        return _meant_many(dice, names)
    table = names.table(dice)
    name = dice.choice(("Create",) * 4 + ("Update",) * 2 + ("Upsert",) * 3 + ("Delete",))
    targets: Any = [_target(dice, names, table) for _ in range(dice.choice((0, *(1, 2, 3) * 5)))]
    if dice.random() < 0.1:
        targets = some_json(dice)
    body: dict[str, Any] = {"Targets": targets}
    if dice.random() < 0.03:
        body["More"] = some_json(dice)
    path = f"{table.entity_set_name}/Microsoft.Dynamics.CRM.{name}Multiple"
    target = SERVICE + encoded(dice, at_times_broken(dice, path, 0.03))
    return Attack("bulk", "POST", target, headers_of_writes(dice), json_bytes(dice, body))


def _meant_many(dice: Random, names: Names) -> Attack:
    """Write rows that are there, or new ones, with values that fit."""
    table = names.catalog.tables[dice.choice(tuple(n for n in ROWS if n != "queueitem"))]
    name = dice.choice(("Create", "Update", "Upsert"))
    targets = []
    for number in dice.sample(range(1, 12), dice.randrange(1, 4)):
        row = {
            "@odata.type": f"{_CRM}{table.logical_name}",
            table.primary_name: dice.choice(("abc", "Zoë", "O'Brien")),
        }
        if name != "Create":
            row[table.primary_id] = row_id(number)
        targets.append(row)
    path = f"{SERVICE}{table.entity_set_name}/{_CRM}{name}Multiple"
    return Attack("bulk", "POST", path, (JSON,), json_bytes(dice, {"Targets": targets}, 0))


def _target(dice: Random, names: Names, table: Table) -> Any:
    if dice.random() < 0.05:
        return some_json(dice)
    row: dict[str, Any] = {"@odata.type": f"Microsoft.Dynamics.CRM.{table.logical_name}"}
    if dice.random() < 0.05:
        row["@odata.type"] = some_json(dice)
    if dice.random() < 0.5:
        row[table.primary_id] = names.id(dice, table)
    if dice.random() < 0.1:
        row["@odata.id"] = f"{table.entity_set_name}({names.id(dice, table)})"
    return row | some_row(dice, names, table, 2)
