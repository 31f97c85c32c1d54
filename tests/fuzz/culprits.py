"""Attacks with exactly one wrong name or value, which the refusal has to name."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from urllib.parse import quote

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.names import Names, row_id

_ROW = f"leads({row_id(1)})"
_CRM = "Microsoft.Dynamics.CRM."
_READS = (
    "leads?$select={0}",
    "leads?$select=subject,_{0}_value",
    "leads?$filter={0} eq 1",
    "leads?$filter=parentaccountid/{0} eq 1",
    "leads?$filter={0}/name eq 'x'",
    "leads?$filter=startswith({0},'x')",
    "leads?$filter={0}(subject,'x')",
    "leads?$filter=Lead_Tasks/any(t:t/{0} eq 1)",
    "leads?$filter={0}/any(t:t/subject eq 'x')",
    "leads?$filter=" + _CRM + "In(PropertyName='{0}',PropertyValues=['1'])",
    "leads?$filter=" + _CRM + "{0}(PropertyName='subject')",
    "leads?$orderby={0}",
    "leads?$expand={0}",
    "leads?$expand=parentaccountid($select={0})",
    "leads?$expand=Lead_Tasks($filter={0} eq 1)",
    "leads?$expand=Lead_Tasks($orderby={0})",
    "leads?$apply=groupby(({0}))",
    "leads?$apply=aggregate({0} with sum as total)",
    "leads?$apply=filter({0} eq 1)/aggregate($count as n)",
    "leads?${0}=1",
    "leads?fetchXml=<fetch><entity name='{0}'/></fetch>",
    "leads?fetchXml=<fetch><entity name='lead'><attribute name='{0}'/></entity></fetch>",
    "leads?fetchXml=<fetch><entity name='lead'><order attribute='{0}'/></entity></fetch>",
    "leads?fetchXml=<fetch><entity name='lead'><filter><condition attribute='{0}'"
    " operator='null'/></filter></entity></fetch>",
    "leads?fetchXml=<fetch><entity name='lead'><filter><condition attribute='subject'"
    " operator='{0}'/></filter></entity></fetch>",
    "leads?fetchXml=<fetch><entity name='lead'><link-entity name='{0}' from='a' to='b'/>"
    "</entity></fetch>",
    "leads?sql=SELECT {0} FROM lead",
    "leads?sql=SELECT subject FROM {0}",
    "leads?sql=SELECT subject FROM lead WHERE {0} = 1",
    "{0}",
    "{0}({1})",
    "leads({0})",
    "leads({0}='x')",
    _ROW + "/{0}",
    "leads({1})/{0}/$ref",
    "EntityDefinitions(LogicalName='{0}')",
    "EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='{0}')",
    "EntityDefinitions?$select={0}",
    "EntityDefinitions?$filter={0} eq 1",
    "EntityDefinitions?$expand={0}",
    "RelationshipDefinitions(SchemaName='{0}')",
    "GlobalOptionSetDefinitions(Name='{0}')",
    "leads?savedQuery={0}",
)
_BODIES = (
    {"{0}": "x"},
    {"{0}@odata.bind": "/accounts({1})"},
    {"parentaccountid@odata.bind": "/{0}({1})"},
    {"parentaccountid@odata.bind": "/accounts({0})"},
    {"numberofemployees": "{0}"},
    {"revenue": "{0}"},
    {"donotemail": "{0}"},
    {"leadsourcecode": "{0}"},
    {"estimatedclosedate": "{0}"},
    {"overriddencreatedon": "{0}"},
    {"leadid": "{0}"},
    {"Lead_Tasks": [{"{0}": 1}]},
    {"@odata.type": _CRM + "{0}"},
    {"ownerid@odata.bind": "/systemusers({0})"},
)
_ACTIONS = (
    "{0}",
    "leads/" + _CRM + "{0}",
    _ROW + "/" + _CRM + "{0}",
)


def single_fault(dice: Random, names: Names) -> Attack:
    """Put one unknown name or impossible value where a right one belongs."""
    name = f"zznope{dice.randrange(1000)}"
    match dice.randrange(6):
        case 0 | 1 | 2:
            path, _, query = dice.choice(_READS).partition("?")
            target = quote(_filled(path, name), safe="/$()',=")
            if query:
                option, _, text = _filled(query, name).partition("=")
                target += f"?{option}={quote(text, safe='')}"
            return Attack("culprit", "GET", SERVICE + target, culprit=name)
        case 3 | 4:
            return _write(dice, name)
        case _:
            path = dice.choice(_ACTIONS).replace("{0}", name)
            return replace(_posted(path, {}), culprit=name)


def _write(dice: Random, name: str) -> Attack:
    text = _filled(json.dumps(dice.choice(_BODIES)), name)
    body = json.loads(text)
    if dice.random() < 0.3:
        targets = [{"@odata.type": f"{_CRM}lead", "lastname": "x"} | body]
        bulk = _posted(f"leads/{_CRM}CreateMultiple", {"Targets": targets})
        return replace(bulk, culprit=None if "Lead_Tasks" in body else name)
    return replace(_posted("leads", {"lastname": "x"} | body), culprit=name)


def _posted(path: str, body: object) -> Attack:
    headers = (("Content-Type", "application/json"),)
    return Attack("culprit", "POST", SERVICE + path, headers, json.dumps(body).encode())


def _filled(text: str, name: str) -> str:
    return text.replace("{0}", name).replace("{1}", row_id(1))
