"""Attacks on functions and actions: right calls with a member changed, left out or added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.bodies import json_bytes, some_json
from tests.fuzz.headers import some_headers
from tests.fuzz.names import Names, row_id
from tests.fuzz.texts import DATES, NUMBERS, at_times_broken, encoded, some_text

from work_assignment.mock_dataverse.messages.registry import (
    NOT_EMULATED,
    ON_COLLECTION,
    ON_ROW,
    UNBOUND,
)
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

_CRM = "Microsoft.Dynamics.CRM."
_ROW = {"@odata.type": f"{_CRM}lead", "leadid": row_id(1)}
_USER = {"@odata.type": f"{_CRM}systemuser", "systemuserid": ADMINISTRATOR_ID}
_WORDS: Mapping[str, Any] = {"LocalizedLabels": [{"Label": "x", "LanguageCode": 1033}]}
_ACCESS = {
    "Target": _ROW,
    "PrincipalAccess": {"Principal": _USER, "AccessMask": "ReadAccess,WriteAccess"},
}
_OPTION = {"EntityLogicalName": "lead", "AttributeLogicalName": "leadsourcecode"}
_CONDITION = {
    "AttributeName": "subject",
    "Operator": "Equal",
    "Values": [{"Value": "x", "Type": "System.String"}],
}
_QUERY = {
    "EntityName": "lead",
    "Criteria": {"FilterOperator": "And", "Conditions": [_CONDITION]},
}
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "GrantAccess": _ACCESS,
    "ModifyAccess": _ACCESS,
    "RevokeAccess": {"Target": _ROW, "Revokee": _USER},
    "WinOpportunity": {
        "Status": 3,
        "OpportunityClose": {
            "subject": "Won",
            "opportunityid@odata.bind": f"/opportunities({row_id(1)})",
        },
    },
    "LoseOpportunity": {
        "Status": 4,
        "OpportunityClose": {"opportunityid@odata.bind": f"/opportunities({row_id(2)})"},
    },
    "QualifyLead": {
        "CreateAccount": True,
        "CreateContact": True,
        "CreateOpportunity": True,
        "Status": 3,
    },
    "SendAppNotification": {
        "Title": "x",
        "Body": "y",
        "Recipient": f"/systemusers({ADMINISTRATOR_ID})",
        "IconType": 100000000,
        "ToastType": 200000000,
        "Actions": {"@odata.type": f"{_CRM}expando", "actions": []},
    },
    "SendEmail": {"IssueSend": True, "TrackingToken": "CRM:1"},
    "SendEmailFromTemplate": {
        "TemplateId": row_id(1),
        "Regarding": {"@odata.type": f"{_CRM}lead", "leadid": row_id(1)},
        "Target": {"@odata.type": f"{_CRM}email", "subject": "x", "email_activity_parties": []},
    },
    "InstantiateTemplate": {
        "TemplateId": row_id(1),
        "ObjectType": "lead",
        "ObjectId": row_id(1),
    },
    "InsertOptionValue": {**_OPTION, "Value": 77, "Label": _WORDS},
    "UpdateOptionValue": {**_OPTION, "Value": 1, "Label": _WORDS, "MergeLabels": True},
    "DeleteOptionValue": {**_OPTION, "Value": 77},
    "OrderOption": {**_OPTION, "Values": [1, 2, 3]},
    "InsertStatusValue": {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": "statuscode",
        "StateCode": 0,
        "Label": _WORDS,
    },
    "UpdateStateValue": {
        "EntityLogicalName": "lead",
        "AttributeLogicalName": "statecode",
        "Value": 0,
        "Label": _WORDS,
        "MergeLabels": False,
    },
    "BulkDelete": {
        "QuerySet": [_QUERY],
        "JobName": "x",
        "SendEmailNotification": False,
        "RecurrencePattern": "",
        "StartDateTime": "2026-03-04T00:00:00Z",
        "ToRecipients": [],
        "CCRecipients": [],
    },
    "PublishXml": {"ParameterXml": "<importexportxml><entities/></importexportxml>"},
    "PublishAllXml": {},
    "AddToQueue": {"Target": _ROW},
    "AddPrincipalToQueue": {"Principal": _USER},
    "PickFromQueue": {"SystemUser": _USER, "RemoveQueueItem": False},
    "ReleaseToQueue": {},
    "RemoveFromQueue": {},
    "AddMembersTeam": {"Members": [_USER]},
    "RemoveMembersTeam": {"Members": [_USER]},
    "AddPrivilegesRole": {
        "Privileges": [{"PrivilegeId": row_id(1), "Depth": "Basic", "BusinessUnitId": row_id(1)}]
    },
    "ReactivateEntityKey": {"EntityLogicalName": "lead", "EntityKeyLogicalName": "x"},
    "CreateEntities": {"Entities": []},
}
_DEFINITION_FILTER = {
    "FilterOperator": "And",
    "Conditions": [
        {
            "PropertyName": "LogicalName",
            "ConditionOperator": "Equals",
            "Value": {"Value": "lead", "Type": "System.String"},
        }
    ],
}
_DEFINITION_QUERY = {
    "Criteria": _DEFINITION_FILTER,
    "Properties": {"AllProperties": False, "PropertyNames": ["LogicalName", "Attributes"]},
    "AttributeQuery": {
        "Criteria": _DEFINITION_FILTER,
        "Properties": {"AllProperties": False, "PropertyNames": ["LogicalName"]},
    },
    "LabelQuery": {"FilterLanguages": [1033], "MissingLabelBehavior": 0},
}
_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "RetrieveTotalRecordCount": {"EntityNames": "['lead','account']"},
    "RetrieveCurrentOrganization": {"AccessType": "'Default'"},
    "RetrieveSharedPrincipalsAndAccess": {"Target": f"{{'@odata.id':'leads({row_id(1)})'}}"},
    "RetrievePrincipalAccess": {"Target": f"{{'@odata.id':'leads({row_id(1)})'}}"},
    "RetrieveUserPrivilegeByPrivilegeName": {"PrivilegeName": "'prvReadLead'"},
    "RetrieveUserSetOfPrivilegesByNames": {"PrivilegeNames": "['prvReadLead']"},
    "ExpandCalendar": {"Start": "2026-03-02T00:00:00Z", "End": "2026-03-09T00:00:00Z"},
    "QuerySchedule": {
        "ResourceId": ADMINISTRATOR_ID,
        "Start": "2026-03-02T00:00:00Z",
        "End": "2026-03-09T00:00:00Z",
        "TimeCodes": "['Available']",
    },
    "QueryMultipleSchedules": {
        "ResourceIds": f'["{ADMINISTRATOR_ID}"]',
        "Start": "2026-03-02T00:00:00Z",
        "End": "2026-03-09T00:00:00Z",
        "TimeCodes": "['Available','Unavailable']",
    },
}


def call(dice: Random, names: Names) -> Attack:
    """Call a message as it is meant, or nearly."""
    chance = dice.random()
    if chance < 0.04:
        name = dice.choice(sorted(NOT_EMULATED))
        return Attack("message", dice.choice(("GET", "POST")), SERVICE + name, (), b"{}")
    if chance < 0.1:
        table, name = names.table(dice).logical_name, dice.choice(sorted(ON_COLLECTION))
        path = f"{names.catalog.tables[table].entity_set_name}/{_CRM}{name}"
        return Attack("message", "GET", SERVICE + path, some_headers(dice))
    bound = [(t, n, m) for (t, n), m in sorted(ON_ROW.items(), key=lambda item: item[0])]
    unbound = [("", n, m) for n, m in sorted(UNBOUND.items())]
    table, name, message = dice.choice(bound + unbound)
    path = name
    if table:
        of = names.catalog.tables[table]
        path = encoded(dice, f"{of.entity_set_name}({names.id(dice, of)})/{_CRM}{name}")
    if message.method == "GET":
        return _function(dice, path, name)
    body = changed(dice, dict(_BODIES.get(name, {})))
    headers = (("Content-Type", "application/json"), *some_headers(dice))
    return Attack("message", "POST", SERVICE + path, headers, json_bytes(dice, body, 0.06))


def changed(dice: Random, value: Any, rate: float = 0.25) -> Any:
    """Change something somewhere in a value: another type, a member lost or added."""
    if dice.random() >= rate:
        if isinstance(value, dict):
            return {name: changed(dice, inner, rate / 2) for name, inner in value.items()}
        if isinstance(value, list):
            return [changed(dice, inner, rate / 2) for inner in value]
        return value
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(sorted(value))
        match dice.randrange(4):
            case 0:
                return {other: inner for other, inner in value.items() if other != name}
            case 1:
                return {**value, some_text(dice)[:60]: some_json(dice)}
            case _:
                return {**value, name: changed(dice, value[name], 0.9)}
    if isinstance(value, list) and value and dice.random() < 0.5:
        return [*value, *value] if dice.random() < 0.5 else [changed(dice, value[0], 0.9)]
    return some_json(dice)


def _function(dice: Random, path: str, name: str) -> Attack:
    parameters = dict(_PARAMETERS.get(name, {}))
    if name == "RetrieveMetadataChanges":
        parameters["Query"] = json.dumps(changed(dice, _DEFINITION_QUERY, 0.5))
        parameters["ClientVersionStamp"] = dice.choice(("null", "'1!03/04/2026 09:00:00'", "'x'"))
    for key in parameters:
        chance = dice.random()
        if chance < 0.25:
            odd = (dice.choice(DATES), dice.choice(NUMBERS), some_text(dice), "null", "[]", "['x']")
            parameters[key] = dice.choice(odd)
    if dice.random() < 0.08:
        parameters[some_text(dice)[:20]] = "1"
    if parameters and dice.random() < 0.08:
        del parameters[dice.choice(sorted(parameters))]
    if dice.random() < 0.7:
        given = ",".join(f"{key}=@p{number}" for number, key in enumerate(parameters))
        aliases = "&".join(
            f"@p{number}={encoded(dice, text)}" for number, text in enumerate(parameters.values())
        )
        target = f"{path}{encoded(dice, f'({given})')}?{aliases}"
    else:
        given = ",".join(f"{key}={text}" for key, text in parameters.items())
        target = path + encoded(dice, at_times_broken(dice, f"({given})", 0.15))
    return Attack("message", "GET", SERVICE + target, some_headers(dice))
