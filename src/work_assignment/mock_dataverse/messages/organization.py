"""Messages about the organization and the caller: who am I, which version, notifications."""

from __future__ import annotations

import re
from typing import Any

from ..faults import bad_request
from ..requests.exchanges import Response
from ..tables.metadata import ENGLISH
from ..well_known import ENVIRONMENT_ID, ORGANIZATION_NAME, TENANT_ID
from .calls import Call
from .notifications import send_app_notification

VERSION = "9.2.24112.00190"
_ENUM = re.compile(r"Microsoft\.Dynamics\.CRM\.EndpointAccessType'(Default|Internet|Intranet)'")


def who_am_i(call: Call) -> Response:
    call.expect()
    caller = call.session.caller
    return call.answer(
        {
            "BusinessUnitId": caller.business_unit_id,
            "UserId": caller.user_id,
            "OrganizationId": caller.organization_id,
        }
    )


def retrieve_version(call: Call) -> Response:
    call.expect()
    return call.answer({"Version": VERSION})


def retrieve_available_languages(call: Call) -> Response:
    call.expect()
    return call.answer({"LocaleIds": [ENGLISH]})


def retrieve_provisioned_languages(call: Call) -> Response:
    """List the languages switched on; the answer's member has the message's name."""
    call.expect()
    return call.answer({call.name: [ENGLISH]})


def retrieve_current_organization(call: Call) -> Response:
    call.expect("AccessType")
    if not _ENUM.fullmatch(call.parameters["AccessType"]):
        raise bad_request(
            f"AccessType is {call.parameters['AccessType']}, not a value such as"
            " Microsoft.Dynamics.CRM.EndpointAccessType'Default' (or Internet, or Intranet)."
        )
    detail = {
        "OrganizationId": call.session.caller.organization_id,
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
        "Endpoints": _endpoints(call.request.root.partition("/api/")[0]),
    }
    return call.answer({"Detail": detail})


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


def send_notification(call: Call) -> Response:
    return call.answer({"NotificationId": send_app_notification(call)})
