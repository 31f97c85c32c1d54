"""Checks of queries: pages, counts, limits, columns of several choices."""

from __future__ import annotations

from typing import Any

from ..world import World
from .asking import ask, create_leads
from .definitions import label

_FETCH = (
    "<fetch count='2' page='{page}'{cookie}><entity name='lead'><attribute name='subject'/><filter>"
    "<condition attribute='subject' operator='eq' value='«u»'/></filter></entity></fetch>"
)
_OPERATORS: tuple[tuple[str, str, bool], ...] = (
    ("subject", "operator='eq' value='SUBJECT «u»'", True),
    ("subject", "operator='like' value='%25«u»'", True),
    ("subject", "operator='not-like' value='%25«u»'", False),
    ("numberofemployees", "operator='between'><value>5</value><value>9</value", True),
    ("numberofemployees", "operator='in'><value>7</value><value>8</value", True),
    ("numberofemployees", "operator='not-in'><value>7</value><value>8</value", False),
    ("lastname", "operator='null'", True),
    ("lastname", "operator='not-null'", False),
    ("ownerid", "operator='eq-userid'", True),
    ("createdon", "operator='last-x-days' value='3'", True),
    ("createdon", "operator='olderthan-x-hours' value='1'", False),
    ("createdon", "operator='on-or-before' value='2020-01-01'", False),
    ("createdon", "operator='today'", True),
)


def contain_values(world: World) -> None:
    """A column of several choices is asked for some of them."""
    options = [{"Value": 727000000 + n, "Label": label(text)} for n, text in enumerate("ABC")]
    column = {
        "@odata.type": "Microsoft.Dynamics.CRM.MultiSelectPicklistAttributeMetadata",
        "AttributeType": "Virtual",
        "AttributeTypeName": {"Value": "MultiSelectPicklistType"},
        "SchemaName": "new_Interests",
        "DisplayName": label("Interests"),
        "RequiredLevel": {"Value": "None"},
        "OptionSet": {
            "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
            "IsGlobal": False,
            "OptionSetType": "Picklist",
            "Options": options,
        },
    }
    path = "EntityDefinitions(LogicalName='lead')/Attributes"
    ask(world, f"POST {path}", body=column, answers=204)
    for subject, value in (("ab", "727000000,727000001"), ("c", "727000002"), ("none", None)):
        body = {"subject": subject, "new_interests": value}
        ask(world, "POST leads", body=body, answers=204)
    for function, values, expected in (
        ("ContainValues", '["727000001","727000002"]', ["ab", "c"]),
        ("ContainValues", '["727000000"]', ["ab"]),
        ("DoesNotContainValues", '["727000000"]', ["c", "none"]),
    ):
        condition = (
            f"Microsoft.Dynamics.CRM.{function}(PropertyName='new_interests',"
            f"PropertyValues={values})"
        )
        answer = ask(
            world,
            f"GET leads?$select=subject,new_interests&$filter={condition}&$orderby=subject",
            answers=200,
        )
        found = [row["subject"] for row in answer.json()["value"]]
        assert found == expected, (condition, found)


def fifteen_expansions(world: World) -> None:
    """Fifteen expansions are answered, sixteen are not."""
    lookups = [
        *("ownerid", "owninguser", "owningteam", "owningbusinessunit", "createdby", "modifiedby"),
        *("createdonbehalfby", "modifiedonbehalfby", "parentaccountid", "parentcontactid"),
        *("transactioncurrencyid", "qualifyingopportunityid", "originatingcaseid", "campaignid"),
        *("Lead_Tasks", "Lead_Emails", "Lead_Phonecalls", "Lead_Appointments", "lead_tasks"),
    ]
    known = [name for name in lookups if _expands(world, [name])]
    assert len(known) >= 8, known
    several = [*known, *known][:16]
    assert not _expands(world, several), "sixteen expansions were answered"


def _expands(world: World, names: list[str]) -> bool:
    listed = ",".join(f"{name}($select={_some_column(name)})" for name in names)
    answer = ask(world, f"GET leads?$top=1&$expand={listed}", answers=[200, 400])
    return answer.status_code == 200


