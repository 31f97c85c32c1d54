"""Rows of segments and rules read into what decides; what cannot be used is a fault of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.domain.tables import TABLES

from work_assignment.dataverse.definition_mapping import (
    Language,
    columns_named,
    read_names,
    rule_from_row,
    segment_from_row,
)
from work_assignment.dataverse.mapping import BadRow
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import Distribution, OnNoSeller
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import ALWAYS
from work_assignment.domain.filtering.reckoning import Reckoning

LANGUAGE = Language(TABLES.get, Reckoning())
ACTIVE = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITY = '<filter><condition attribute="address1_city" operator="eq" value="Oslo"/></filter>'


def segment_row(**columns: Any) -> dict[str, Any]:
    return {
        "wa_segmentid": "s",
        "wa_name": "S",
        "wa_recordtype": "lead",
        "wa_priority": 1,
        "wa_activatedon": "2026-03-02T09:00:00Z",
        "modifiedon": "2026-05-01T00:00:00Z",
        "statuscode": 1,
    } | columns


def rule_row(**columns: Any) -> dict[str, Any]:
    return {
        "wa_assignmentruleid": "r",
        "wa_name": "R",
        "wa_recordtype": "lead",
        "_wa_segmentid_value": "s",
        "wa_evaluationorder": 1,
        "wa_matchtype": 0,
        "wa_activatedon": "2026-03-02T09:00:00Z",
        "modifiedon": "2026-05-01T00:00:00Z",
    } | columns


def test_a_segment_is_read_with_its_state_and_moves() -> None:
    segment = segment_from_row(segment_row(wa_allowmovein=True, statuscode=727000000), LANGUAGE)
    assert (segment.active_since, segment.filter, segment.fault) == (ACTIVE, ALWAYS, None)
    assert segment.is_paused
    assert segment.reassign_on_move  # follows moving in, unless said otherwise
    row = segment_row(wa_allowmovein=True, wa_reassignonmove=False)
    assert not segment_from_row(row, LANGUAGE).reassign_on_move


def test_what_was_activated_by_hand_counts_from_its_last_change() -> None:
    segment = segment_from_row(segment_row(wa_activatedon=None), LANGUAGE)
    assert segment.active_since == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"wa_filter": "<filter"}, "no well-formed XML"),
        ({"wa_filter": CITY.replace("city", "town")}, "there is no column 'address1_town'"),
        ({"wa_recordtype": "visit", "wa_filter": CITY}, "its table visit does not exist"),
    ],
)
def test_a_filter_that_cannot_be_used_is_its_segments_fault(
    columns: dict[str, Any], problem: str
) -> None:
    segment = segment_from_row(segment_row(**columns), LANGUAGE)
    assert segment.fault is not None
    assert problem in str(segment.fault)
    assert str(segment.fault).startswith("segment 'S'")


@pytest.mark.parametrize("column", ["wa_name", "wa_recordtype", "wa_priority"])
def test_a_row_without_what_every_segment_has_is_no_segment(column: str) -> None:
    with pytest.raises(BadRow, match=f"wa_segment s: column {column}: it is empty"):
        segment_from_row(segment_row(**{column: None}), LANGUAGE)


def test_a_rule_is_read_with_windows_limits_and_what_follows() -> None:
    row = rule_row(
        wa_createdwithinhours=48,
        wa_availablewithinhours=24,
        wa_usecapacity=True,
        wa_distributiontype=1,
        wa_onnoseller=727000001,
        wa_matchtype=2,
        _wa_segmentid_value=None,
    )
    rule = rule_from_row(row, LANGUAGE)
    assert (rule.created_within, rule.available_within) == (
        timedelta(hours=48),
        timedelta(hours=24),
    )
    assert (rule.distribution, rule.uses_capacity) == (Distribution.LOAD_BALANCING, True)
    assert (rule.on_no_seller, rule.segment_id, rule.fault) == (OnNoSeller.STOP, None, None)


def test_sellers_alone_have_capacity_and_hours() -> None:
    row = rule_row(
        wa_distributeto=1, wa_distributiontype=3, wa_usecapacity=True, wa_availablewithinhours=1
    )
    rule = rule_from_row(row, LANGUAGE)
    assert (rule.target, rule.distribution) == (Target.TEAM, Distribution.NONE)
    assert (rule.uses_capacity, rule.available_within) == (False, None)


def test_a_group_of_which_nothing_is_said_is_any_one() -> None:
    rule = rule_from_row(rule_row(wa_distributeto=2, wa_distributiontype=0), LANGUAGE)
    assert (rule.target, rule.distribution) == (Target.QUEUE, Distribution.ANY_ONE)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"wa_distributeto": 9}, "there is nobody to give to by the number 9"),
        ({"wa_distributiontype": 77}, "there is no distribution 77"),
        ({"wa_distributiontype": 3}, "distribution 'none' is for teams and queues"),
        ({"wa_filter": "<filter"}, "no well-formed XML"),
        ({"wa_sellerfilter": "<fetch/>"}, "rule 'R', seller filter: <fetch> needs one <entity>"),
        (
            {"wa_sellerfilter": CITY.replace('"Oslo"', '"$(town)"')},
            "there is no column 'town' of lead for '$(town)'",
        ),
        ({"wa_attributefilter": "{half"}, "rule 'R', attributes: it is no JSON"),
        ({"wa_attributefilter": '{"all": [["Language", "under", "x"]]}'}, "no operator 'under'"),
        ({"wa_attributefilter": "5"}, "rule 'R', attributes"),
        ({"wa_matchtype": 1, "wa_sellerlist": "{half"}, "rule 'R', list: it is no JSON"),
        ({"wa_matchtype": 1, "wa_sellerlist": "5"}, "rule 'R', list: it is no list of texts"),
        ({"wa_matchtype": 1, "wa_sellerlist": '"abc"'}, "rule 'R', list: it is no list of texts"),
    ],
)
def test_what_cannot_be_used_of_a_rule_is_its_fault(columns: dict[str, Any], problem: str) -> None:
    rule = rule_from_row(rule_row(**columns), LANGUAGE)
    assert rule.fault is not None
    assert problem in str(rule.fault)


def test_what_another_way_of_matching_left_behind_is_ignored() -> None:
    left = {
        "wa_sellerfilter": "<broken",
        "wa_attributefilter": "{half",
        "wa_sellerlist": '["A", "b"]',
    }
    anyone = rule_from_row(rule_row(wa_matchtype=2, **left), LANGUAGE)
    listed = rule_from_row(rule_row(wa_matchtype=1, **left), LANGUAGE)
    assert (anyone.fault, anyone.match.listed, anyone.match.columns) == (None, None, ALWAYS)
    assert (listed.fault, listed.match.listed, listed.match.attributes) == (
        None,
        ("a", "b"),
        ALWAYS,
    )


def test_a_list_that_is_empty_names_nobody() -> None:
    rule = rule_from_row(rule_row(wa_matchtype=1), LANGUAGE)
    assert rule.match.listed == ()


def test_the_columns_to_read_are_those_of_each_target() -> None:
    related = (
        '<filter><link-entity name="businessunit" from="businessunitid" to="businessunitid" '
        'link-type="any"><filter><condition attribute="name" operator="eq" value="N"/></filter>'
        "</link-entity></filter>"
    )
    rows = [
        rule_row(wa_sellerfilter=CITY),
        rule_row(wa_sellerfilter=related),
        rule_row(wa_sellerfilter="<broken"),
        rule_row(wa_distributeto=1, wa_sellerfilter=CITY.replace("address1_city", "description")),
        rule_row(wa_distributeto=9, wa_sellerfilter=CITY.replace("address1_city", "nonsense")),
    ]
    assert columns_named(rows, Target.SELLERS) == {"address1_city", "businessunitid"}
    assert columns_named(rows, Target.TEAM) == {"description"}
    assert columns_named(rows, Target.QUEUE) == set()


def test_names_are_a_list_of_texts_or_nothing() -> None:
    assert read_names(None, "here") is None
    assert read_names(json.dumps(["A", "B"]), "here") == ["A", "B"]
    with pytest.raises(DefinitionError, match="here: it is no list of texts"):
        read_names("[1]", "here")
