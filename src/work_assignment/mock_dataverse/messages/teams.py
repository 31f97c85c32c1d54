"""Messages about teams: who belongs to one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..requests.exchanges import Response
from ..webhooks import json_text
from ..webhooks.operations import Parameters
from ..writing.references import Reference
from .announcements import announced
from .calls import Call

MEMBERS = "teammembership_association"


def add_members(call: Call) -> Response:
    """Put users into a team; who is in it already stays."""
    session, context = call.session, call.session.write_context(call.request)
    with session.writing() as db:
        team, links = call.bound_row(db), session.organization.links
        members = list(_members(db, call))
        said = _said(team, members)
        with announced(session, db, "AddMembers", team, said, context) as event:
            for member in members:
                if not links.holds(db, team, MEMBERS, member):
                    links.add(db, team, MEMBERS, member, event.context)
    return Response(204)


def remove_members(call: Call) -> Response:
    """Take users out of a team; who is not in it stays out."""
    session, context = call.session, call.session.write_context(call.request)
    with session.writing() as db:
        team, links = call.bound_row(db), session.organization.links
        members = list(_members(db, call))
        said = _said(team, members)
        with announced(session, db, "RemoveMembers", team, said, context) as event:
            for member in members:
                if links.holds(db, team, MEMBERS, member):
                    links.remove(db, team, MEMBERS, member, event.context)
    return Response(204)


def _said(team: Reference, members: list[Reference]) -> Parameters:
    return (
        ("TeamId", json_text.text(team.row_id)),
        ("MemberIds", json_text.ids(member.row_id for member in members)),
    )


def _members(db: sqlite3.Connection, call: Call) -> Iterator[Reference]:
    arguments = call.arguments("Members")
    for value in arguments.records("Members"):
        yield arguments.row_of(db, "Members", value, ("systemuser",))
