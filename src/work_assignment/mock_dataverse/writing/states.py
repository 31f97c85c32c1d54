"""State and status reason: which pairs are legal, and what one says of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..faults import Fault, bad_request
from ..tables.metadata import Table


def state_columns(
    table: Table, values: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return statecode and statuscode as a write leaves them; empty when it touches neither.

    A status reason alone implies its state, a state alone its default reason.
    """
    if "statecode" not in table.columns:
        return {}
    state, status = values.get("statecode"), values.get("statuscode")
    if state is None and "statecode" in values:
        raise _cleared("statecode")
    if state is None and status is None:
        if before is None:
            return _initial(table)
        if "statuscode" in values:
            raise _cleared("statuscode")
        return {}
    if status is None:
        option = table.columns["statecode"].option(state) if state is not None else None
        if option is None:
            raise _illegal(table, status, state, before)
        return {"statecode": option.value, "statuscode": option.default_status}
    reason = table.columns["statuscode"].option(status)
    if reason is None or (state is not None and reason.state != state):
        current = before.get("statecode") if before is not None else 0
        raise _illegal(table, status, current if state is None else state, before)
    return {"statecode": reason.state, "statuscode": reason.value}


def _initial(table: Table) -> dict[str, Any]:
    return {name: table.columns[name].default for name in ("statecode", "statuscode")}


def _cleared(column: str) -> Fault:
    return bad_request(
        f"Required field missing. A state cannot be cleared. The column is '{column}'.",
        "0x80040200",
    )


def _illegal(
    table: Table, status: int | None, state: int | None, before: Mapping[str, Any] | None
) -> Fault:
    """Say what does not fit; the id of a row that is still to be made would help nobody."""
    option = table.columns["statecode"].option(state) if state is not None else None
    name = option.label if option is not None else str(state)
    if status is None:
        said = f"{state} is not a valid state code"
    else:
        said = f"{status} is not a valid status code for state code {table.schema_name}State.{name}"
    where = "" if before is None else f" with Id {before[table.primary_id]}"
    column = "statecode" if status is None else "statuscode"
    return bad_request(
        f"{said} on {table.logical_name}{where}. The column is '{column}'.", "0x80048408"
    )
