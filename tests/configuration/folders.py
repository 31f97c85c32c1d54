"""Folders of definitions for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from tests.configuration.memory_store import MemoryStore

from work_assignment.services.configuration.applying import AppliedReport, apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import Forms, read_texts
from work_assignment.services.configuration.planning import Plan
from work_assignment.services.configuration.problems import ConfigurationErrors

GOOD = {
    "segments.yaml": """\
        segments:
          - name: UK trade shows
            record_type: lead
            filter:
              all:
                - [address1_country, eq, United Kingdom]
                - any: [[leadsourcecode, eq, Trade Show], [subject, like, "%trade show%"]]
                - [donotemail, eq, Allow]
            allow_move_in: true
          - name: Larkfell
            record_type: lead
            filter: {all: [[parentaccountid, eq, larkfell]]}
          - name: Old deals
            record_type: opportunity
            priority: 7
            state: inactive
            filter: <filter><condition attribute="estimatedamount" operator="gt" value="5"/></filter>
    """,
    "rules/all.yml": """\
        rules:
          - name: In German
            segment: uk trade shows
            match: attributes
            attributes: {all: [[Language, eq, German]]}
            seller_filter: {all: [[address1_city, eq, London]]}
            capacity: true
            created_within_hours: 48
            available_within_hours: none
          - name: The two
            segment: UK trade shows
            match: list
            list: [BEN@contoso.example, ana@contoso.example]
            distribution: load balancing
            on_no_seller: stop
          - name: All others
            segment: default
            record_type: opportunity
    """,
    "sellers.yaml": """\
        sellers:
          - user: ana@contoso.example
            max_capacity: 20
            attributes: {Language: [English, German], Region: Europe}
            working_hours:
              - {days: [mon, tue], from: "08:00", to: "17:00", breaks: [["12:00", "13:00"]], time_zone: Europe/London}
              - {days: [mon], from: "22:00", to: "06:00", time_zone: Europe/London}
            time_off: [{from: 2026-12-24T00:00:00Z, to: 2026-12-27T00:00:00Z}]
          - user: ben@contoso.example
            attributes: {language: [english]}
    """,
    "settings.yaml": """\
        settings:
          default_capacity: 40
          evaluation_time_zone: Europe/London
          flap_limit: {moves: 5}
    """,
}


def dedented(files: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, textwrap.dedent(text)) for name, text in sorted(files.items())]


def forms_of(text: str) -> Forms:
    """The forms of a folder with a single file."""
    return read_texts([("d.yaml", textwrap.dedent(text))])


def good_forms() -> Forms:
    return read_texts(dedented(GOOD))


def refused(text: str) -> list[str]:
    """What is said of a folder with a single file that cannot be read."""
    with pytest.raises(ConfigurationErrors) as caught:
        forms_of(text)
    return [str(problem) for problem in caught.value.problems]


def problems_of(text: str, store: MemoryStore | None = None) -> list[str]:
    """What is said of a folder that can be read and does not fit what Dataverse has."""
    with pytest.raises(ConfigurationErrors) as caught:
        plan(forms_of(text), store or MemoryStore())
    return [str(problem) for problem in caught.value.problems]


def write_folder(folder: Path, files: dict[str, str]) -> Path:
    for name, text in dedented(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def applied(forms: Forms, store: MemoryStore, *, force: bool = False) -> AppliedReport:
    return apply(plan(forms, store), store, force=force)


def actions(found: Plan) -> list[tuple[str, str, str]]:
    return [(action.verb, action.kind.value, action.name) for action in found.actions]
