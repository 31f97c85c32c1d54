"""Notifications in a folder are read strictly and kept as the app reads them back."""

from __future__ import annotations

import pytest
from tests.configuration.folders import applied, forms_of, problems_of, refused
from tests.configuration.memory_store import QUEUE_ID, USERS, MemoryStore, user

from work_assignment.domain.defining.notification_texts import read_notifications
from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.errors import DefinitionError
from work_assignment.services.configuration.comparison import plan

FULL = """\
settings:
  notifications:
    assigned: [app, email]
    moved: none
    taken back: [app]
    overdue: [app, teams]
    quiet_hours: true
    email_from: ana@contoso.example
"""


def stored(text: str, store: MemoryStore | None = None) -> str | None:
    store = store or MemoryStore()
    applied(forms_of(text), store)
    found = store.stored().settings
    assert found is not None
    return found.row.notifications


def test_everything_that_is_said_is_read_back_from_the_row() -> None:
    told = read_notifications(stored(FULL))
    assert told.ways(Kind.ASSIGNED) == {Channel.APP, Channel.EMAIL}
    assert told.ways(Kind.MOVED) == frozenset()
    assert told.ways(Kind.TAKEN_BACK) == {Channel.APP}
    assert told.ways(Kind.OVERDUE) == {Channel.APP, Channel.TEAMS}
    assert told.quiet_hours
    assert told.email_from is not None
    assert told.email_from[1] == "systemuser"


def test_what_is_not_said_is_the_app_alone_and_no_text() -> None:
    assert stored("settings: {}") is None
    assert stored("settings: {notifications: {}}") is None
    assert read_notifications(None) == Notifications()
    assert read_notifications(None).ways(Kind.OVERDUE) == {Channel.APP}


def test_a_folder_applied_twice_changes_nothing_and_one_without_takes_them_away() -> None:
    store = MemoryStore()
    first = stored(FULL, store)
    assert plan(forms_of(FULL), store).actions == ()
    assert stored(FULL, store) == first is not None
    assert stored("settings: {}", store) is None


def test_one_way_may_be_said_without_a_list() -> None:
    assert read_notifications(stored("settings: {notifications: {moved: App}}")).channels == {
        Kind.MOVED: frozenset({Channel.APP})
    }


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("[app]", "d.yaml:1: settings: 'notifications' is a mapping"),
        (
            "{asigned: [app]}",
            "d.yaml:1: settings, notifications: there is no key 'asigned'; did you mean 'assigned'?",
        ),
        (
            "{moved: [app, e-mail]}",
            "d.yaml:1: settings, notifications: an entry of 'moved' is one of app, email, teams, "
            "or all of it none, not 'e-mail'; did you mean 'email'?",
        ),
        (
            "{moved: {app: true}}",
            "d.yaml:1: settings, notifications: 'moved' is a list, not a mapping",
        ),
        (
            "{moved: [[app]]}",
            "d.yaml:1: settings, notifications: an entry of 'moved' is a text, not a list",
        ),
        (
            "{quiet_hours: sometimes}",
            "d.yaml:1: settings, notifications: 'quiet_hours' is true or false, not 'sometimes'",
        ),
        (
            "{assigned: [email]}",
            "d.yaml:1: settings, notifications: 'assigned' goes by email, which needs "
            "'email_from': the user or queue that sends it",
        ),
        (
            "{email_templates: Hello}",
            "d.yaml:1: settings, notifications: 'email_templates' is a mapping of assigned, moved, "
            "taken back, overdue to titles",
        ),
        (
            "{email_templates: {takenback: Hello}}",
            "d.yaml:1: settings, notifications, email_templates: there is no key 'takenback'; "
            "did you mean 'taken back'?",
        ),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(said: str, problem: str) -> None:
    assert refused(f"settings: {{notifications: {said}}}") == [problem]


def test_a_queue_may_send_and_a_template_is_known_by_its_title() -> None:
    told = read_notifications(
        stored("""\
            settings:
              notifications:
                assigned: email
                email_from: Partners
                email_templates: {assigned: New lead for you, moved: none}
        """)
    )
    assert told.email_from == (QUEUE_ID, "queue")
    assert told.email_templates == {Kind.ASSIGNED: "New lead for you"}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            "{email_from: nobody@contoso.example}",
            "d.yaml:1: settings, notifications: 'email_from': there is no active user and no queue "
            "'nobody@contoso.example'",
        ),
        (
            "{email_from: gone@contoso.example}",
            "d.yaml:1: settings, notifications: 'email_from': there is no active user and no queue "
            "'gone@contoso.example'",
        ),
        (
            "{email_from: shared@contoso.example}",
            "d.yaml:1: settings, notifications: 'email_from': 2 users or queues have "
            "'shared@contoso.example': say the one that is meant",
        ),
        (
            "{email_templates: {moved: New leed for you}}",
            "d.yaml:1: settings, notifications, email_templates: there is no e-mail template "
            "'New leed for you'; did you mean 'New lead for you'?",
        ),
        (
            "{email_templates: {moved: Twin}}",
            "d.yaml:1: settings, notifications, email_templates: there are 2 e-mail templates "
            "'Twin'; give each its own title",
        ),
    ],
)
def test_who_sends_and_the_templates_have_to_be_there(said: str, problem: str) -> None:
    shared = (
        user(7, "fay", email="shared@contoso.example"),
        user(8, "gil", email="shared@contoso.example"),
    )
    store = MemoryStore((*USERS, user(6, "gone", is_disabled=True), *shared))
    assert problems_of(f"settings: {{notifications: {said}}}", store) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is no JSON"),
        ("[]", "it is no mapping"),
        ('{"chanels":{}}', "there is no key 'chanels'; did you mean 'channels'?"),
        ('{"channels":[]}', "it is no mapping"),
        ('{"channels":{"assigned":"app"}}', "'assigned' is a list of app, email, teams"),
        ('{"channels":{"asigned":[]}}', "did you mean 'assigned'?"),
        ('{"channels":{"moved":["emial"]}}', "not 'emial'; did you mean 'email'?"),
        ('{"channels":{"moved":[7]}}', "not '7'"),
        ('{"quiet_hours":"yes"}', "'quiet_hours' is true or false"),
        ('{"email_from":"Ada"}', "it is no mapping"),
        ('{"email_from":{"table":"team","id":"x"}}', "its table is systemuser or queue"),
        ('{"email_from":{"table":"queue","id":"x"}}', "'x' is no id"),
        ('{"email_templates":{"moved":" "}}', "the template of 'moved' is a title"),
        ('{"channels":{"moved":["email"]}}', "'moved' goes by email, which needs 'email_from'"),
    ],
)
def test_a_text_that_somebody_broke_in_the_app_says_where(text: str, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_notifications(text)
    assert str(caught.value).startswith("settings, notifications")
    assert problem in str(caught.value)


def test_email_that_nobody_sends_is_refused_where_the_sender_is_none() -> None:
    text = """\
settings:
  notifications:
    assigned: [app, email]
    email_from: none
"""
    assert problems_of(text) == [
        "d.yaml:4: settings, notifications: 'assigned' goes by email, which needs "
        "'email_from': the user or queue that sends it"
    ]


def test_none_at_all_is_as_good_as_nothing_said() -> None:
    assert stored("settings: {notifications: none}") is None


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_cell_that_is_nested_beyond_reading_is_one_fault(depth: int) -> None:
    with pytest.raises(DefinitionError, match="it is nested more than 150 deep"):
        read_notifications("[" * depth + "]" * depth)
