"""Definitions as clients send them, and requests that make them."""

from __future__ import annotations

import itertools
from typing import Any

from tests.mock_dataverse.core.client import Api

NAMESPACE = "Microsoft.Dynamics.CRM."
_numbers = itertools.count(1)


def label(text: str, **translations: str) -> dict[str, Any]:
    """Build a Label in English, and in other languages by their codes (`l1031="..."`)."""
    others = [
        {"Label": other, "LanguageCode": int(code.removeprefix("l"))}
        for code, other in translations.items()
    ]
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}, *others]}


def column(kind: str, schema_name: str, **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{NAMESPACE}{kind}AttributeMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        **members,
    }


def primary_name(schema_name: str = "new_Name", **members: Any) -> dict[str, Any]:
    return column("String", schema_name, **{"MaxLength": 100, "IsPrimaryName": True} | members)


def table(schema_name: str, *columns: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{NAMESPACE}EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        "DisplayCollectionName": label(f"{schema_name}s"),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "Attributes": [primary_name(), *columns],
        **members,
    }


def one_to_many(name: str, parent: str, child: str, lookup: str, **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{NAMESPACE}OneToManyRelationshipMetadata",
        "SchemaName": name,
        "ReferencedEntity": parent,
        "ReferencingEntity": child,
        "Lookup": column("Lookup", lookup),
        **members,
    }


def many_to_many(name: str, first: str, second: str, **members: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{NAMESPACE}ManyToManyRelationshipMetadata",
        "SchemaName": name,
        "Entity1LogicalName": first,
        "Entity2LogicalName": second,
        "IntersectEntityName": f"{name}_set",
        **members,
    }


def options(*pairs: tuple[int, str]) -> dict[str, Any]:
    return {
        "@odata.type": f"{NAMESPACE}OptionSetMetadata",
        "IsGlobal": False,
        "OptionSetType": "Picklist",
        "Options": [{"Value": value, "Label": label(text)} for value, text in pairs],
    }


def fresh(prefix: str = "new_Thing") -> str:
    """Return a schema name that no other test has."""
    return f"{prefix}{next(_numbers)}"


def make(api: Api, path: str, body: dict[str, Any]) -> str:
    """Create a definition and return its MetadataId."""
    answer = api.post(path, body)
    assert answer.status_code == 204, answer.text
    address: str = answer.headers["OData-EntityId"]
    assert address.startswith(api.root)
    return address[-37:-1]


def make_table(api: Api, *columns: dict[str, Any], **members: Any) -> str:
    """Create a table and return its logical name; its set is called `<name>s`."""
    name = fresh()
    make(api, "EntityDefinitions", table(name, *columns, **members))
    return name.lower()


def of(name: str) -> str:
    """Return the address of a table's definition."""
    return f"EntityDefinitions(LogicalName='{name}')"
