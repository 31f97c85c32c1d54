"""The messages that steps can be registered on: who hears what, with which parameters, how deep."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.webhooks.http import (
    contexts,
    inputs,
    register,
    register_image,
    values_of,
)
from tests.mock_dataverse.webhooks.receiver import Receiver

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
NO_ID = "00000000-0000-0000-0000-000000000000"


def reference(table: str, row_id: str) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{CONTRACTS}",
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def option(value: int) -> dict[str, Any]:
    return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}


def seller(api: Api) -> str:
    return api.create("systemusers", firstname="Ana", lastname="Lima")


def test_every_message_of_a_table_can_be_found_and_registered_on(own_api: Api) -> None:
    def available(table: str) -> set[str]:
        query = f"primaryobjecttypecode eq '{table}'&$expand=sdkmessageid($select=name)"
        found = own_api.row(f"sdkmessagefilters?$filter={query}")["value"]
        return {row["sdkmessageid"]["name"] for row in found}

    rows = {"Create", "Update", "Delete", "CreateMultiple", "UpdateMultiple"}
    owned = rows | {"Assign", "GrantAccess", "ModifyAccess", "RevokeAccess"}
    states = {"SetState", "SetStateDynamicEntity"}
    assert available("lead") == owned | states | {"AddToQueue", "QualifyLead"}
    assert available("opportunity") == owned | states | {"AddToQueue", "Win", "Lose"}
    assert available("team") >= rows | {"AddMembers", "RemoveMembers"}
    assert available("queueitem") >= {"PickFromQueue", "ReleaseToQueue", "RemoveFromQueue"}
    assert "Delete" not in available("systemuser")
    messages = own_api.row("sdkmessages?$select=name")["value"]
    assert {"Associate", "Disassociate", "BulkDelete"} <= {row["name"] for row in messages}


def test_who_is_impersonated_has_started_the_operation(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    ana = seller(own_api)
    headers = {"MSCRMCallerID": ana}
    answer = own_api.send("POST", "leads", json={"subject": "x"}, headers=headers)
    assert answer.status_code == 204, answer.text
    (context,) = contexts(own_api, receiver)
    assert context["InitiatingUserId"] == context["UserId"] == ana
    target = values_of(inputs(context)["Target"]["Attributes"])
    assert target["createdby"] == reference("systemuser", ana)
    assert target["createdonbehalfby"]["Id"] == own_api.row("WhoAmI")["UserId"]


def test_a_create_without_a_delegate_says_so(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    own_api.create("leads", subject="x")
    (context,) = contexts(own_api, receiver)
    target = values_of(inputs(context)["Target"]["Attributes"])
    assert target["modifiedonbehalfby"] is None
    assert "createdonbehalfby" not in target


def test_the_tag_of_each_request_of_a_batch_is_its_own(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    parts = "".join(
        "--b\r\nContent-Type: application/http\r\n\r\n"
        f"POST {own_api.root}leads?tag={tag} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        '{"subject":"x"}\r\n'
        for tag in ("one", "two")
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = own_api.send("POST", "$batch", data=f"{parts}--b--\r\n", headers=headers)
    assert answer.status_code == 200, answer.text
    tags = [values_of(c["SharedVariables"])["tag"] for c in contexts(own_api, receiver)]
    assert tags == ["one", "two"]


def test_a_new_owner_is_an_update_and_an_assign(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, "Assign", "lead")
    register_image(own_api, step, "both", 2, "Target", attributes="ownerid")
    register(own_api, receiver.url, "Update", "lead", filteringattributes="ownerid")
    ana, lead = seller(own_api), own_api.create("leads", subject="x")
    own_api.patch(f"leads({lead})", {"subject": "only this"})
    own_api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/systemusers({ana})"})
    heard = {context["MessageName"]: context for context in contexts(own_api, receiver)}
    assert set(heard) == {"Update", "Assign"}
    assert inputs(heard["Assign"]) == {
        "Target": reference("lead", lead),
        "Assignee": reference("systemuser", ana),
    }
    post = values_of(heard["Assign"]["PostEntityImages"])["both"]
    assert values_of(post["Attributes"])["ownerid"]["Name"] == "Ana Lima"
    pre = values_of(heard["Assign"]["PreEntityImages"])["both"]
    assert values_of(pre["Attributes"])["ownerid"]["Id"] != ana


@pytest.mark.parametrize("message", ["SetState", "SetStateDynamicEntity"])
def test_a_new_state_is_heard_as_set_state_too(
    own_api: Api, receiver: Receiver, message: str
) -> None:
    register(own_api, receiver.url, message, "lead")
    lead = own_api.create("leads", subject="x")
    own_api.patch(f"leads({lead})", {"subject": "y"})
    own_api.patch(f"leads({lead})", {"statecode": 2, "statuscode": 4})
    (context,) = contexts(own_api, receiver)
    assert context["MessageName"] == message
    assert inputs(context) == {
        "EntityMoniker": reference("lead", lead),
        "State": option(2),
        "Status": option(4),
    }


def test_a_user_who_changes_unit_and_name_is_updated_twice(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Update", "systemuser", mode=0)
    ana = seller(own_api)
    unit = own_api.create("businessunits", name="North")
    bind = {"businessunitid@odata.bind": f"/businessunits({unit})"}
    own_api.patch(f"systemusers({ana})", {"firstname": "Anna", **bind})
    seen = [values_of(inputs(c)["Target"]["Attributes"]) for c in contexts(own_api, receiver)]
    assert ["firstname" in attributes for attributes in seen] == [True, False]
    assert ["businessunitid" in attributes for attributes in seen] == [False, True]


def test_many_rows_are_heard_one_by_one_and_together(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    register(own_api, receiver.url, "CreateMultiple", "lead")
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
    targets = [{"subject": "one", **kind}, {"subject": "two", **kind}]
    answer = own_api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    ids = answer.json()["Ids"]
    heard = sorted(contexts(own_api, receiver), key=lambda context: str(context["MessageName"]))
    assert [c["MessageName"] for c in heard] == ["Create", "Create", "CreateMultiple"]
    assert {c["PrimaryEntityId"] for c in heard[:2]} == set(ids)
    together = heard[2]
    assert together["PrimaryEntityName"] == "lead"
    assert together["PrimaryEntityId"] == NO_ID
    assert values_of(together["OutputParameters"]) == {"Ids": ids}
    collection = inputs(together)["Targets"]
    assert list(collection) == [
        "__type",
        "Entities",
        "EntityName",
        "MinActiveRowVersion",
        "MoreRecords",
        "PagingCookie",
        "TotalRecordCount",
        "TotalRecordCountLimitExceeded",
    ]
    assert collection["__type"] == f"EntityCollection:{CONTRACTS}"
    subjects = [values_of(entity["Attributes"])["subject"] for entity in collection["Entities"]]
    assert subjects == ["one", "two"]
    assert {c["CorrelationId"] for c in heard} == {together["CorrelationId"]}


def test_a_single_row_is_also_a_list_of_one(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "CreateMultiple", "lead")
    register(own_api, receiver.url, "UpdateMultiple", "lead", filteringattributes="subject")
    lead = own_api.create("leads", subject="x")
    own_api.patch(f"leads({lead})", {"companyname": "not heeded"})
    own_api.patch(f"leads({lead})", {"subject": "y"})
    heard = {c["MessageName"]: c for c in contexts(own_api, receiver)}
    assert set(heard) == {"CreateMultiple", "UpdateMultiple"}
    assert len(receiver.requests) == 2
    for context in heard.values():
        (entity,) = inputs(context)["Targets"]["Entities"]
        assert entity["Id"] == lead


def test_updates_of_many_rows_are_one_message_that_any_of_them_sets_off(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "UpdateMultiple", "lead", filteringattributes="subject")
    leads = [own_api.create("leads", subject=name) for name in ("a", "b")]
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
    targets = [
        {"leadid": leads[0], "subject": "A", **kind},
        {"leadid": leads[1], "companyname": "Rossi", **kind},
    ]
    answer = own_api.post("leads/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": targets})
    assert answer.status_code == 204, answer.text
    (context,) = contexts(own_api, receiver)
    entities = inputs(context)["Targets"]["Entities"]
    assert [entity["Id"] for entity in entities] == leads


def test_upserts_are_heard_as_creates_and_as_updates(own_api: Api, receiver: Receiver) -> None:
    for message in ("CreateMultiple", "UpdateMultiple"):
        register(own_api, receiver.url, message, "lead")
    known = own_api.create("leads", subject="known")
    assert len(contexts(own_api, receiver)) == 1
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
    targets = [{"leadid": known, "subject": "A", **kind}, {"subject": "new", **kind}]
    answer = own_api.post("leads/Microsoft.Dynamics.CRM.UpsertMultiple", {"Targets": targets})
    assert answer.status_code in (200, 204), answer.text
    heard = sorted(c["MessageName"] for c in contexts(own_api, receiver)[1:])
    assert heard == ["CreateMultiple", "UpdateMultiple"]


def test_links_are_associated_and_disassociated_whatever_the_table(
    own_api: Api, receiver: Receiver
) -> None:
    for message in ("Associate", "Disassociate"):
        register(own_api, receiver.url, message, None)
    team, ana = own_api.create("teams", name="North"), seller(own_api)
    link = {"@odata.id": f"{own_api.root}systemusers({ana})"}
    path = f"teams({team})/teammembership_association"
    assert own_api.post(f"{path}/$ref", link).status_code == 204
    assert own_api.delete(f"{path}({ana})/$ref").status_code == 204
    heard = {c["MessageName"]: c for c in contexts(own_api, receiver)}
    assert set(heard) == {"Associate", "Disassociate"}
    for context in heard.values():
        assert inputs(context) == {
            "Target": reference("team", team),
            "Relationship": {
                "__type": f"Relationship:{CONTRACTS}",
                "PrimaryEntityRole": None,
                "SchemaName": "teammembership_association",
            },
            "RelatedEntities": [reference("systemuser", ana)],
        }


def test_adding_to_a_collection_associates_and_updates_within(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Associate", None)
    register(own_api, receiver.url, "Update", "lead")
    account, lead = own_api.create("accounts", name="Rossi"), own_api.create("leads", subject="x")
    link = {"@odata.id": f"{own_api.root}leads({lead})"}
    answer = own_api.post(f"accounts({account})/lead_parent_account/$ref", link)
    assert answer.status_code == 204, answer.text
    heard = {c["MessageName"]: c for c in contexts(own_api, receiver)}
    assert (heard["Associate"]["Depth"], heard["Update"]["Depth"]) == (1, 2)
    parent = heard["Update"]["ParentContext"]
    assert (parent["MessageName"], parent["Stage"], parent["Depth"]) == ("Associate", 30, 1)
    assert list(parent) == list(heard["Update"])
    assert parent["ParentContext"] is None
    assert inputs(parent)["Target"] == reference("account", account)


def test_qualifying_a_lead_is_a_message_with_creates_and_an_update_inside(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "QualifyLead", "lead")
    register(own_api, receiver.url, "Create", "account")
    register(own_api, receiver.url, "Update", "lead", filteringattributes="statecode")
    lead = own_api.create("leads", subject="x", companyname="Rossi", lastname="Lima")
    body = {
        "CreateAccount": True,
        "CreateContact": False,
        "CreateOpportunity": False,
        "Status": 3,
    }
    answer = own_api.post(f"leads({lead})/Microsoft.Dynamics.CRM.QualifyLead", body)
    account = answer.json()["value"][0]["accountid"]
    heard = {c["MessageName"]: c for c in contexts(own_api, receiver)}
    assert {name: c["Depth"] for name, c in heard.items()} == {
        "QualifyLead": 1,
        "Create": 2,
        "Update": 2,
    }
    qualified = heard["QualifyLead"]
    assert inputs(qualified) == {
        "LeadId": reference("lead", lead),
        "CreateAccount": True,
        "CreateContact": False,
        "CreateOpportunity": False,
        "OpportunityCurrencyId": None,
        "OpportunityCustomerId": None,
        "SourceCampaignId": None,
        "Status": option(3),
    }
    created = [reference("account", account)]
    assert values_of(qualified["OutputParameters"]) == {"CreatedEntities": created}
    assert heard["Create"]["ParentContext"]["MessageName"] == "QualifyLead"
    assert len({c["CorrelationId"] for c in heard.values()}) == 1


@pytest.mark.parametrize(("action", "message"), [("Win", "Win"), ("Lose", "Lose")])
def test_closing_an_opportunity_is_a_message(
    own_api: Api, receiver: Receiver, action: str, message: str
) -> None:
    register(own_api, receiver.url, message, "opportunity")
    deal = own_api.create("opportunities", name="deal")
    close = {
        "opportunityid@odata.bind": f"/opportunities({deal})",
        "subject": "done",
        "@odata.type": "Microsoft.Dynamics.CRM.opportunityclose",
    }
    answer = own_api.post(f"{action}Opportunity", {"Status": -1, "OpportunityClose": close})
    assert answer.status_code == 204, answer.text
    (context,) = contexts(own_api, receiver)
    assert (context["MessageName"], context["PrimaryEntityId"]) == (message, deal)
    activity = inputs(context)["OpportunityClose"]
    assert activity["LogicalName"] == "opportunityclose"
    assert values_of(activity["Attributes"])["subject"] == "done"
    assert values_of(activity["Attributes"])["opportunityid"] == reference("opportunity", deal)
    assert inputs(context)["Status"] == option(-1)


def test_the_way_of_a_record_through_a_queue_is_heard(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "AddToQueue", "lead")
    for message in ("PickFromQueue", "ReleaseToQueue", "RemoveFromQueue"):
        register(own_api, receiver.url, message, "queueitem")
    register(own_api, receiver.url, "Assign", "lead")
    queue, ana = own_api.create("queues", name="Inbound"), seller(own_api)
    lead = own_api.create("leads", subject="x")
    target = {"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": lead}
    own = "Microsoft.Dynamics.CRM."
    added = own_api.post(f"queues({queue})/{own}AddToQueue", {"Target": target})
    item = added.json()["QueueItemId"]
    worker = {"@odata.type": f"{own}systemuser", "systemuserid": ana}
    picked = {"SystemUser": worker, "RemoveQueueItem": False}
    for name, body in [("PickFromQueue", picked), ("ReleaseToQueue", {}), ("RemoveFromQueue", {})]:
        answer = own_api.post(f"queueitems({item})/{own}{name}", body)
        assert answer.status_code == 204, answer.text
    heard = contexts(own_api, receiver)
    by_message = {c["MessageName"]: c for c in heard if c["MessageName"] != "Assign"}
    added_context = by_message["AddToQueue"]
    assert (added_context["PrimaryEntityName"], added_context["PrimaryEntityId"]) == ("lead", lead)
    assert inputs(added_context) == {
        "Target": reference("lead", lead),
        "SourceQueueId": NO_ID,
        "DestinationQueueId": queue,
        "QueueItemProperties": None,
    }
    assert values_of(added_context["OutputParameters"]) == {"QueueItemId": item}
    assert inputs(by_message["PickFromQueue"]) == {
        "QueueItemId": item,
        "WorkerId": ana,
        "RemoveQueueItem": False,
    }
    assert inputs(by_message["ReleaseToQueue"]) == {"QueueItemId": item}
    assert inputs(by_message["RemoveFromQueue"]) == {"QueueItemId": item}
    inside = [
        (c["Depth"], c["ParentContext"]["MessageName"])
        for c in heard
        if c["MessageName"] == "Assign"
    ]
    assert sorted(inside) == [(2, "PickFromQueue"), (2, "ReleaseToQueue")]


def test_members_of_teams_and_shares_are_heard(own_api: Api, receiver: Receiver) -> None:
    for message in ("AddMembers", "RemoveMembers"):
        register(own_api, receiver.url, message, "team")
    for message in ("GrantAccess", "ModifyAccess", "RevokeAccess"):
        register(own_api, receiver.url, message, "lead")
    team, ana = own_api.create("teams", name="North"), seller(own_api)
    lead = own_api.create("leads", subject="x")
    own = "Microsoft.Dynamics.CRM."
    user = {"@odata.type": f"{own}systemuser", "systemuserid": ana}
    for name in ("AddMembersTeam", "RemoveMembersTeam"):
        assert own_api.post(f"teams({team})/{own}{name}", {"Members": [user]}).status_code == 204
    target = {"@odata.type": f"{own}lead", "leadid": lead}
    for name, mask in [("GrantAccess", "ReadAccess"), ("ModifyAccess", "ReadAccess,WriteAccess")]:
        access = {"Principal": user, "AccessMask": mask}
        answer = own_api.post(name, {"Target": target, "PrincipalAccess": access})
        assert answer.status_code == 204, answer.text
    assert own_api.post("RevokeAccess", {"Target": target, "Revokee": user}).status_code == 204
    heard = {c["MessageName"]: c for c in contexts(own_api, receiver)}
    members = {"TeamId": team, "MemberIds": [ana]}
    assert inputs(heard["AddMembers"]) == inputs(heard["RemoveMembers"]) == members
    assert inputs(heard["ModifyAccess"])["PrincipalAccess"] == {
        "__type": "PrincipalAccess:http://schemas.microsoft.com/crm/2011/Contracts",
        "AccessMask": 3,
        "Principal": {k: v for k, v in reference("systemuser", ana).items() if k != "__type"},
    }
    assert inputs(heard["RevokeAccess"]) == {
        "Target": reference("lead", lead),
        "Revokee": reference("systemuser", ana),
    }


def test_deleted_children_are_deleted_inside_of_their_parent(
    own_api: Api, receiver: Receiver
) -> None:
    step = register(own_api, receiver.url, "Delete", "task")
    register_image(own_api, step, "pre", 0, "Target", attributes="subject,regardingobjectid")
    register(own_api, receiver.url, "Delete", "lead")
    lead = own_api.create("leads", subject="parent")
    bind = {"regardingobjectid_lead_task@odata.bind": f"/leads({lead})"}
    task = own_api.create("tasks", subject="call", **bind)
    assert own_api.delete(f"leads({lead})").status_code == 204
    heard = {c["PrimaryEntityName"]: c for c in contexts(own_api, receiver)}
    assert (heard["lead"]["Depth"], heard["task"]["Depth"]) == (1, 2)
    assert heard["task"]["PrimaryEntityId"] == task
    assert heard["task"]["ParentContext"]["PrimaryEntityId"] == lead
    image = values_of(heard["task"]["PreEntityImages"])["pre"]
    assert values_of(image["Attributes"])["subject"] == "call"


def test_the_parties_of_a_new_activity_are_collections_of_its_target(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "email")
    ana, contact = seller(own_api), own_api.create("contacts", lastname="Rossi")
    parties = [
        {"partyid_systemuser@odata.bind": f"/systemusers({ana})", "participationtypemask": 1},
        {"partyid_contact@odata.bind": f"/contacts({contact})", "participationtypemask": 2},
    ]
    own_api.create("emails", subject="x", email_activity_parties=parties)
    (context,) = contexts(own_api, receiver)
    target = values_of(inputs(context)["Target"]["Attributes"])
    assert target["from"]["__type"] == f"EntityCollection:{CONTRACTS}"
    (sender,) = target["from"]["Entities"]
    assert values_of(sender["Attributes"])["partyid"] == reference("systemuser", ana)
    (recipient,) = target["to"]["Entities"]
    assert recipient["LogicalName"] == "activityparty"
    assert values_of(recipient["Attributes"])["partyid"] == reference("contact", contact)
    assert "cc" not in target


def test_the_ninth_level_of_a_cascade_is_stopped(own_api: Api, receiver: Receiver) -> None:
    own_api.post("EntityDefinitions", node_table())
    own_api.post("RelationshipDefinitions", parent_relationship())
    register(own_api, receiver.url, "Delete", "new_node")
    parent = root = own_api.create("new_nodes", new_name="1")
    for number in range(2, 10):
        bind = {"new_ParentId@odata.bind": f"/new_nodes({parent})"}
        parent = own_api.create("new_nodes", new_name=str(number), **bind)
    assert_fault(own_api.delete(f"new_nodes({root})"), 400, "0x80044182", "depth 9")
    assert len(own_api.row("new_nodes")["value"]) == 9
    own_api.delete(f"new_nodes({parent})")
    assert own_api.delete(f"new_nodes({root})").status_code == 204
    depths = sorted(context["Depth"] for context in contexts(own_api, receiver))
    assert depths == [1, 1, 2, 3, 4, 5, 6, 7, 8]


def label(text: str) -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.Label",
        "LocalizedLabels": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
                "Label": text,
                "LanguageCode": 1033,
            }
        ],
    }


def node_table() -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        "SchemaName": "new_Node",
        "DisplayName": label("Node"),
        "DisplayCollectionName": label("Nodes"),
        "OwnershipType": "UserOwned",
        "HasActivities": False,
        "HasNotes": False,
        "IsActivity": False,
        "Attributes": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
                "SchemaName": "new_Name",
                "DisplayName": label("Name"),
                "IsPrimaryName": True,
                "MaxLength": 100,
                "RequiredLevel": {"Value": "None"},
            }
        ],
    }


def parent_relationship() -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": "new_node_node",
        "ReferencedEntity": "new_node",
        "ReferencingEntity": "new_node",
        "CascadeConfiguration": {
            "Assign": "Cascade",
            "Delete": "Cascade",
            "Merge": "NoCascade",
            "Reparent": "Cascade",
            "Share": "Cascade",
            "Unshare": "Cascade",
        },
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
            "SchemaName": "new_ParentId",
            "DisplayName": label("Parent"),
        },
    }
