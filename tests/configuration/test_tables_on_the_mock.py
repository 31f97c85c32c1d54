"""Tables, teams, queues, roles and related filters, resolved against a mock's own metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.configuration.folders import forms_of
from tests.configuration.on_mock import applied, created, only, running
from tests.configuration.partner_solution import write_partner_requests

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.names import (
    ACCOUNT,
    ASSIGNMENT_RULE,
    QUEUE,
    SEGMENT,
    SETTING,
    TEAM,
    AssignmentRuleColumn,
    Common,
    SegmentColumn,
    SettingColumn,
    TeamColumn,
)
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.problems import ConfigurationErrors


def refusals(text: str, client: DataverseClient) -> list[str]:
    with pytest.raises(ConfigurationErrors) as caught:
        plan(forms_of(text), ConfigurationStore(client))
    return [str(problem) for problem in caught.value.problems]


def rule(client: DataverseClient, name: str) -> dict[str, Any]:
    return only(client, ASSIGNMENT_RULE, AssignmentRuleColumn.NAME, name)


def test_related_filters_are_stored_with_table_and_columns(client: DataverseClient) -> None:
    account_id = created(client, ACCOUNT, {"name": "Alpine Huts"})
    text = """\
        segments:
          - name: A
            record_type: lead
            filter:
              all:
                - related:
                    lookup: parentaccountid
                    filter:
                      any: [[industrycode, eq, Consulting], [accountid, eq-or-under, ID]]
                - not_related: {table: task, lookup: regardingobjectid, filter: [statecode, eq, Open]}
                - [parentaccountid, under, alpine huts]
    """.replace("ID", account_id)
    applied(forms_of(text), client)
    found = only(client, SEGMENT, SegmentColumn.NAME, "A")[SegmentColumn.FILTER]
    assert found.count("<link-entity") == 2
    assert 'attribute="statecode" operator="eq" value="0"' in found
    assert f'attribute="parentaccountid" operator="under" value="{account_id}"' in found
    assert not plan(forms_of(text), ConfigurationStore(client))


def test_teams_and_queues_are_found_unless_records_cannot_be_given_to_them(
    client: DataverseClient,
) -> None:
    team_id = created(client, TEAM, {"name": "Nordic"})
    created(client, TEAM, {"name": "Nordic", TeamColumn.TEAM_TYPE: 1})
    queue_id = created(client, QUEUE, {"name": "Partners"})
    text = """\
        segments: [{name: A, record_type: lead}]
        rules:
          - {name: T, segment: A, assign_to: team, match: list, list: [nordic], distribution: none}
          - {name: Q, segment: A, assign_to: queue, match: list, list: [Partners]}
          - {name: F, segment: A, assign_to: team, match: attributes, seller_filter: [name, like, $(companyname)]}
    """
    applied(forms_of(text), client)
    team, queue = rule(client, "T"), rule(client, "Q")
    assert json.loads(team[AssignmentRuleColumn.SELLER_LIST]) == [team_id]
    assert json.loads(queue[AssignmentRuleColumn.SELLER_LIST]) == [queue_id]
    numbers = [
        (row[AssignmentRuleColumn.DISTRIBUTE_TO], row[AssignmentRuleColumn.DISTRIBUTION_TYPE])
        for row in (team, queue, rule(client, "F"))
    ]
    assert numbers == [(1, 3), (2, 4), (1, 2)]
    assert not plan(forms_of(text), ConfigurationStore(client))
    applied(
        forms_of(text.replace("assign_to: queue, match: list, list: [Partners]", "match: any")),
        client,
    )
    sellers = rule(client, "Q")
    assert sellers[AssignmentRuleColumn.DISTRIBUTE_TO] == 0
    assert sellers[AssignmentRuleColumn.DISTRIBUTION_TYPE] == 0


def test_every_way_of_sharing_has_its_number(client: DataverseClient) -> None:
    applied(
        forms_of("""\
            segments: [{name: A, record_type: lead}]
            rules:
              - {name: R1, segment: A, distribution: round robin}
              - {name: R2, segment: A, distribution: load balancing}
              - {name: R3, segment: A, distribution: best overall}
              - {name: R4, segment: A, assign_to: queue, distribution: none}
        """),
        client,
    )
    column = AssignmentRuleColumn.DISTRIBUTION_TYPE
    assert [rule(client, f"R{n}")[column] for n in (1, 2, 3, 4)] == [0, 1, 727000000, 5]


def test_a_paused_segment_is_inactive_with_a_reason_of_its_own(client: DataverseClient) -> None:
    text = "segments: [{name: A, record_type: lead, state: paused, allow_move_in: true, reassign_on_move: false}]"
    applied(forms_of(text), client)
    row = only(client, SEGMENT, SegmentColumn.NAME, "A")
    assert (row[Common.STATE], row[Common.STATUS]) == (1, 727000000)
    assert row[SegmentColumn.ACTIVATED_ON]
    assert (row[SegmentColumn.ALLOW_MOVE_IN], row[SegmentColumn.REASSIGN_ON_MOVE]) == (True, False)
    assert not plan(forms_of(text), ConfigurationStore(client))


def test_settings_are_held_against_roles_and_columns_and_stored(client: DataverseClient) -> None:
    text = """\
        settings:
          record_types: [lead, account, contact]
          eligible_roles: [salesperson]
          score_column: revenue
          round_robin_scope: assignment rule
          keep_self_created: true
    """
    applied(forms_of(text), client)
    row = only(client, SETTING, SettingColumn.NAME, "default")
    assert json.loads(row[SettingColumn.ELIGIBLE_ROLES]) == ["Salesperson"]
    assert json.loads(row[SettingColumn.RECORD_TYPES]) == ["account", "contact", "lead"]
    assert row[SettingColumn.SCORE_COLUMN] == "revenue"
    assert row[SettingColumn.OWNER_COLUMN] is None
    assert row[SettingColumn.ROUND_ROBIN_SCOPE] == 1
    assert row[SettingColumn.KEEP_SELF_CREATED] is True
    assert not plan(forms_of(text), ConfigurationStore(client))


def test_tables_that_cannot_be_routed_are_told_with_what_they_lack(client: DataverseClient) -> None:
    found = refusals(
        "settings:\n  record_types:\n  - product\n  - msdyn_salessuggestion\n  - leed\n", client
    )
    assert found == [
        "d.yaml:3: settings, record_types: rows of table 'product' have no owner of their own, "
        "so they cannot be assigned",
        "d.yaml:4: settings, record_types: table 'msdyn_salessuggestion' lacks wa_segmentid, a "
        "lookup to wa_segment and wa_assignmentresult, a choice with the global choice "
        "wa_assignmentresult: add what is missing to the table and publish it "
        "(docs/reference.md, Other record types)",
        "d.yaml:5: settings, record_types: there is no table 'leed'; did you mean 'lead'?",
    ]


PARTNERS = "settings: {record_types: [new_partnerrequest]}\nsegments: [{name: P, record_type: new_partnerrequest, filter: [new_name, eq, x]}]"


@pytest.mark.parametrize(
    ("segment", "result", "lacks"),
    [
        ("wa_SegmentId", True, ""),
        ("", True, "wa_segmentid, a lookup to wa_segment"),
        ("wa_SegmentID", True, "wa_segmentid with the schema name wa_SegmentId, not wa_SegmentID"),
        (
            "wa_SegmentId",
            False,
            "wa_assignmentresult, a choice with the global choice wa_assignmentresult",
        ),
    ],
)
def test_a_table_of_ones_own_needs_both_columns(
    segment: str, result: bool, lacks: str, tmp_path: Path
) -> None:
    folder = write_partner_requests(tmp_path, segment=segment, result=result)
    with running([folder]) as client:
        if lacks:
            (found,) = refusals(PARTNERS, client)
            assert f"table 'new_partnerrequest' lacks {lacks}: add what is missing" in found
        else:
            applied(forms_of(PARTNERS), client)
            assert only(client, SEGMENT, SegmentColumn.NAME, "P")


def test_schemas_tell_hierarchies_targets_and_days(client: DataverseClient) -> None:
    store = ConfigurationStore(client)
    account, lead = store.schema("account"), store.schema("lead")
    assert account
    assert lead
    assert (account.parent_column, lead.parent_column) == ("parentaccountid", None)
    assert set(lead.columns["customerid"].targets) == {"account", "contact"}
    assert lead.columns["estimatedclosedate"].kind is ColumnKind.DAY
    assert lead.columns["createdon"].kind is ColumnKind.MOMENT
    assert store.schema("leed") is None
    assert store.schema("no table") is None
