"""How strict the organization is about who may own records."""

from __future__ import annotations

from typing import Any

from .members import Members
from .parts import Parts
from .routes import AdminCall, Route


def owner_rule_routes(parts: Parts) -> tuple[Route, ...]:
    rules = parts.organization.owner_rules

    def read(_: AdminCall) -> dict[str, Any]:
        return {"owners_need_roles": rules.owners_need_roles}

    def change(call: AdminCall) -> dict[str, Any]:
        given = Members(call.body, ("owners_need_roles",))
        rules.owners_need_roles = given.flag("owners_need_roles", rules.owners_need_roles)
        return read(call)

    return Route("GET", "rules", read), Route("PUT", "rules", change)
