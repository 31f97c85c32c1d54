"""What Dataverse posts, read strictly, and its form on the queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.azure_storage.messages import checked_text
from work_assignment.domain.records import Owner
from work_assignment.services.events import Event, NotAnEvent, read_context

LEAD = "0a1b2c3d-0000-4000-8000-00000000000a"
USER = "0a1b2c3d-0000-4000-8000-00000000000b"
CONTEXT: dict[str, Any] = {
    "MessageName": "Update",
    "PrimaryEntityName": "lead",
    "PrimaryEntityId": LEAD.upper(),
    "InitiatingUserId": USER,
    "UserId": "0a1b2c3d-0000-4000-8000-00000000000c",
    "Depth": 1,
    "OperationCreatedOn": "/Date(1772614800250+0100)/",
    "SharedVariables": [{"key": "IsAutoTransact", "value": True}],
    "InputParameters": [
        {
            "key": "Target",
            "value": {
                "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts",
                "Attributes": [{"key": "subject", "value": "x"}, {"key": "ownerid", "value": {}}],
                "LogicalName": "lead",
            },
        }
    ],
    "Mode": 1,
}


def body(**changes: Any) -> bytes:
    """The context with members changed; None takes a member out."""
    members = {name: value for name, value in (CONTEXT | changes).items() if value is not None}
    return json.dumps(members).encode()


def test_a_context_becomes_an_event() -> None:
    assert read_context(body()) == Event(
        table="lead",
        record_id=LEAD,
        message="Update",
        occurred_at=datetime(2026, 3, 4, 9, 0, 0, 250_000, tzinfo=UTC),
        user_id=USER,
        depth=1,
        tag=None,
        columns=frozenset({"subject", "ownerid"}),
    )


def test_the_tag_is_found_among_the_shared_variables() -> None:
    variables = [{"key": "other", "value": 1}, {"key": "tag", "value": "work-assignment"}]

    assert read_context(body(SharedVariables=variables)).tag == "work-assignment"


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        [],
        [{"key": "Target"}],
        [{"key": "Target", "value": {"Attributes": None}}],
        [{"key": "Target", "value": "lead"}],
    ],
)
def test_a_message_trimmed_for_its_length_does_not_say_which_columns(parameters: object) -> None:
    event = read_context(body(InputParameters=parameters))

    assert event.columns is None
    assert event.may_change("ownerid")


@pytest.mark.parametrize(
    ("message", "columns", "expected"),
    [
        ("Update", {"ownerid"}, True),
        ("Update", {"subject"}, False),
        ("Create", {"ownerid"}, False),
        ("Create", None, False),
    ],
)
def test_only_an_update_of_the_owner_may_change_the_owner(
    message: str, columns: set[str] | None, expected: bool
) -> None:
    event = read_context(body(MessageName=message))
    event = event.model_copy(update={"columns": columns and frozenset(columns)})

    assert event.may_change("ownerid") is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (b"null", "object"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"[" * 5000, "Invalid JSON"),
        (body(MessageName=None), "MessageName: Field required"),
        (body(MessageName=""), "MessageName"),
        (body(MessageName=7), "MessageName"),
        (body(PrimaryEntityName=None), "PrimaryEntityName: Field required"),
        (body(PrimaryEntityName="Lead"), "PrimaryEntityName"),
        (body(PrimaryEntityName="lead'; drop"), "PrimaryEntityName"),
        (body(PrimaryEntityId="7"), "PrimaryEntityId"),
        (body(PrimaryEntityId=7), "PrimaryEntityId"),
        (body(InitiatingUserId="me"), "InitiatingUserId"),
        (body(Depth=0), "Depth"),
        (body(Depth=101), "Depth"),
        (body(Depth="deep"), "Depth"),
        (body(OperationCreatedOn="2026-03-04T09:00:00Z"), "OperationCreatedOn: '2026-03-04T09"),
        (body(OperationCreatedOn="/Date(99999999999999999999)/"), "out of range"),
        (body(OperationCreatedOn=f"/Date({'9' * 5000})/"), "OperationCreatedOn"),
        (body(OperationCreatedOn=1772614800250), "OperationCreatedOn"),
        (body(SharedVariables={"tag": "x"}), "SharedVariables"),
        (body(SharedVariables=[{"value": 1}]), "SharedVariables.0.key"),
        (body(InputParameters="Target"), "InputParameters"),
    ],
)
def test_any_other_body_is_refused_in_one_sentence(text: bytes, said: str) -> None:
    with pytest.raises(NotAnEvent) as caught:
        read_context(text)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


EVENTS = st.builds(
    Event,
    table=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    record_id=st.uuids().map(str),
    message=st.sampled_from(["Create", "Update"]),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
    user_id=st.uuids().map(str),
    depth=st.integers(1, 100),
    tag=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    columns=st.none() | st.frozensets(st.from_regex(r"[a-z_]{1,9}", fullmatch=True)),
)


@given(EVENTS)
def test_an_event_survives_the_queue(event: Event) -> None:
    assert Event.from_text(event.to_text()) == event


GOOD = json.loads(read_context(body()).to_text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bell",
        "{}",
        json.dumps(GOOD | {"more": 1}),
        json.dumps(GOOD | {"record_id": "lead 7"}),
        json.dumps(GOOD | {"record_id": None}),
        json.dumps(GOOD | {"occurred_at": "2026-03-04T09:00:00"}),
        json.dumps(GOOD | {"table": "lead('x')"}),
    ],
)
def test_anything_else_on_the_queue_is_no_event(text: str) -> None:
    with pytest.raises(NotAnEvent):
        Event.from_text(text)


@given(st.binary(max_size=200))
def test_no_body_whatever_does_more_than_be_refused(text: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read_context(text)


def target(*attributes: dict[str, Any]) -> bytes:
    """The context of an update of these columns."""
    return body(InputParameters=[{"key": "Target", "value": {"Attributes": list(attributes)}}])


def test_the_owner_that_an_update_names_is_read() -> None:
    reference = {"__type": "EntityReference:", "Id": USER.upper(), "LogicalName": "systemuser"}
    assert read_context(target({"key": "ownerid", "value": reference})).owner == Owner(
        "systemuser", USER
    )


def test_a_very_wide_update_still_fits_into_a_message_of_the_queue() -> None:
    wide = [{"key": f"new_{number:060}", "value": 1} for number in range(3000)]
    event = read_context(target(*wide, {"key": "ownerid", "value": None}))
    assert event.columns == frozenset({"ownerid"})
    assert event.may_change("ownerid")
    assert len(event.to_text()) < 1000


def test_a_very_long_tag_is_not_ours_and_is_cut() -> None:
    event = read_context(body(SharedVariables=[{"key": "tag", "value": "x" * 70_000}]))
    assert event.tag is not None
    assert len(event.tag) == 100


ODD = st.sampled_from(["\0", "\r", "\x1b", "\ufffe", "\uffff", '"', "\\", "é", "\N{PARTY POPPER}"])
ANYTHING = st.text(ODD | st.characters(exclude_categories=["Cs"]), max_size=40)
LONG = st.builds(str.__mul__, st.text(ODD | st.sampled_from("ab"), max_size=3), st.integers(1, 300))
NAMES = ANYTHING | LONG | st.sampled_from(["tag", "ownerid", "Target"])
REFERENCES = st.fixed_dictionaries(
    {"LogicalName": st.sampled_from(["systemuser", "team"]) | ANYTHING, "Id": NAMES}
)
ATTRIBUTES = st.builds(lambda key, value: {"key": key, "value": value}, NAMES, REFERENCES)
BODIES = st.builds(
    lambda name, tag, attributes, copies: body(
        MessageName=name,
        SharedVariables=[{"key": "tag", "value": tag}],
        InputParameters=[
            {
                "key": "Target",
                "value": {
                    "Attributes": [
                        {**entry, "key": f"{entry['key']}{number or ''}"}
                        for entry in attributes
                        for number in range(copies)
                    ]
                },
            }
        ],
    ),
    ANYTHING,
    NAMES,
    st.lists(ATTRIBUTES, max_size=2),
    st.sampled_from([1, 90]),
)


@given(BODIES)
def test_whatever_is_read_fits_into_a_message_of_the_queue_and_comes_out_of_it(text: bytes) -> None:
    try:
        event = read_context(text)
    except NotAnEvent:
        return
    assert Event.from_text(checked_text("wa-events", event.to_text())) == event


@pytest.mark.parametrize(
    "odd",
    [
        body(SharedVariables=[{"key": "tag", "value": "\ufffe\x00"}]),
        target(*({"key": f"{'x' * 1000}{number}", "value": 1} for number in range(90))),
        target({"key": "ownerid", "value": {"LogicalName": "team", "Id": "a" * 70_000}}),
    ],
    ids=["a tag no queue could carry", "columns with endless names", "an endless id"],
)
def test_an_odd_body_fits_into_a_message_too(odd: bytes) -> None:
    event = read_context(odd)
    assert Event.from_text(checked_text("wa-events", event.to_text())) == event


def test_an_owner_whose_id_is_none_is_not_an_owner() -> None:
    event = read_context(target({"key": "ownerid", "value": {"LogicalName": "team", "Id": "us"}}))
    assert event.owner is None
    assert event.may_change("ownerid")


def test_only_names_that_columns_can_have_are_kept() -> None:
    event = read_context(
        target(
            {"key": "wa_x1", "value": 1}, {"key": "Not A Column", "value": 1}, {"key": "y" * 129}
        )
    )
    assert event.columns == frozenset({"wa_x1"})
