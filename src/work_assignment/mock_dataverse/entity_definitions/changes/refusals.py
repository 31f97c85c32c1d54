"""Why a definition is refused: Dataverse's codes and words, with the name of the culprit."""

from __future__ import annotations

from ...faults import Fault, bad_request

INVALID_ARGUMENT = "0x80040203"
_NO_TABLE = "0x80060888"


def invalid(message: str) -> Fault:
    return bad_request(message, INVALID_ARGUMENT)


def wrong_member(what: str, name: str, expected: str) -> Fault:
    """400: a member of a definition has the wrong shape."""
    return bad_request(f"The member '{name}' of {what} is not {expected}.", "0x80048d19")


def unknown_member(what: str, name: str, type_name: str) -> Fault:
    """400: a member that definitions of this type do not have."""
    return bad_request(
        f"The property '{name}' does not exist on type '{type_name}', which {what} is of. Make sure"
        " to only use property names that are defined by the type.",
        "0x80048d19",
    )


def missing_member(what: str, name: str) -> Fault:
    return bad_request(f"Required field '{name}' is missing in {what}.", INVALID_ARGUMENT)


def not_customizable(table: str) -> Fault:
    return bad_request(
        f"The specified entity is not customizable: {table} cannot be deleted.", "0x80047008"
    )


def standard_column(table: str, column: str) -> Fault:
    return bad_request(
        f"The specified attribute is not a custom attribute: {column} of {table}.", "0x80047009"
    )


def standard_relationship(name: str) -> Fault:
    return bad_request(
        f"The specified relationship is not a custom relationship: {name}.", "0x8004700a"
    )


def primary_column(table: str, column: str) -> Fault:
    return bad_request(
        f"The Primary UI Attribute is not valid for deletion: {column} of {table}.", "0x80047002"
    )


def duplicate_name(kind: str, name: str, code: str = "0x80047010") -> Fault:
    return bad_request(
        f"The schema name {name} for type {kind} is not unique. An {kind} with same name already"
        " exists.",
        code,
    )


def depended_on(kind: str, metadata_id: str, name: str, dependents: list[str]) -> Fault:
    """400: other components need this one; Dataverse counts them, and here they are named too."""
    return bad_request(
        f"The {kind}({metadata_id}) component cannot be deleted because it is referenced by"
        f" {len(dependents)} other components. For a list of referenced components, use the"
        f" RetrieveDependenciesForDeleteRequest. {name} is needed by {', '.join(dependents)}.",
        "0x8004f01f",
    )


def no_definition(kind: str, key: str) -> Fault:
    """404: there is no such definition."""
    return Fault(404, _NO_TABLE, f"Could not find {kind} with the key {key}.")
