"""Routes that return an organization to an earlier state: by name, or to its beginning."""

from __future__ import annotations

import re
from typing import Any

from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_EMPTY = "empty"
_BEGINNINGS = ("start", _EMPTY)
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


def snapshot_routes(parts: Parts) -> tuple[Route, ...]:
    store = parts.store

    def listed(_: AdminCall) -> dict[str, Any]:
        return {"snapshots": store.snapshots()}

    def take(call: AdminCall) -> dict[str, Any]:
        store.snapshot(_name(call))
        return listed(call)

    def restore(call: AdminCall) -> dict[str, Any]:
        name = _name(call)
        try:
            store.restore(name)
        except KeyError as exc:
            raise _unknown(name) from exc
        parts.organization.refresh()
        return {"restored": name}

    def forget(call: AdminCall) -> None:
        name = _name(call)
        try:
            store.forget_snapshot(name)
        except KeyError as exc:
            raise _unknown(name) from exc

    def reset(call: AdminCall) -> dict[str, Any]:
        body = Members(call.body, ("to", "settings"))
        to_empty, with_settings = _is_to_empty(body), body.flag("settings", default=False)
        if with_settings:
            parts.controls.clock.reset()  # the first rows of an organization bear its time
        store.reset(to_empty=to_empty)
        if with_settings:
            parts.beginning.restore()
        parts.organization.refresh()
        parts.prepare()
        return {"reset": True}

    return (
        Route("POST", "reset", reset),
        Route("GET", "snapshots", listed),
        Route("POST", "snapshots/<name>", take),
        Route("POST", "snapshots/<name>/restore", restore),
        Route("DELETE", "snapshots/<name>", forget),
    )


def _is_to_empty(body: Members) -> bool:
    where = body.text("to")
    if where not in (None, *_BEGINNINGS):
        listed = " or ".join(f"'{each}'" for each in _BEGINNINGS)
        raise AdminProblem(f"The body: 'to' must be {listed}, not {where!r}.")
    return where == _EMPTY


def _name(call: AdminCall) -> str:
    name = call.parameters["name"]
    if _NAME.fullmatch(name) is None:
        raise AdminProblem(
            f"The name of a snapshot is 1 to 64 letters, digits, '-', '_' or '.', not {name!r}."
        )
    return name


def _unknown(name: str) -> AdminProblem:
    return AdminProblem(f"There is no snapshot '{name}'.", status=404)