def _some_column(navigation: str) -> str:
    """Name a column that every row behind a navigation property has."""
    return "ownerid" if navigation == "ownerid" else "createdon"


def fifteen_links(world: World) -> None:
    """Fifteen links are answered, sixteen are named as too many."""
    for number, status in ((15, 200), (16, 400)):
        links = "".join(
            f"<link-entity name='account' from='accountid' to='parentaccountid' alias='a{index}'"
            " link-type='outer'/>"
            for index in range(number)
        )
        fetch = f"<fetch top='1'><entity name='lead'><attribute name='subject'/>{links}</entity></fetch>"
        expected: dict[str, Any] = {"answers": status}
        if status == 400:
            expected |= {
                "error": ["0x8004430d", "0x8004430D"],
                "message": "Number of link entities in query exceeded maximum limit",
            }
        ask(world, f"GET leads?fetchXml={fetch}", **expected)


def count_limit(world: World) -> None:
    """$count and /$count stop at 5,000."""
    create_leads(world, [f"{number}" for number in range(5001)])
    counted = ask(world, "GET leads?$select=subject&$count=true&$top=1", answers=200).json()
    assert counted["@odata.count"] == 5000, counted["@odata.count"]
    text = ask(world, "GET leads/$count", answers=200).content.decode("utf-8-sig")
    assert text == "5000", text


def default_page(world: World) -> None:
    """5,001 rows come as 5,000 and one."""
    create_leads(world, [f"{number}" for number in range(5001)])
    first = ask(world, "GET leads?$select=subject", answers=200, rows=5000).json()
    world.known["next"] = first["@odata.nextLink"]
    ask(world, "GET «next»", answers=200, rows=1, lacks=["@odata.nextLink"])


def pages_are_complete(world: World) -> None:
    """Pages of two give seven rows, each once."""
    ids = create_leads(world, [world.known["u"]] * 7)
    found: list[str] = []
    url = "leads?$select=subject&$filter=subject eq '«u»'&$orderby=subject"
    while url:
        answer = ask(
            world, f"GET {url}", headers={"Prefer": "odata.maxpagesize=2"}, answers=200
        ).json()
        found += [row["leadid"] for row in answer["value"]]
        url = answer.get("@odata.nextLink", "")
        assert not url or "$skiptoken=" in url, url
    assert sorted(found) == sorted(ids)


def aggregate_limit(world: World) -> None:
    """50,000 rows are aggregated, one more is not."""
    create_leads(world, ["x"] * 50_000)
    ask(
        world, "GET leads?$apply=aggregate($count as n)", answers=200, has={"value": [{"n": 50000}]}
    )
    create_leads(world, ["x"])
    ask(world, "GET leads?$apply=aggregate($count as n)", answers=400, error="0x8004e023")


def more_records(world: World) -> None:
    """A fetch of three rows in pages of two has more after the first page, not after the second."""
    create_leads(world, [world.known["u"]] * 3)
    headers = {"Prefer": 'odata.include-annotations="*"'}
    pages = []
    for page in (1, 2):
        path = f"GET leads?fetchXml={_FETCH.format(page=page, cookie='')}"
        pages.append(ask(world, path, headers=headers, answers=200).json())
    assert pages[0]["@Microsoft.Dynamics.CRM.morerecords"] is True
    assert not pages[1].get("@Microsoft.Dynamics.CRM.morerecords", False)
    assert len(pages[1]["value"]) == 1


def fetch_operators(world: World) -> None:
    """Each operator finds the row, or does not, as it should."""
    body = {"subject": "Subject «u»", "numberofemployees": 7}
    ask(world, "POST leads", body=body, answers=204, keep={"lead": "id"})
    for attribute, rest, finds in _OPERATORS:
        ended = ">" in rest
        condition = f"<condition attribute='{attribute}' {rest}{'></condition>' if ended else '/>'}"
        fetch = (
            "<fetch><entity name='lead'><attribute name='subject'/><filter>"
            f"<condition attribute='leadid' operator='eq' value='«lead»'/>{condition}"
            "</filter></entity></fetch>"
        )
        found = ask(world, f"GET leads?fetchXml={fetch}", answers=200).json()["value"]
        assert len(found) == finds, condition
