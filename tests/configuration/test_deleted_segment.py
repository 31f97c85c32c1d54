"""A segment deleted by hand leaves its rules to the default segment, and applying says what it does."""

from __future__ import annotations

from tests.configuration.folders import actions, forms_of
from tests.configuration.on_mock import applied, only

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    AssignmentRuleColumn,
    SegmentColumn,
)
from work_assignment.services.configuration.comparison import plan

FOLDER = """\
segments: [{name: Fairs, record_type: lead}, {name: Others, record_type: lead}]
rules: [{name: R, segment: Fairs}, {name: Q, segment: Others}]
"""


def delete_segment(client: DataverseClient, name: str) -> None:
    row = only(client, SEGMENT, SegmentColumn.NAME, name)
    client.send(messages.delete(SEGMENT.entity_set, row[SEGMENT.primary_id]))


def test_its_rules_belong_to_the_default_segment(client: DataverseClient) -> None:
    applied(forms_of(FOLDER), client)
    delete_segment(client, "Fairs")
    rule = only(client, ASSIGNMENT_RULE, AssignmentRuleColumn.NAME, "R")
    assert rule[AssignmentRuleColumn.SEGMENT.value] is None
    (by_default,) = DefinitionStore(client).rulebook().definitions.rules["lead", None]
    assert by_default.name == "R"


def test_applying_the_folder_again_brings_the_segment_and_its_rule_back(
    client: DataverseClient,
) -> None:
    applied(forms_of(FOLDER), client)
    delete_segment(client, "Fairs")
    found = plan(forms_of(FOLDER), ConfigurationStore(client))
    assert str(found).splitlines() == [
        "create segment 'Fairs (lead)'",
        "update rule 'R (lead)'",
        "    segment_id: default -> Fairs (lead)",
    ]
    applied(forms_of(FOLDER), client)
    assert not plan(forms_of(FOLDER), ConfigurationStore(client))


def test_a_folder_that_leaves_the_rule_to_the_default_segment_has_nothing_to_do(
    client: DataverseClient,
) -> None:
    applied(forms_of(FOLDER), client)
    delete_segment(client, "Fairs")
    after = FOLDER.replace("{name: Fairs, record_type: lead}, ", "").replace(
        "segment: Fairs", "segment: default, record_type: lead"
    )
    found = plan(forms_of(after), ConfigurationStore(client))
    # Others moves up to the first place; the rule is where the folder says already.
    assert actions(found) == [("update", "segment", "Others (lead)")]


def test_a_folder_without_the_segment_and_its_rule_deactivates_the_rule(
    client: DataverseClient,
) -> None:
    applied(forms_of(FOLDER), client)
    delete_segment(client, "Fairs")
    text = "segments: [{name: Others, record_type: lead, priority: 2}]\nrules: [{name: Q, segment: Others}]"
    found = plan(forms_of(text), ConfigurationStore(client))
    assert actions(found) == [("deactivate", "rule", "R (lead)")]
