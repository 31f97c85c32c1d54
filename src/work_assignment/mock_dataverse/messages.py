"""Functions and actions: a table of those that are emulated, and of those that answer 501."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .bulk_messages import create_multiple, update_multiple
from .faults import Fault, bad_request, not_emulated
from .http_messages import Request, Response, json_response
from .keys import Key, split_outside_quotes
from .metadata import Table
from .notifications import send_app_notification
from .resource_paths import NAMESPACE, Segment
from .sessions import Session
from .well_known import ENVIRONMENT_ID, ORGANIZATION_NAME, TENANT_ID

VERSION = "9.2.24112.00190"
_ALIAS = re.compile(r"@\w+")
_ENUM = re.compile(r"Microsoft\.Dynamics\.CRM\.EndpointAccessType'(\w+)'")

Parameters: TypeAlias = Mapping[str, str]
Unbound: TypeAlias = Callable[[Session, Parameters, Request], Response]
OnCollection: TypeAlias = Callable[[Session, Table, Request], Response]


@dataclass(frozen=True, slots=True)
class Message:
    """An unbound message; a function answers GET, an action POST."""

    method: str
    answer: Unbound


def _context(request: Request, name: str) -> str:
    return f"{request.root}$metadata#{NAMESPACE}{name}Response"


def _who_am_i(session: Session, parameters: Parameters, request: Request) -> Response:
    _expect(parameters, ())
    caller = session.caller
    body = {
        "@odata.context": _context(request, "WhoAmI"),
        "BusinessUnitId": caller.business_unit_id,
        "UserId": caller.user_id,
        "OrganizationId": caller.organization_id,
    }
    return json_response(body, request.preferences)


def _retrieve_version(session: Session, parameters: Parameters, request: Request) -> Response:
    _expect(parameters, ())
    body = {"@odata.context": _context(request, "RetrieveVersion"), "Version": VERSION}
    return json_response(body, request.preferences)


def _retrieve_current_organization(
    session: Session, parameters: Parameters, request: Request
) -> Response:
    _expect(parameters, ("AccessType",))
    if not _ENUM.fullmatch(parameters["AccessType"]):
        raise bad_request(
            "AccessType is a value such as Microsoft.Dynamics.CRM.EndpointAccessType'Default'."
        )
    host = request.root.partition("/api/")[0]
    body = {
        "@odata.context": _context(request, "RetrieveCurrentOrganization"),
        "Detail": {
            "OrganizationId": session.caller.organization_id,
            "FriendlyName": ORGANIZATION_NAME,
            "OrganizationVersion": VERSION,
            "EnvironmentId": ENVIRONMENT_ID,
            "DatacenterId": ENVIRONMENT_ID,
            "Geo": "EMEA",
            "TenantId": TENANT_ID,
            "UrlName": ORGANIZATION_NAME,
            "UniqueName": ORGANIZATION_NAME,
            "State": "Enabled",
            "SchemaType": "Full",
            "Endpoints": _endpoints(host),
        },
    }
    return json_response(body, request.preferences)


def _endpoints(host: str) -> dict[str, Any]:
    places = {
        "WebApplication": f"{host}/",
        "OrganizationService": f"{host}/XRMServices/2011/Organization.svc",
        "OrganizationDataService": f"{host}/XRMServices/2011/OrganizationData.svc",
    }
    return {
        "Count": len(places),
        "IsReadOnly": False,
        "Keys": list(places),
        "Values": list(places.values()),
    }


def _send_app_notification(session: Session, parameters: Parameters, request: Request) -> Response:
    body = {
        "@odata.context": _context(request, "SendAppNotification"),
        "NotificationId": send_app_notification(session, request),
    }
    return json_response(body, request.preferences)


def _create_multiple(session: Session, table: Table, request: Request) -> Response:
    body = {
        "@odata.context": _context(request, "CreateMultiple"),
        "Ids": create_multiple(session, table, request),
    }
    return json_response(body, request.preferences)


def _update_multiple(session: Session, table: Table, request: Request) -> Response:
    update_multiple(session, table, request)
    return Response(204)


UNBOUND: dict[str, Message] = {
    "WhoAmI": Message("GET", _who_am_i),
    "RetrieveVersion": Message("GET", _retrieve_version),
    "RetrieveCurrentOrganization": Message("GET", _retrieve_current_organization),
    "SendAppNotification": Message("POST", _send_app_notification),
}
ON_COLLECTION: dict[str, OnCollection] = {
    "CreateMultiple": _create_multiple,
    "UpdateMultiple": _update_multiple,
}
# Real messages of Dataverse and Dynamics 365 Sales that answer 501 here.
NOT_EMULATED: frozenset[str] = frozenset(
    [
        "AddMembersTeam",
        "AddPrincipalToQueue",
        "AddToQueue",
        "BulkDelete",
        "CalculateRollupField",
        "CloseIncident",
        "DeleteMultiple",
        "ExpandCalendar",
        "ExportSolution",
        "FormatAddress",
        "GetNextAutoNumberValue",
        "GrantAccess",
        "ImportSolution",
        "InitializeFrom",
        "InstantiateTemplate",
        "LoseOpportunity",
        "Merge",
        "ModifyAccess",
        "PickFromQueue",
        "PublishAllXml",
        "PublishXml",
        "QualifyLead",
        "QueryMultipleSchedules",
        "QuerySchedule",
        "ReleaseToQueue",
        "RemoveFromQueue",
        "RemoveMembersTeam",
        "RetrieveAadUserRoles",
        "RetrieveActivePath",
        "RetrieveDependenciesForDelete",
        "RetrievePrincipalAccess",
        "RetrieveProcessInstances",
        "RetrieveSetting",
        "RetrieveSharedPrincipalsAndAccess",
        "RetrieveTotalRecordCount",
        "RetrieveUserPrivilegeByPrivilegeName",
        "RetrieveUserPrivileges",
        "RetrieveUserSetOfPrivilegesByNames",
        "RevokeAccess",
        "SaveSettingValue",
        "SendEmail",
        "SendEmailFromTemplate",
        "SetProcess",
        "StageSolution",
        "UpsertMultiple",
        "WinOpportunity",
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
    return message.answer(session, _parameters(segment, request), request)


def answer_bound(
    session: Session, table: Table, key: Key | None, segment: Segment, request: Request
) -> Response:
    """Answer a message bound to a collection, or to the row with `key`."""
    name = segment.message or ""
    handler = ON_COLLECTION.get(name)
    if handler is not None and key is None and request.method == "POST":
        return handler(session, table, request)
    if name in NOT_EMULATED:
        raise not_emulated(f"the message {name}")
    raise Fault(
        404,
        "0x8006088a",
        f"No HTTP resource was found that matches the request URI '{request.root}{request.path}'.",
    )


def _parameters(segment: Segment, request: Request) -> dict[str, str]:
    """Read a function's parameters, by value or by alias; an action's stand in its body."""
    text = (segment.arguments or "").strip()
    parameters = {}
    for part in split_outside_quotes(text, ",") if text else []:
        name, equals, value = part.partition("=")
        if not equals:
            raise bad_request(f"The parameters '({text})' of {segment.name} are not name=value.")
        value = value.strip()
        if _ALIAS.fullmatch(value):
            value = request.query.get(value, "null")
        parameters[name.strip()] = value
    for name in request.query:
        if not name.startswith("@") and name != "tag":
            raise bad_request(f"The query option '{name}' is not supported on {segment.name}.")
    return parameters


def _expect(parameters: Parameters, names: tuple[str, ...]) -> None:
    if set(parameters) != set(names):
        raise bad_request(
            f"The parameters given are {', '.join(parameters) or 'none'}; expected are"
            f" {', '.join(names) or 'none'}."
        )
