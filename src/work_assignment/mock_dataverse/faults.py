"""Dataverse's error answers, as exceptions: status, code and the words of the original."""

from __future__ import annotations

from collections.abc import Mapping


class Fault(Exception):
    """An answer other than success. Only the HTTP layer turns it into a response."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def bad_request(message: str, code: str = "0x80060888") -> Fault:
    """400: the OData layer does not understand the request."""
    return Fault(400, code, message)


def row_not_found(table: str, row_id: str) -> Fault:
    return Fault(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


# Dataverse has these beside the columns of accounts, contacts, leads, users and others.
OF_IMAGES = frozenset({"entityimage", "entityimage_timestamp", "entityimage_url", "entityimageid"})


def segment_not_found(segment: str) -> Fault:
    if segment in OF_IMAGES:
        return not_emulated(f"images of records, such as {segment}")
    return Fault(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def unknown_property(name: str, table: str) -> Fault:
    if name in OF_IMAGES:
        return not_emulated(f"images of records, such as {name} of {table}")
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."
    )


def not_emulated(what: str) -> Fault:
    """501: real Dataverse has it, this mock does not; it never answers wrongly in silence."""
    return Fault(501, "0x80060888", f"The mock does not emulate {what}.")


def json_problem(exc: ValueError | RecursionError) -> str:
    """Say why a body could not be parsed, without the parser's own view of itself."""
    if isinstance(exc, UnicodeDecodeError):
        return f"byte {exc.start} of it is not UTF-8"
    return "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)


def invalid_payload(entity_set: str, problem: str) -> Fault:
    """400: the body of a write does not fit the table."""
    return Fault(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{entity_set}'. {problem}",
    )


def invalid_property(name: str, entity_set: str, table: str) -> Fault:
    """400: the body of a write names a column that the table does not have."""
    if name in OF_IMAGES:
        return unknown_property(name, table)
    return invalid_payload(
        entity_set,
        f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table}'. Check"
        " the spelling; property names are case-sensitive.",
    )


def duplicate_row() -> Fault:
    return Fault(412, "0x80040237", "A record with matching key values already exists.")


def duplicate_key(key: str, columns: str) -> Fault:
    """412: another row has the values of an alternate key."""
    return Fault(
        412,
        "0x80060892",
        f"Entity Key {key} violated. A record with the same value for {columns} already exists. A"
        " duplicate record cannot be created. Select one or more unique values and try again.",
    )


def version_mismatch() -> Fault:
    return Fault(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
    )


def message_refused(message: str, table: str) -> Fault:
    """405: the table does not support a message at all."""
    return Fault(
        405, "0x8004023b", f"The '{message}' method does not support entities of type '{table}'."
    )


class LocatedFault(Fault):
    """A fault that names its place in the body of the request."""


def located(fault: Fault, place: str) -> LocatedFault:
    """Name the place of a fault, unless it has been named closer to it."""
    if isinstance(fault, LocatedFault):
        return fault
    said = fault.message if fault.message.endswith(".") else f"{fault.message}."
    return LocatedFault(fault.status, fault.code, f"{said} Its place is '{place}'.")


def table_not_found(name: str) -> Fault:
    """400: a query or a message names a table by a logical name that no table has."""
    return bad_request(
        f"The entity with a name = '{name}' with namemapping = 'Logical' "
        "was not found in the MetadataCache.",
        "0x80041102",
    )
