"""QualifyLead: a lead becomes an account, a contact and an opportunity."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..faults import bad_request, not_emulated
from ..requests.exchanges import Response, json_response
from ..resource_paths import NAMESPACE
from ..storage.rows import RawRow
from ..webhooks import json_text
from ..webhooks.operations import Parameters
from ..writing.payloads import Payload
from ..writing.references import Reference
from ..writing.writes import WriteContext, existing_row
from .announcements import announced
from .calls import Arguments, Call

_OPEN, _QUALIFIED = 0, 1
_ANY_STATUS = -1
_PARAMETERS = (
    "CreateAccount",
    "CreateContact",
    "CreateOpportunity",
    "OpportunityCurrencyId",
    "OpportunityCustomerId",
    "SourceCampaignId",
    "Status",
    "ProcessInstanceId",
)
_ADDRESS = {
    f"address1_{part}": f"address1_{part}"
    for part in ("line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country")
}
_PERMISSIONS = {
    name: name
    for name in ("donotemail", "donotbulkemail", "donotphone", "donotfax", "donotpostalmail")
}
# Which column of a lead goes where (Learn: the attribute mappings of a lead's relationships).
TO_ACCOUNT = {
    "companyname": "name",
    "telephone1": "telephone1",
    "fax": "fax",
    "websiteurl": "websiteurl",
    "emailaddress1": "emailaddress1",
    "revenue": "revenue",
    "numberofemployees": "numberofemployees",
    "sic": "sic",
    "industrycode": "industrycode",
    "description": "description",
    "transactioncurrencyid": "transactioncurrencyid",
    **_ADDRESS,
    **_PERMISSIONS,
}
TO_CONTACT = {
    "salutation": "salutation",
    "firstname": "firstname",
    "middlename": "middlename",
    "lastname": "lastname",
    "jobtitle": "jobtitle",
    "emailaddress1": "emailaddress1",
    "emailaddress2": "emailaddress2",
    "telephone1": "telephone1",
    "telephone2": "telephone2",
    "mobilephone": "mobilephone",
    "fax": "fax",
    "websiteurl": "websiteurl",
    "description": "description",
    "transactioncurrencyid": "transactioncurrencyid",
    **_ADDRESS,
    **_PERMISSIONS,
}
TO_OPPORTUNITY = {
    "subject": "name",
    "description": "description",
    "estimatedamount": "estimatedvalue",
    "estimatedclosedate": "estimatedclosedate",
    "budgetamount": "budgetamount",
    "budgetstatus": "budgetstatus",
    "purchasetimeframe": "purchasetimeframe",
    "purchaseprocess": "purchaseprocess",
    "need": "need",
    "initialcommunication": "initialcommunication",
    "decisionmaker": "decisionmaker",
    "evaluatefit": "evaluatefit",
    "confirminterest": "confirminterest",
    "qualificationcomments": "qualificationcomments",
    "campaignid": "campaignid",
    "transactioncurrencyid": "transactioncurrencyid",
}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the caller wants to come out of a lead."""

    account: bool
    contact: bool
    opportunity: bool
    status: int
    customer: Reference | None
    currency: Reference | None
    campaign: Reference | None


@dataclass(frozen=True, slots=True)
class _Parties:
    """The account and contact of a lead: those it points at, or those made of it."""

    account_id: str | None
    contact_id: str | None


def qualify_lead(call: Call) -> Response:
    """Close a lead as qualified, and create what the caller wants from it."""
    arguments = call.arguments(*_PARAMETERS)
    context = call.session.write_context(call.request)
    with call.session.writing() as db:
        reference = call.bound_row(db)
        lead = existing_row(db, reference.table, reference.row_id)
        if lead["statecode"] != _OPEN:
            raise bad_request("The lead is already closed.", "0x80040519")
        wish = _wish(db, arguments)
        said = _said(reference, wish)
        with announced(call.session, db, call.name, reference, said, context) as event:
            created = _qualify(db, call, lead, wish, event.context)
            pairs = [(one.table.logical_name, one.row_id) for one in created]
            event.outputs = (("CreatedEntities", json_text.references(pairs)),)
    return _answer(call, created)


