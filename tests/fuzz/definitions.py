"""Attacks on definitions: reading them, and writing tables, columns, keys, relationships, choices."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.bodies import json_bytes
from tests.fuzz.headers import some_headers
from tests.fuzz.messages import changed
from tests.fuzz.names import Names, row_id
from tests.fuzz.texts import IDS, at_times_broken, encoded, some_text
from tests.mock_dataverse.definitions import bodies

_KINDS = ("String", "Memo", "Integer", "Decimal", "Double", "Money", "Boolean", "DateTime")
_MORE = ("Picklist", "MultiSelectPicklist", "BigInt", "Lookup", "Image", "File", "X", "Status")
_SETS = ("EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions")


def read_definitions(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    column = names.column(dice, table)
    of = f"EntityDefinitions(LogicalName='{table.logical_name}')"
    path = dice.choice(
        (
            "$metadata",
            f"{dice.choice(_SETS)}",
            f"{dice.choice(_SETS)}({dice.choice(IDS)})",
            of,
            f"{of}/{dice.choice(('Attributes', 'Keys', 'OneToManyRelationships', 'Privileges'))}",
            f"{of}/Attributes(LogicalName='{column.logical_name}')",
            f"{of}/Attributes(LogicalName='{column.logical_name}')/{bodies.NAMESPACE}"
            f"{dice.choice((*_KINDS, *_MORE))}AttributeMetadata/OptionSet",
            f"{of}/{dice.choice(('LogicalName', 'DisplayName', 'Settings', 'x'))}/$value",
            f"RelationshipDefinitions(SchemaName='{some_text(dice)}')",
            f"GlobalOptionSetDefinitions(Name='{some_text(dice)}')",
        )
    )
    options = (
        "$select=LogicalName,SchemaName",
        "$select=" + some_text(dice),
        f"$filter=LogicalName eq '{table.logical_name}'",
        "$filter=AttributeType eq 'String' or IsCustomAttribute eq true and not (X ne null)",
        "$filter=IsValidForAdvancedFind/Value eq true",
        f"$filter=MetadataId eq {dice.choice(IDS)}",
        "$expand=Attributes($select=LogicalName;$filter=AttributeType eq 'Lookup'),Keys",
        "$expand=" + some_text(dice),
        "$top=2",
        "LabelLanguages=1033",
        "$count=true",
    )
    query = "&".join(
        encoded(dice, at_times_broken(dice, option, 0.2)).replace("%24", "$", 1)
        for option in dice.sample(options, dice.randrange(0, 3))
    )
    path = encoded(dice, at_times_broken(dice, path, 0.15))
    target = f"{SERVICE}{path}{'?' if query else ''}{query}"
    return Attack("definitions", "GET", target, some_headers(dice))


def write_definitions(dice: Random, names: Names) -> Attack:
    """Create, replace or delete a definition."""
    number = dice.randrange(5)
    of = f"EntityDefinitions(LogicalName='new_fuzz{number}')"
    if dice.random() < 0.25:
        path, method, body = _taken_away(dice, of, number)
    else:
        method, (path, body) = "POST", _made(dice, names, of, number)
    content = b"" if method == "DELETE" else json_bytes(dice, changed(dice, body, 0.08), 0.03)
    headers = (("Content-Type", "application/json"), *some_headers(dice))
    return Attack("define", method, SERVICE + encoded(dice, path), headers, content)


def _taken_away(dice: Random, of: str, number: int) -> tuple[str, str, Any]:
    path = dice.choice(
        (
            of,
            f"{of}/Attributes(LogicalName='new_fuzzy{number}')",
            f"{of}/Keys(LogicalName='new_fuzzk')",
            f"RelationshipDefinitions(SchemaName='new_fuzzr{number}')",
            f"GlobalOptionSetDefinitions(Name='new_fuzzc{number}')",
            "EntityDefinitions(LogicalName='lead')",
            "EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='subject')",
            f"EntityDefinitions({row_id(1)})",
        )
    )
    method = dice.choice(("DELETE", "DELETE", "PUT"))
    return path, method, bodies.table(f"new_Fuzz{number}", DisplayName=bodies.label("Other"))


def _made(dice: Random, names: Names, of: str, number: int) -> tuple[str, Any]:
    table = names.table(dice).logical_name
    other = dice.choice((table, f"new_fuzz{number}", "account"))
    makers: Mapping[str, Any] = {
        "EntityDefinitions": bodies.table(f"new_Fuzz{number}", _column(dice, number)),
        f"{of}/Attributes": _column(dice, number),
        f"EntityDefinitions(LogicalName='{table}')/Attributes": _column(dice, number),
        f"{of}/Keys": {
            "SchemaName": "new_FuzzK",
            "DisplayName": bodies.label("x"),
            "KeyAttributes": ["new_name"],
        },
        "RelationshipDefinitions": dice.choice(
            (
                bodies.one_to_many(f"new_fuzzr{number}", other, f"new_fuzz{number}", "new_FuzzL"),
                bodies.many_to_many(f"new_fuzzr{number}", other, f"new_fuzz{number}"),
            )
        ),
        "GlobalOptionSetDefinitions": {
            **bodies.options((1, "x"), (2, some_text(dice)[:50])),
            "Name": f"new_fuzzc{number}",
            "IsGlobal": True,
            "DisplayName": bodies.label("x"),
        },
    }
    paths = [*makers, "EntityDefinitions", "EntityDefinitions"]
    path = dice.choice(paths)
    return path, makers[path]


def _column(dice: Random, number: int) -> dict[str, Any]:
    kind = dice.choice((*_KINDS, *_KINDS, *_MORE))
    members: dict[str, Any] = {}
    if kind in ("Picklist", "MultiSelectPicklist", "Boolean"):
        members["OptionSet"] = bodies.options((1, "x"), (2, "y"))
    if kind in ("String", "Memo"):
        members["MaxLength"] = dice.choice((100, 1, 0, -1, 4001, 10**9))
    if kind == "Decimal":
        members["Precision"] = dice.choice((2, 10, 11, -1))
    if dice.random() < 0.2:
        members["SchemaName"] = dice.choice(("x", "new_", "new_ü", some_text(dice)))
    return bodies.column(kind, f"new_Fuzzy{number}", **members)
