"""Privileges, and which security roles hold them."""

from __future__ import annotations

from dataclasses import replace

from ..columns import text, whole, yes_no
from ..definitions import Definitions, together
from ..system_columns import UNOWNED
from ..table_builder import define, define_intersect

PRIVILEGE = define(
    "Privilege",
    1023,
    "privileges",
    "Privilege",
    "Privileges",
    (
        text("Name", "Name", 100),
        whole("AccessRight", "Access Right"),
        yes_no("CanBeBasic", "Can Be Basic"),
        yes_no("CanBeLocal", "Can Be Local"),
        yes_no("CanBeDeep", "Can Be Deep"),
        yes_no("CanBeGlobal", "Can Be Global"),
    ),
    name="Name",
    ownership=UNOWNED,
    states=(),
)


def _role_privileges() -> Definitions:
    """Define the intersect of roles and privileges, which says how deep a privilege reaches."""
    defined = define_intersect(
        "RolePrivileges",
        12,
        "roleprivilegescollection",
        "roleprivileges_association",
        "role",
        "privilege",
        key="RolePrivilegeId",
    )
    depth = whole("PrivilegeDepthMask", "Privilege Depth Mask", computed=True).column
    return replace(defined, tables=tuple(table.with_columns([depth]) for table in defined.tables))


SECURITY = together((PRIVILEGE, _role_privileges()))
