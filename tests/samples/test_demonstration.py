"""The demonstration's definitions and records: what is meant to happen does, at any hour."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.samples.sample_files import (
    catalog,
    columns_of,
    conditions,
    decide_all,
    definitions,
    load,
    load_folder,
    record,
)

from work_assignment.domain.deciding.decisions import Assigned, Unassigned
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.samples import (
    CRM_EXPORT_DEFINITIONS,
    CRM_EXPORT_SOLUTION,
    DEFINITIONS,
    ORGANISATION,
    SCENARIO,
)

FOLDER = load_folder(DEFINITIONS)
CRM_FOLDER = load_folder(CRM_EXPORT_DEFINITIONS)
USERS = load(ORGANISATION / "users.yaml")["rows"]
RECORDS = load(SCENARIO)["records"]
OPERATORS = {"eq", "ne", "ge", "gt", "le", "lt", "in", "not-in", "like", "null", "not-null"}
ATTRIBUTE_OPERATORS = {"eq", "ne", "in", "not-in"}
SEGMENT_KEYS = {"name", "record_type", "priority", "state", "filter"}
RULE_KEYS = {
    "name",
    "segment",
    "order",
    "state",
    "filter",
    "created_within_hours",
    "match",
    "list",
    "seller_filter",
    "attributes",
    "distribution",
    "capacity",
    "available_within_hours",
    "on_no_seller",
}
SELLER_KEYS = {"user", "takes_assignments", "max_capacity", "attributes", "working_hours"}
SETTING_KEYS = {
    "round_robin_scope",
    "default_capacity",
    "eligible_roles",
    "record_types",
    "evaluation_time_zone",
    "keep_self_created",
}
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)
HOURS_OF_A_WEEK = [MONDAY + timedelta(hours=hour) for hour in range(0, 7 * 24, 3)]


def both_folders() -> list[dict[str, Any]]:
    return [FOLDER, CRM_FOLDER]


def test_there_are_six_segments_and_twelve_rules() -> None:
    assert len(FOLDER["segments"]) == 6
    assert len(FOLDER["rules"]) == 12


@pytest.mark.parametrize("folder", both_folders(), ids=["demonstration", "CRM export"])
def test_only_keys_of_the_documented_form_are_used(folder: dict[str, Any]) -> None:
    for segment in folder["segments"]:
        assert set(segment) <= SEGMENT_KEYS, segment["name"]
        assert segment["state"] in ("active", "inactive")
    for rule in folder["rules"]:
        assert set(rule) <= RULE_KEYS, rule["name"]
        assert rule["state"] in ("active", "inactive")
        assert rule["match"] in ("any", "attributes", "list")
        assert rule["distribution"] in ("round robin", "load balancing")
        assert rule.get("on_no_seller", "stop") in ("next rule", "stop")
    assert set(folder["settings"]) <= SETTING_KEYS
    for seller in folder.get("sellers", []):
        assert set(seller) <= SELLER_KEYS, seller["user"]


@pytest.mark.parametrize("folder", both_folders(), ids=["demonstration", "CRM export"])
def test_filters_use_plain_operators_on_columns_that_exist(folder: dict[str, Any]) -> None:
    tables = catalog(CRM_EXPORT_SOLUTION)
    types = {segment["name"]: segment["record_type"] for segment in folder["segments"]}
    forms = [(s["filter"], s["record_type"]) for s in folder["segments"] if "filter" in s]
    forms += [(r["filter"], types[r["segment"]]) for r in folder["rules"] if "filter" in r]
    forms += [(r["seller_filter"], "systemuser") for r in folder["rules"] if "seller_filter" in r]
    assert forms
    for form, table in forms:
        for column, operator, *_ in conditions(form):
            assert operator in OPERATORS
            assert column in columns_of(table, tables), column


@pytest.mark.parametrize("folder", both_folders(), ids=["demonstration", "CRM export"])
def test_keys_that_belong_to_a_way_of_matching_stand_only_there(folder: dict[str, Any]) -> None:
    for rule in folder["rules"]:
        assert ("list" in rule) == (rule["match"] == "list"), rule["name"]
        if "attributes" in rule or "seller_filter" in rule:
            assert rule["match"] == "attributes", rule["name"]


@pytest.mark.parametrize("folder", both_folders(), ids=["demonstration", "CRM export"])
def test_names_and_places_in_the_order_are_unique(folder: dict[str, Any]) -> None:
    segments, rules = folder["segments"], folder["rules"]
    priorities = Counter((s["record_type"], s["priority"]) for s in segments)
    assert max(priorities.values()) == 1
    assert max(Counter(s["name"] for s in segments).values()) == 1
    assert max(Counter(r["name"] for r in rules).values()) == 1
    assert max(Counter((r["segment"], r["order"]) for r in rules).values()) == 1
    assert {r["segment"] for r in rules} == {s["name"] for s in segments}


def test_attributes_that_rules_ask_for_are_those_of_sellers() -> None:
    held = {
        (name, value)
        for seller in FOLDER["sellers"]
        for name, values in seller["attributes"].items()
        for value in values
    }
    assert {name for name, _ in held} == {"Language", "Region", "Product"}
    for rule in FOLDER["rules"]:
        for name, operator, value in conditions(rule.get("attributes", {"all": []})):
            assert operator in ATTRIBUTE_OPERATORS
            for wanted in value if isinstance(value, list) else [value]:
                assert (name, wanted) in held


def test_sellers_work_in_their_own_time_zones() -> None:
    zones = {h["time_zone"] for s in FOLDER["sellers"] for h in s["working_hours"]}
    assert len(zones) >= 10


def test_the_scenario_is_a_story_of_leads_and_opportunities() -> None:
    assert Counter(r["table"] for r in RECORDS) == {"lead": 24, "opportunity": 8}
    for entry in RECORDS:
        assert set(entry) == {"story", "table", "expect", "columns"}
        assert entry["story"].endswith(".")


def test_every_rule_gets_a_record_and_a_few_records_stay_unassigned() -> None:
    expected = Counter(entry["expect"] for entry in RECORDS)
    assert set(expected) == {rule["name"] for rule in FOLDER["rules"]} | {"none"}
    assert expected["none"] == 4


@pytest.mark.parametrize("at", HOURS_OF_A_WEEK, ids=lambda at: f"{at:%a %H}")
def test_each_record_gets_what_is_expected_at_any_hour_of_the_week(at: datetime) -> None:
    made = definitions(FOLDER, USERS, catalog())
    records = [record(n, entry["table"], entry["columns"], at) for n, entry in enumerate(RECORDS)]
    decisions = decide_all(made, records, at)
    found = [d.rule.name if isinstance(d, Assigned) else "none" for d in decisions]
    assert found == [entry["expect"] for entry in RECORDS]


def test_those_unassigned_are_so_for_three_different_reasons() -> None:
    made = definitions(FOLDER, USERS, catalog())
    at = MONDAY
    records = [record(n, entry["table"], entry["columns"], at) for n, entry in enumerate(RECORDS)]
    reasons = [d.status for d in decide_all(made, records, at) if isinstance(d, Unassigned)]
    assert reasons == [
        RoutingStatus.NO_CONDITIONS_MET,
        RoutingStatus.NO_CAPACITY,
        RoutingStatus.SEGMENTATION_FAILED,
        RoutingStatus.SEGMENTATION_FAILED,
    ]


def test_many_sellers_get_something_and_the_one_on_leave_nothing() -> None:
    made = definitions(FOLDER, USERS, catalog())
    at = MONDAY + timedelta(hours=9)
    records = [record(n, entry["table"], entry["columns"], at) for n, entry in enumerate(RECORDS)]
    load_of = Counter(
        d.recipient.id for d in decide_all(made, records, at) if isinstance(d, Assigned)
    )
    assert len(load_of) >= 9
    assert "ewa@larkfell.example" not in load_of
    assert load_of.total() == 28
