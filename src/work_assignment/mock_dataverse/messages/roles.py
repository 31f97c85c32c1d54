"""Messages about roles: what one is granted, and what a user may do through hers."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..faults import Fault, bad_request
from ..requests.exchanges import Response
from ..storage.privileges import Depth, HeldPrivilege, privileges_of_user
from ..storage.rows import fetch_value, find_ids, update_row
from .calls import Call

_GRANTS = "roleprivileges_association"


def add_privileges(call: Call) -> Response:
    """Grant privileges to a role; one that it holds gets the new depth."""
    arguments = call.arguments("Privileges")
    session, context = call.session, call.session.write_context(call.request)
    grants = session.catalog.tables["roleprivileges"]
    with session.writing() as db:
        role, links = call.bound_row(db), session.organization.links
        for value in arguments.records("Privileges"):
            depth = _depth(value.get("Depth"))
            named = {"privilegeid": value.get("PrivilegeId")}
            privilege = arguments.row_of(db, "Privileges", named, ("privilege",))
            if not links.holds(db, role, _GRANTS, privilege):
                links.add(db, role, _GRANTS, privilege, context)
            pair = {"roleid": role.row_id, "privilegeid": privilege.row_id}
            for grant in find_ids(db, grants, pair):
                update_row(db, grants, grant, {"privilegedepthmask": int(depth)})
    return Response(204)


def _depth(text: object) -> Depth:
    for depth in Depth:
        if depth.label == text:
            return depth
    labels = ", ".join(depth.label for depth in Depth)
    raise bad_request(f"The Depth of a privilege is one of {labels}, not {text!r}.")


def retrieve_user_privileges(call: Call) -> Response:
    """List all privileges of a user; what only her teams give her shows as Basic (Learn:
    RetrieveUserPrivileges function)."""
    call.expect()
    return _answer(call, None, lambda held: held.own_depth or Depth.BASIC)


def retrieve_user_privilege_by_name(call: Call) -> Response:
    call.expect("PrivilegeName")
    return _answer(call, [call.text("PrivilegeName")], lambda held: held.depth)


def retrieve_user_privileges_by_names(call: Call) -> Response:
    call.expect("PrivilegeNames")
    return _answer(call, call.texts("PrivilegeNames"), lambda held: held.depth)


def _answer(
    call: Call, names: Collection[str] | None, depth_of: Callable[[HeldPrivilege], Depth]
) -> Response:
    """List the privileges of a user, those with these names only if any are given."""
    with call.session.reading() as db:
        user = call.bound_row(db)
        unit = fetch_value(db, user.table, user.row_id, "businessunitid")
        found = privileges_of_user(db, user.row_id)
        for name in names or ():
            if not find_ids(db, call.session.catalog.tables["privilege"], {"name": name}, limit=1):
                raise Fault(404, "0x80040217", f"There is no privilege with the name '{name}'.")
    wanted = None if names is None else {name.lower() for name in names}
    shown = [
        {
            "Depth": depth_of(held).label,
            "PrivilegeId": held.privilege_id,
            "BusinessUnitId": unit,
            "PrivilegeName": held.name,
        }
        for held in found
        if wanted is None or held.name.lower() in wanted
    ]
    return call.answer({"RolePrivileges": shown})
