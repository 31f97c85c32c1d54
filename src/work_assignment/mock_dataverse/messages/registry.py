"""Functions and actions: a table of those that are emulated, and of those that answer 501."""

from __future__ import annotations

from ..faults import Fault, not_emulated
from ..requests.exchanges import Request, Response
from ..requests.sessions import Session
from ..resource_paths import Segment
from ..tables.metadata import Table
from ..writing.keys import Key
from .bulk import create_multiple, update_multiple
from .calls import Call, Message, read_parameters
from .leads import qualify_lead
from .opportunities import lose_opportunity, win_opportunity
from .organization import (
    retrieve_current_organization,
    retrieve_version,
    send_notification,
    who_am_i,
)
from .queues import (
    add_principal_to_queue,
    add_to_queue,
    pick_from_queue,
    release_to_queue,
    remove_from_queue,
)
from .roles import (
    add_privileges,
    retrieve_user_privilege_by_name,
    retrieve_user_privileges,
    retrieve_user_privileges_by_names,
)
from .schedules import expand_calendar, query_multiple_schedules, query_schedule
from .teams import add_members, remove_members


def _create_multiple(call: Call) -> Response:
    return call.answer({"Ids": create_multiple(call.session, call.bound_table(), call.request)})


def _update_multiple(call: Call) -> Response:
    update_multiple(call.session, call.bound_table(), call.request)
    return Response(204)


UNBOUND: dict[str, Message] = {
    "WhoAmI": Message("GET", who_am_i),
    "RetrieveVersion": Message("GET", retrieve_version),
    "RetrieveCurrentOrganization": Message("GET", retrieve_current_organization),
    "SendAppNotification": Message("POST", send_notification),
    "WinOpportunity": Message("POST", win_opportunity),
    "LoseOpportunity": Message("POST", lose_opportunity),
    "QuerySchedule": Message("GET", query_schedule),
    "QueryMultipleSchedules": Message("GET", query_multiple_schedules),
}
ON_COLLECTION: dict[str, Message] = {
    "CreateMultiple": Message("POST", _create_multiple),
    "UpdateMultiple": Message("POST", _update_multiple),
}
# By the table that a message is bound to, and its name.
ON_ROW: dict[tuple[str, str], Message] = {
    ("lead", "QualifyLead"): Message("POST", qualify_lead),
    ("queue", "AddToQueue"): Message("POST", add_to_queue),
    ("queue", "AddPrincipalToQueue"): Message("POST", add_principal_to_queue),
    ("queueitem", "PickFromQueue"): Message("POST", pick_from_queue),
    ("queueitem", "ReleaseToQueue"): Message("POST", release_to_queue),
    ("queueitem", "RemoveFromQueue"): Message("POST", remove_from_queue),
    ("team", "AddMembersTeam"): Message("POST", add_members),
    ("team", "RemoveMembersTeam"): Message("POST", remove_members),
    ("role", "AddPrivilegesRole"): Message("POST", add_privileges),
    ("systemuser", "RetrieveUserPrivileges"): Message("GET", retrieve_user_privileges),
    ("systemuser", "RetrieveUserPrivilegeByPrivilegeName"): Message(
        "GET", retrieve_user_privilege_by_name
    ),
    ("systemuser", "RetrieveUserSetOfPrivilegesByNames"): Message(
        "GET", retrieve_user_privileges_by_names
    ),
    ("calendar", "ExpandCalendar"): Message("GET", expand_calendar),
}
# Real messages of Dataverse and Dynamics 365 Sales that answer 501 here.
NOT_EMULATED: frozenset[str] = frozenset(
    [
        "BulkDelete",
        "CalculateRollupField",
        "CloseIncident",
        "DeleteMultiple",
        "ExportSolution",
        "FormatAddress",
        "GetNextAutoNumberValue",
        "GrantAccess",
        "ImportSolution",
        "InitializeFrom",
        "InstantiateTemplate",
        "Merge",
        "ModifyAccess",
        "msdyn_BusinessClosureDelete",
        "msdyn_BusinessClosureSave",
        "msdyn_DeleteCalendar",
        "msdyn_LoadCalendars",
        "msdyn_SaveCalendar",
        "PublishAllXml",
        "PublishXml",
        "RemovePrivilegeRole",
        "ReplacePrivilegesRole",
        "RetrieveAadUserRoles",
        "RetrieveActivePath",
        "RetrieveDependenciesForDelete",
        "RetrievePrincipalAccess",
        "RetrieveProcessInstances",
        "RetrieveRolePrivilegesRole",
        "RetrieveSetting",
        "RetrieveSharedPrincipalsAndAccess",
        "RetrieveTeamPrivileges",
        "RetrieveTotalRecordCount",
        "RetrieveUserPrivilegeByPrivilegeId",
        "RetrieveUserQueues",
        "RetrieveUserSetOfPrivilegesByIds",
        "RetrieveUsersPrivilegesThroughTeams",
        "RevokeAccess",
        "RouteTo",
        "SaveSettingValue",
        "SendEmail",
        "SendEmailFromTemplate",
        "SetProcess",
        "StageSolution",
        "UpsertMultiple",
    ]
)


def answer_unbound(session: Session, segment: Segment, request: Request) -> Response | None:
    """Answer `Name` or `Name(a=1)`; None when there is no such message, or not with this method."""
    message = UNBOUND.get(segment.name)
    if message is None:
        if segment.name in NOT_EMULATED:
            raise not_emulated(f"the message {segment.name}")
        return None
    if message.method != request.method:
        return None
    return message.answer(Call(session, request, segment.name, read_parameters(segment, request)))


def answer_bound(
    session: Session, table: Table, key: Key | None, segment: Segment, request: Request
) -> Response:
    """Answer a message bound to a collection, or to the row with `key`."""
    name = segment.message or ""
    message = ON_COLLECTION.get(name) if key is None else ON_ROW.get((table.logical_name, name))
    if message is not None and message.method == request.method:
        parameters = read_parameters(segment, request)
        return message.answer(Call(session, request, name, parameters, table, key))
    if name in NOT_EMULATED:
        raise not_emulated(f"the message {name}")
    raise Fault(
        404,
        "0x8006088a",
        f"No HTTP resource was found that matches the request URI '{request.root}{request.path}'.",
    )
