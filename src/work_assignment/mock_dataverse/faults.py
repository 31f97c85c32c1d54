"""Dataverse's error answers, as exceptions: status, code and the words of the original."""

from __future__ import annotations


class Fault(Exception):
    """An answer other than success. Only the HTTP layer turns it into a response."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad_request(message: str, code: str = "0x80060888") -> Fault:
    """400: the OData layer does not understand the request."""
    return Fault(400, code, message)


def row_not_found(table: str, row_id: str) -> Fault:
    return Fault(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


def segment_not_found(segment: str) -> Fault:
    return Fault(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def unknown_property(name: str, table: str) -> Fault:
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."
    )


def not_emulated(what: str) -> Fault:
    """501: real Dataverse has it, this mock does not; it never answers wrongly in silence."""
    return Fault(501, "0x80060888", f"The mock does not emulate {what}.")


def invalid_payload(entity_set: str, problem: str) -> Fault:
    """400: the body of a write does not fit the table."""
    return Fault(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{entity_set}'. {problem}",
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
