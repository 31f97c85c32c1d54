"""Calendars are written with their rules, and their rules are read with them only."""

from __future__ import annotations

from typing import Any

from tests.mock_dataverse.core.calendar_bodies import (
    WORK,
    calendar,
    office_hours,
    single,
    weekly,
)
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.well_known import ORGANIZATION_ID

EXPAND = "$expand=calendar_calendar_rules"


def rules_of(api: Api, calendar_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.row(f"calendars({calendar_id})?{EXPAND}")[
        "calendar_calendar_rules"
    ]
    return found


def test_a_calendar_is_created_with_its_rules_and_read_with_them(api: Api) -> None:
    hours = office_hours(api)
    made = calendar(api, weekly(hours, "MO,TU,WE,TH,FR"))
    (rule,) = rules_of(api, made)
    assert rule["pattern"] == "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"
    assert (rule["duration"], rule["rank"], rule["timezonecode"]) == (1440, 2, 110)
    assert rule["_calendarid_value"] == made
    inner_id = hours["innercalendarid@odata.bind"][-37:-1]
    assert rule["_innercalendarid_value"] == inner_id
    leaves = [(rule["offset"], rule["duration"]) for rule in rules_of(api, inner_id)]
    assert sorted(leaves) == [(480, 540), (720, 60)]


def test_the_rules_of_a_calendar_can_be_selected(api: Api) -> None:
    made = calendar(api, single(office_hours(api), "2026-03-02"))
    body = api.row(f"calendars({made})?$select=name&{EXPAND}($select=pattern)")
    (rule,) = body["calendar_calendar_rules"]
    assert rule["pattern"] == "FREQ=DAILY;COUNT=1"
    assert "duration" not in rule


def test_a_patch_replaces_all_rules_and_keeps_the_ids_that_are_named(api: Api) -> None:
    hours = office_hours(api)
    made = calendar(api, weekly(hours, "MO"), weekly(hours, "TU"))
    monday = next(rule for rule in rules_of(api, made) if "BYDAY=MO" in rule["pattern"])
    kept = {**weekly(hours, "MO,FR"), "calendarruleid": monday["calendarruleid"]}
    added = single(hours, "2026-03-07")
    changes = {"name": "Ana again", "calendar_calendar_rules": [kept, added]}
    assert api.patch(f"calendars({made})", changes).status_code == 204
    found = {rule["calendarruleid"]: rule["pattern"] for rule in rules_of(api, made)}
    assert len(found) == 2
    assert found[monday["calendarruleid"]].endswith("BYDAY=MO,FR")
    assert api.row(f"calendars({made})")["name"] == "Ana again"


def test_a_patch_without_rules_leaves_them_alone(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    assert api.patch(f"calendars({made})", {"name": "New"}).status_code == 204
    assert len(rules_of(api, made)) == 1
    assert api.patch(f"calendars({made})", {"calendar_calendar_rules": []}).status_code == 204
    assert rules_of(api, made) == []


def test_a_put_of_the_collection_replaces_it_too(api: Api) -> None:
    hours = office_hours(api)
    made = calendar(api, weekly(hours, "MO"))
    path = f"calendars({made})/calendar_calendar_rules"
    assert api.put(path, {"value": [weekly(hours, "TU"), weekly(hours, "WE")]}).status_code == 204
    assert len(rules_of(api, made)) == 2
    assert_fault(api.put(path, {"rules": []}), 400, "0x80048d19", '{"value": [...]}')
    assert_fault(api.put(path, {"value": 1}), 400, "0x80048d19", "not an array of records")


def test_a_wrong_rule_changes_nothing(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    wrong = {"calendar_calendar_rules": [{**WORK, "colour": "red"}]}
    answer = api.patch(f"calendars({made})", {"name": "Lost", **wrong})
    assert_fault(answer, 400, "0x80048d19", "'colour'", "calendarrule")
    assert api.row(f"calendars({made})")["name"] == "Ana"
    assert len(rules_of(api, made)) == 1
    own = {"innercalendarid@odata.bind": f"/calendars({made})"}
    answer = api.patch(f"calendars({made})", {"calendar_calendar_rules": [weekly(own, "MO")]})
    assert_fault(answer, 400, "0x80060888", "inner calendar of its own rules")
    assert len(rules_of(api, made)) == 1
    answer = api.patch(f"calendars({made})", {"calendar_calendar_rules": {"pattern": "x"}})
    assert_fault(answer, 400, "0x80048d19", "calendar_calendar_rules", "not an array")


def test_an_old_version_replaces_no_rules(api: Api) -> None:
    hours = office_hours(api)
    made = calendar(api, weekly(hours, "MO"))
    before = api.row(f"calendars({made})")["@odata.etag"]
    assert api.patch(f"calendars({made})", {"calendar_calendar_rules": []}).ok
    rules = {"calendar_calendar_rules": [weekly(hours, "MO")]}
    answer = api.patch(f"calendars({made})", rules, If_Match=before)
    assert_fault(answer, 412, "0x80060882")
    assert rules_of(api, made) == []


def test_rules_have_no_requests_of_their_own(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    (rule,) = rules_of(api, made)
    own = f"calendarrules({rule['calendarruleid']})"
    answers = {
        "Create": api.post("calendarrules", {"duration": 1}),
        "Update": api.patch(own, {"duration": 1}, If_Match="*"),
        "Delete": api.delete(own),
        "Retrieve": api.get(own),
        "RetrieveMultiple": api.get(f"calendarrules?$filter=_calendarid_value eq {made}"),
    }
    for message, answer in answers.items():
        words = f"The '{message}' method does not support entities of type 'calendarrule'"
        assert_fault(answer, 405, "0x8004023b", words)
    assert_fault(api.get("calendarrules/$count"), 405, "0x8004023b", "RetrieveMultiple")
    listed = api.get(f"calendars({made})/calendar_calendar_rules")
    assert_fault(listed, 405, "0x8004023b", "RetrieveMultiple")
    assert len(rules_of(api, made)) == 1


def test_rules_beside_a_list_of_calendars_are_refused_since_dataverse_leaves_them_empty(
    api: Api,
) -> None:
    answer = api.get(f"calendars?$select=name&{EXPAND}")
    assert_fault(answer, 501, "0x80060888", "on a list of calendars", "calendars(<id>)")
    assert api.get("calendars?$select=name").status_code == 200


def test_update_multiple_takes_no_rules(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.calendar"}
    targets = [{**kind, "calendarid": made, "calendar_calendar_rules": []}]
    answer = api.post("calendars/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": targets})
    assert_fault(answer, 501, "0x80060888", "calendar_calendar_rules in UpdateMultiple")
    assert len(rules_of(api, made)) == 1


def test_a_calendar_that_is_deleted_takes_its_rules_along(own_api: Api) -> None:
    made = calendar(own_api, weekly(office_hours(own_api), "MO"))
    user = own_api.create("systemusers", firstname="Ana")
    bind = {"calendarid@odata.bind": f"/calendars({made})"}
    assert own_api.patch(f"systemusers({user})", bind).status_code == 204
    assert own_api.delete(f"calendars({made})").status_code == 204
    assert own_api.row(f"systemusers({user})")["_calendarid_value"] is None
    with own_api.server.store.reading() as db:
        left = db.execute("SELECT COUNT(*) FROM calendarrule WHERE calendarid = ?", (made,))
        assert left.fetchone()[0] == 0


def test_a_user_and_the_organization_point_at_calendars(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    user = api.create("systemusers", firstname="Ana")
    api.patch(f"systemusers({user})", {"calendarid@odata.bind": f"/calendars({made})"})
    assert api.row(f"systemusers({user})?$select=fullname")["fullname"] == "Ana"
    assert api.row(f"systemusers({user})")["_calendarid_value"] == made
    closures = calendar(api)
    organization = f"organizations({ORGANIZATION_ID})"
    assert api.patch(organization, {"businessclosurecalendarid": closures}).status_code == 204
    assert api.row(organization)["businessclosurecalendarid"] == closures


def test_the_availability_that_sales_keeps_names_user_and_calendar_as_text(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    user = api.create("systemusers", firstname="Ana")
    api.create(
        "msdyn_extendedusersettings", msdyn_name="Ana", msdyn_userid=user, msdyn_calendarid=made
    )
    query = f"$select=msdyn_calendarid&$filter=msdyn_userid eq '{user}'"
    (row,) = api.row(f"msdyn_extendedusersettings?{query}")["value"]
    assert row["msdyn_calendarid"] == made


def test_an_inner_calendar_is_made_with_the_rule_that_it_belongs_to(api: Api) -> None:
    inner = {"name": "inner", "type": -1, "calendar_calendar_rules": [WORK]}
    made = api.create("calendars", name="x", calendar_calendar_rules=[{"innercalendarid": inner}])
    (rule,) = rules_of(api, made)
    assert len(rules_of(api, rule["_innercalendarid_value"])) == 1


def test_an_update_makes_no_inner_calendar(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    rules = {"calendar_calendar_rules": [{"innercalendarid": {"name": "x"}}]}
    answer = api.patch(f"calendars({made})", rules)
    assert_fault(answer, 400, "0x80060888", "innercalendarid")
    unknown = {"name": "x", "calendar_calendar_rules": [{"service": {}}]}
    assert_fault(api.post("calendars", unknown), 400, "0x80048d19", "service")


def test_a_calendar_and_its_inner_one_are_made_in_one_change_set_by_content_id(api: Api) -> None:
    changes = "\r\n".join(
        [
            "--b",
            "Content-Type: multipart/mixed; boundary=c",
            "",
            *_member(1, '{"type":-1,"calendar_calendar_rules":[{"offset":480,"duration":60}]}'),
            *_member(
                2,
                '{"type":0,"calendar_calendar_rules":[{"pattern":"FREQ=DAILY",'
                '"starttime":"2026-01-01T00:00:00Z","duration":1440,'
                '"innercalendarid@odata.bind":"$1"}]}',
            ),
            "--c--",
            "--b--",
            "",
        ]
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=changes, headers=headers)
    assert answer.status_code == 200
    assert answer.text.count("204 No Content") == 2
    made = answer.text.split("OData-EntityId: ")[2].partition("\r\n")[0]
    (rule,) = api.row(f"{made}?{EXPAND}")["calendar_calendar_rules"]
    assert rule["_innercalendarid_value"] is not None


def _member(number: int, body: str) -> list[str]:
    return [
        "--c",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: {number}",
        "",
        "POST calendars HTTP/1.1",
        "Content-Type: application/json",
        "",
        body,
    ]