def _said(lead: Reference, wish: _Wish) -> Parameters:
    """List the parameters as steps get to see them."""

    def shown(row: Reference | None) -> str:
        return json_text.reference(row.table.logical_name, row.row_id) if row else json_text.NULL

    return (
        ("LeadId", shown(lead)),
        ("CreateAccount", json_text.flag(wish.account)),
        ("CreateContact", json_text.flag(wish.contact)),
        ("CreateOpportunity", json_text.flag(wish.opportunity)),
        ("OpportunityCurrencyId", shown(wish.currency)),
        ("OpportunityCustomerId", shown(wish.customer)),
        ("SourceCampaignId", shown(wish.campaign)),
        ("Status", json_text.option(wish.status)),
    )


def _wish(db: sqlite3.Connection, arguments: Arguments) -> _Wish:
    if arguments.body.get("ProcessInstanceId") is not None:
        raise not_emulated("the parameter ProcessInstanceId of QualifyLead")
    return _Wish(
        account=arguments.flag("CreateAccount"),
        contact=arguments.flag("CreateContact"),
        opportunity=arguments.flag("CreateOpportunity"),
        status=arguments.whole("Status"),
        customer=arguments.optional_row(db, "OpportunityCustomerId", "account", "contact"),
        currency=arguments.optional_row(db, "OpportunityCurrencyId", "transactioncurrency"),
        campaign=arguments.optional_row(db, "SourceCampaignId", "campaign"),
    )


def _qualify(
    db: sqlite3.Connection, call: Call, lead: RawRow, wish: _Wish, context: WriteContext
) -> list[Reference]:
    writes, catalog = call.session.organization.writes, call.session.catalog
    created: list[Reference] = []

    def create(table: str, values: Mapping[str, Any]) -> str:
        source = {"originatingleadid": lead["leadid"]}
        row_id = writes.create(db, catalog.tables[table], Payload({**values, **source}), context)
        created.append(Reference(catalog.tables[table], row_id))
        return row_id

    parties = _Parties(lead["parentaccountid"], lead["parentcontactid"])
    if wish.account:
        parties = replace(parties, account_id=create("account", _mapped(lead, TO_ACCOUNT)))
    if wish.contact:
        parties = replace(parties, contact_id=create("contact", _contact(lead, parties)))
    if wish.opportunity:
        create("opportunity", _opportunity(lead, parties, wish))
    changes = {
        "statecode": _QUALIFIED,
        "parentaccountid": parties.account_id,
        "parentcontactid": parties.contact_id,
    }
    if wish.status != _ANY_STATUS:
        changes["statuscode"] = wish.status
    writes.update(db, catalog.tables["lead"], lead["leadid"], Payload(changes), context)
    return created


def _mapped(lead: RawRow, columns: Mapping[str, str]) -> dict[str, Any]:
    return {to: lead[name] for name, to in columns.items() if lead[name] is not None}


def _contact(lead: RawRow, parties: _Parties) -> dict[str, Any]:
    values = _mapped(lead, TO_CONTACT)
    if parties.account_id is not None:
        values |= {"parentcustomerid": parties.account_id, "parentcustomerid__type": "account"}
    return values


def _opportunity(lead: RawRow, parties: _Parties, wish: _Wish) -> dict[str, Any]:
    values = _mapped(lead, TO_OPPORTUNITY)
    values |= {"parentaccountid": parties.account_id, "parentcontactid": parties.contact_id}
    if wish.customer is not None:
        kind = wish.customer.table.logical_name
        values |= {"customerid": wish.customer.row_id, "customerid__type": kind}
    if wish.currency is not None:
        values["transactioncurrencyid"] = wish.currency.row_id
    if wish.campaign is not None:
        values["campaignid"] = wish.campaign.row_id
    return values


def _answer(call: Call, created: list[Reference]) -> Response:
    body = {
        "@odata.context": f"{call.request.root}$metadata#crmbaseentities",
        "value": [
            {
                "@odata.type": f"#{NAMESPACE}{reference.table.logical_name}",
                reference.table.primary_id: reference.row_id,
            }
            for reference in created
        ],
    }
    return json_response(body, call.request.preferences)
