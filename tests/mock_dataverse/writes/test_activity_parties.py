"""Who takes part in an activity."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

SENDER, TO, CC, REGARDING, OWNER = 1, 2, 3, 8, 9


def parties(api: Api, activity: str, kind: str = "email") -> list[dict[str, Any]]:
    path = f"{kind}s({activity})?$select=subject&$expand={kind}_activity_parties"
    found: list[dict[str, Any]] = api.row(path)[f"{kind}_activity_parties"]
    return sorted(found, key=lambda party: party["participationtypemask"])


def roles(api: Api, activity: str, kind: str = "email") -> list[tuple[int, str | None]]:
    return [
        (party["participationtypemask"], party["_partyid_value"])
        for party in parties(api, activity, kind)
    ]


def email(api: Api, *given: dict[str, Any], **values: Any) -> str:
    return api.create("emails", subject="x", email_activity_parties=list(given), **values)


def to(path: str, kind: str, role: int = TO, **values: Any) -> dict[str, Any]:
    return {"participationtypemask": role, f"partyid_{kind}@odata.bind": path, **values}


def test_parties_are_created_with_their_activity_which_adds_owner_and_subject(api: Api) -> None:
    lead = api.create("leads", subject="x", emailaddress1="lead@example.com", donotemail=True)
    sender = to(f"/systemusers({ADMINISTRATOR_ID})", "systemuser", SENDER)
    activity = email(
        api,
        sender,
        to(f"leads({lead})", "lead"),
        {"participationtypemask": CC, "addressused": "someone@example.com"},
        **{"regardingobjectid_lead_email@odata.bind": f"/leads({lead})"},
    )
    assert roles(api, activity) == [
        (SENDER, ADMINISTRATOR_ID),
        (TO, lead),
        (CC, None),
        (REGARDING, lead),
        (OWNER, ADMINISTRATOR_ID),
    ]
    by_role = {party["participationtypemask"]: party for party in parties(api, activity)}
    assert by_role[TO]["addressused"] == "lead@example.com"
    assert by_role[TO]["donotemail"] is True
    assert by_role[CC]["addressused"] == "someone@example.com"
    assert by_role[TO]["_activityid_value"] == activity


def test_a_put_or_an_update_replaces_all_that_was_given(api: Api) -> None:
    lead, contact = api.create("leads"), api.create("contacts", lastname="x")
    activity = email(api, to(f"leads({lead})", "lead"))
    path = f"emails({activity})/email_activity_parties"
    assert api.put(path, {"value": [to(f"contacts({contact})", "contact", CC)]}).ok
    assert roles(api, activity) == [(CC, contact), (OWNER, ADMINISTRATOR_ID)]
    both = {
        "email_activity_parties": [
            to(f"leads({lead})", "lead"),
            {
                **to("x", "lead"),
                "partyid_lead@odata.bind": f"leads({lead})",
                "participationtypemask": OWNER,
            },
        ]
    }
    assert api.patch(f"emails({activity})", both).status_code == 204
    assert roles(api, activity) == [(TO, lead), (OWNER, ADMINISTRATOR_ID)]
    assert api.patch(f"emails({activity})", {"subject": "y"}).status_code == 204
    assert roles(api, activity) == [(TO, lead), (OWNER, ADMINISTRATOR_ID)]


def test_owner_and_subject_follow_the_activity(api: Api) -> None:
    seller = api.create("systemusers", firstname="Ana")
    first, second = api.create("leads"), api.create("leads")
    task = api.create("tasks", **{"regardingobjectid_lead_task@odata.bind": f"leads({first})"})
    change = {
        "ownerid@odata.bind": f"systemusers({seller})",
        "regardingobjectid_lead_task@odata.bind": f"leads({second})",
    }
    assert api.patch(f"tasks({task})", change).status_code == 204
    assert roles(api, task, "task") == [(REGARDING, second), (OWNER, seller)]
    team = api.create("teams", name=unique("team"))
    api.patch(f"tasks({task})", {"ownerid@odata.bind": f"teams({team})"})
    assert roles(api, task, "task") == [(REGARDING, second)]


def test_activities_are_found_by_their_parties(api: Api) -> None:
    contact = api.create("contacts", lastname="x")
    activity = email(api, to(f"contacts({contact})", "contact"))
    condition = f"p/_partyid_value eq {contact} and p/participationtypemask eq {TO}"
    path = f"emails?$select=subject&$filter=email_activity_parties/any(p:{condition})"
    assert [row["activityid"] for row in api.row(path)["value"]] == [activity]
    listed = api.row(f"activityparties?$filter=_partyid_value eq {contact}")["value"]
    assert [party["_activityid_value"] for party in listed] == [activity]


def test_parties_go_with_their_activity_and_outlive_the_person(api: Api) -> None:
    contact = api.create("contacts", lastname="x")
    activity = email(api, to(f"contacts({contact})", "contact", addressused="x@example.com"))
    api.delete(f"contacts({contact})")
    party = parties(api, activity)[0]
    assert (party["_partyid_value"], party["ispartydeleted"]) == (None, True)
    assert party["addressused"] == "x@example.com"
    api.delete(f"emails({activity})")
    path = f"activityparties?$filter=activitypartyid eq {party['activitypartyid']}"
    assert api.row(path)["value"] == []


@pytest.mark.parametrize(
    ("party", "code", "words"),
    [
        ({"addressused": "x"}, "0x80048d19", "email_activity_parties[0].participationtypemask"),
        ({"participationtypemask": 99}, "0x8004431a", "email_activity_parties[0]"),
        ({"participationtypemask": 1, "partyid": {"x": 1}}, "0x80048d19", "'partyid'"),
        (
            {"participationtypemask": 1, "partyid_lead": {"leadsourcecode": 99}},
            "0x8004431a",
            "email_activity_parties[0].partyid_lead.leadsourcecode",
        ),
    ],
)
def test_a_wrong_party_is_named_and_nothing_is_kept(
    api: Api, party: dict[str, Any], code: str, words: str
) -> None:
    subject = unique("nothing")
    body = {"subject": subject, "email_activity_parties": [party]}
    assert_fault(api.post("emails", body), 400, code, words)
    assert api.row(f"emails?$filter=subject eq '{subject}'")["value"] == []


def test_parties_are_written_with_their_activity_only(api: Api) -> None:
    assert_fault(api.post("activityparties", {}), 405, "0x8004023b", "'Create' method")
    activity = email(api)
    path = f"emails({activity})/email_activity_parties"
    assert_fault(api.post(path, {"participationtypemask": TO}), 405, "0x8004023b")
    (owner,) = api.row(path)["value"]
    single = f"activityparties({owner['activitypartyid']})"
    for answer in (api.get(single), api.delete(single), api.patch(single, {"effort": 1})):
        assert_fault(answer, 405, "0x8004023b")
    assert_fault(api.delete(f"{path}({owner['activitypartyid']})/$ref"), 405, "0x8004023b")


def test_who_took_part_in_closing_an_opportunity_is_kept(api: Api) -> None:
    opportunity, contact = api.create("opportunities", name="x"), api.create("contacts")
    closing = {
        "subject": unique("won"),
        "opportunityid@odata.bind": f"opportunities({opportunity})",
        "opportunityclose_activity_parties": [to(f"contacts({contact})", "contact", 11)],
    }
    answer = api.post("WinOpportunity", {"Status": 3, "OpportunityClose": closing})
    assert answer.status_code == 204
    (party,) = api.row(f"activityparties?$filter=_partyid_value eq {contact}")["value"]
    assert party["participationtypemask"] == 11
