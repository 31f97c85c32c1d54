"""Folders applied to the mock over HTTP, and read back by what decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.configuration.folders import forms_of
from tests.configuration.on_mock import applied

from work_assignment import samples
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    SYSTEM_USER,
    AssignmentRuleColumn,
    Common,
    SegmentColumn,
)
from work_assignment.dataverse.queries import Query, eq
from work_assignment.domain.defining.definition_rows import DefinitionsChanged
from work_assignment.services.configuration.applying import apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import read_folder


def only_segment(client: DataverseClient, name: str) -> dict[str, Any]:
    (row,) = client.rows(Query(SEGMENT.entity_set, filter=eq(SegmentColumn.NAME, name)))
    return row


def test_the_sample_definitions_become_the_rulebook_that_decides(client: DataverseClient) -> None:
    report = applied(read_folder(samples.DEFINITIONS), client)
    rulebook = DefinitionStore(client).rulebook()
    assert rulebook.stamp == report.stamp
    assert rulebook.faults == ()
    assert rulebook.columns["opportunity"] == {"estimatedvalue", "name", "description"}
    sellers = {seller.name: seller for seller in rulebook.definitions.sellers.values()}
    assert len(sellers) == 12
    assert sellers["Tyler Brooks"].max_capacity == 25
    assert not sellers["Ewa Nowak"].takes_assignments
    assert sellers["Luca Moretti"].attributes["Language"] == ("English", "French", "Italian")


def test_applying_again_sends_no_write(client: DataverseClient) -> None:
    forms = read_folder(samples.DEFINITIONS)
    applied(forms, client)
    store = ConfigurationStore(client)
    found = plan(forms, store)
    before = client.requests_sent
    assert apply(found, store).stamp is None
    assert client.requests_sent == before


def test_everything_is_written_in_one_batch(client: DataverseClient) -> None:
    store = ConfigurationStore(client)
    found = plan(read_folder(samples.DEFINITIONS), store)
    before = client.requests_sent
    apply(found, store)
    assert client.requests_sent - before == 2  # what time it is, and the batch


def test_states_and_activation_are_written_and_read_back(client: DataverseClient) -> None:
    text = "segments: [{name: A, record_type: lead, state: inactive}, {name: B, record_type: lead}]"
    applied(forms_of(text), client)
    inactive, active = only_segment(client, "A"), only_segment(client, "B")
    assert (inactive[Common.STATE], inactive[Common.STATUS]) == (1, 2)
    assert inactive[SegmentColumn.ACTIVATED_ON] is None
    assert (active[Common.STATE], active[Common.STATUS]) == (0, 1)
    since = datetime.fromisoformat(active[SegmentColumn.ACTIVATED_ON])
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=1)
    assert not plan(forms_of(text), ConfigurationStore(client))
    applied(forms_of(text.replace(", state: inactive", "")), client)
    assert only_segment(client, "A")[Common.STATE] == 0
    assert only_segment(client, "A")[SegmentColumn.ACTIVATED_ON]
    applied(forms_of("segments: [{name: A, record_type: lead}]"), client)
    assert only_segment(client, "B")[Common.STATE] == 1


def test_labels_accounts_and_users_are_resolved_against_the_tables(client: DataverseClient) -> None:
    account = messages.create("accounts", {"name": "Alpine Huts"}, returning=("accountid",))
    account_id = client.send(account).json["accountid"]
    applied(
        forms_of("""\
            segments:
              - name: A
                record_type: lead
                filter: {all: [[leadsourcecode, eq, Trade Show], [parentaccountid, eq, alpine huts]]}
            rules:
              - {name: R, segment: A, match: list, list: [ANA@larkfell.example]}
        """),
        client,
    )
    text = only_segment(client, "A")[SegmentColumn.FILTER]
    assert '"leadsourcecode" operator="eq" value="7"' in text
    assert account_id in text
    (rule,) = client.rows(Query(ASSIGNMENT_RULE.entity_set))
    (ana,) = client.rows(
        Query(SYSTEM_USER.entity_set, filter=eq("domainname", "ana@larkfell.example"))
    )
    assert rule[AssignmentRuleColumn.SELLER_LIST] == f'["{ana[SYSTEM_USER.primary_id]}"]'


def test_values_are_unlinked_over_the_wire(client: DataverseClient) -> None:
    text = "sellers: [{user: ana@larkfell.example, attributes: {Language: [English, Czech]}}]"
    applied(forms_of(text), client)
    applied(forms_of(text.replace(", Czech", "")), client)
    (seller,) = DefinitionStore(client).rulebook().definitions.sellers.values()
    assert seller.attributes == {"Language": ("English",)}


def test_a_row_changed_since_the_plan_stops_all_of_it(client: DataverseClient) -> None:
    text = "segments: [{name: A, record_type: lead}, {name: B, record_type: lead}]"
    applied(forms_of(text), client)
    store = ConfigurationStore(client)
    edited = "segments: [{name: A, record_type: lead, priority: 8}, {name: B, record_type: lead, priority: 9}]"
    found = plan(forms_of(edited), store)
    row = only_segment(client, "B")
    client.send(
        messages.update(
            SEGMENT.entity_set, row[SEGMENT.primary_id], {SegmentColumn.PRIORITY: 5}, version="*"
        )
    )
    with pytest.raises(DefinitionsChanged, match="plan again"):
        apply(found, store)
    assert only_segment(client, "A")[SegmentColumn.PRIORITY] == 1


def test_more_changes_than_a_change_set_holds_are_written_too(client: DataverseClient) -> None:
    names = ", ".join(f"v{n}" for n in range(600))
    text = f"sellers: [{{user: ana@larkfell.example, attributes: {{Code: [{names}]}}}}]"
    report = applied(forms_of(text), client)
    assert len(report.actions) == 1203
    assert not plan(forms_of(text), ConfigurationStore(client))
    assert DefinitionStore(client).rulebook().stamp == report.stamp
