"""Attacks on the links between rows: some as they should be, most of them nearly."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.bodies import json_bytes, some_json
from tests.fuzz.headers import JSON, headers_of_writes
from tests.fuzz.names import ROWS, Names, row_id
from tests.fuzz.reads import row_path
from tests.fuzz.texts import encoded


def write_link(dice: Random, names: Names) -> Attack:
    """Associate and disassociate rows."""
    return _meant(dice, names) if dice.random() < 0.5 else _odd(dice, names)


def _meant(dice: Random, names: Names) -> Attack:
    """Link two of the rows that are there, or take a link away."""
    table = names.catalog.tables[dice.choice(ROWS)]
    singles, collections = names.single_navigations(table), names.collection_navigations(table)
    navigation = dice.choice(
        [n for n in (*singles, *collections) if names.behind(table, n).logical_name in ROWS]
    )
    other = names.behind(table, navigation)
    path = f"{SERVICE}{table.entity_set_name}({row_id(dice.randrange(1, 12))})/{navigation}"
    address = f"/{other.entity_set_name}({row_id(dice.randrange(1, 12))})"
    if dice.random() < 0.3:
        query = "" if navigation in singles else f"?$id={address}"
        return Attack("link", "DELETE", f"{path}/$ref{query}")
    method = "PUT" if navigation in singles else "POST"
    body = json_bytes(dice, {"@odata.id": address}, 0)
    return Attack("link", method, f"{path}/$ref", (JSON,), body)


def _odd(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    navigations = names.collection_navigations(table) + names.single_navigations(table)
    navigation = dice.choice(navigations) if navigations else "x"
    other = names.behind(table, navigation)
    address = f"{other.entity_set_name}({names.id(dice, other)})"
    root = dice.choice(("", "", "/", "/", "http://x" + SERVICE, "../"))
    at = f"({names.id(dice, other)})" if dice.random() < 0.3 else ""
    path = encoded(dice, f"{row_path(dice, names, table)}/{navigation}{at}/$ref")
    method = dice.choice(("POST", "PUT", "DELETE", "DELETE"))
    query = f"?$id={encoded(dice, root + address)}" if dice.random() < 0.2 else ""
    if method == "DELETE" and not at and dice.random() < 0.8:
        query = f"?$id={encoded(dice, root + address)}"
    value: Any = {"@odata.id": root + address}
    if dice.random() < 0.1:
        value = some_json(dice)
    body = b"" if method == "DELETE" else json_bytes(dice, value)
    return Attack("link", method, SERVICE + path + query, headers_of_writes(dice), body)
