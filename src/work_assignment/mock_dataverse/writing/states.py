"""State and status reason: which pairs are legal, and what one says of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..faults import Fault, bad_request
from ..tables.metadata import Table


def state_columns(
    table: Table, values: Mapping[str, Any], before: Mapping[str, Any] | None, row_id: str
) -> dict[str, Any]:
    """Return statecode and statuscode as a write leaves them; empty when it touches neither.

    A status reason alone implies its state, a state alone its default reason.
    """
    if "statecode" not in table.columns:
        return {}
    state, status = values.get("statecode"), values.get("statuscode")
    if state is None and status is None:
        if before is None:
            return _initial(table)
        if "statecode" in values or "statuscode" in values:
            raise bad_request("Required field missing. A state cannot be cleared.", "0x80040200")
        return {}
    if status is None:
        option = table.columns["statecode"].option(state) if state is not None else None
        if option is None:
            raise _illegal(table, status, state, row_id)
        return {"statecode": option.value, "statuscode": option.default_status}
    reason = table.columns["statuscode"].option(status)
    if reason is None or (state is not None and reason.state != state):
        current = before.get("statecode") if before is not None else 0
        raise _illegal(table, status, current if state is None else state, row_id)
    return {"statecode": reason.state, "statuscode": reason.value}


def _initial(table: Table) -> dict[str, Any]:
    return {name: table.columns[name].default for name in ("statecode", "statuscode")}


def _illegal(table: Table, status: int | None, state: int | None, row_id: str) -> Fault:
    option = table.columns["statecode"].option(state) if state is not None else None
    name = option.label if option is not None else str(state)
    if status is None:
        said = f"{state} is not a valid state code"
    else:
        said = f"{status} is not a valid status code for state code {table.schema_name}State.{name}"
    return bad_request(f"{said} on {table.logical_name} with Id {row_id}.", "0x80048408")
