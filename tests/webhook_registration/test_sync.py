"""Webhooks are registered once, follow the definitions, and never show the key."""

from __future__ import annotations

import hashlib

import pytest
from tests.webhook_registration.memory_webhooks import MemoryWebhooks

from work_assignment.domain.defining.definition_rows import EndpointRow, StepRow
from work_assignment.services.webhook_registration import (
    CannotRegister,
    Report,
    events_url,
    registered,
    sync,
)
from work_assignment.services.webhook_steps import Watch

APP = "https://app.azurewebsites.net"
KEY = "s3cret&<key>=="
LEAD, OPPORTUNITY = frozenset({"subject", "address1_country"}), frozenset({"name"})
BOTH = Watch({"lead": LEAD, "opportunity": OPPORTUNITY})


def summary(report: Report) -> list[str]:
    return [f"{action.verb} {action.name}" for action in report.actions]


def test_the_endpoint_and_steps_for_records_sellers_and_sweeps_are_created_in_one_write() -> None:
    store = MemoryWebhooks()
    assert summary(sync(APP, KEY, store, BOTH)) == [
        "create endpoint Work Assignment",
        "create Work Assignment: Create of lead",
        "create Work Assignment: Update of lead",
        "create Work Assignment: Create of opportunity",
        "create Work Assignment: Update of opportunity",
        "create Work Assignment: Update of systemuser",
        "create Work Assignment: Create of wa_seller",
        "create Work Assignment: Update of wa_seller",
        "create Work Assignment: Create of wa_sweep",
    ]
    assert len(store.writes) == 1
    (endpoint,) = store.rows.values()
    assert endpoint.url == f"{APP}/api/dataverse/events"
    assert endpoint.auth_value == (
        '<settings><setting name="x-functions-key" value="s3cret&amp;&lt;key&gt;==" /></settings>'
    )


def test_updates_are_watched_for_the_columns_of_filters_and_always_owner_and_state() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    assert store.step("Work Assignment: Update of lead").columns == (
        "address1_country",
        "ownerid",
        "statecode",
        "subject",
    )
    assert store.step("Work Assignment: Create of lead").columns == ()


def test_what_makes_room_with_sellers_rings_and_what_deciding_writes_of_them_does_not() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    assert store.step("Work Assignment: Update of wa_seller").columns == (
        "statecode",
        "statuscode",
        "wa_maxcapacity",
        "wa_takesassignments",
        "wa_timeoff",
        "wa_workinghours",
    )
    assert store.step("Work Assignment: Update of systemuser").columns == ("isdisabled",)


def test_related_tables_ring_when_what_filters_read_changes_and_for_new_rows_where_they_count() -> (
    None
):
    store = MemoryWebhooks()
    related = {
        "account": frozenset({"address1_country"}),
        "task": frozenset({"regardingobjectid", "statecode"}),
        "systemuser": frozenset({"title"}),
    }
    sync(APP, KEY, store, Watch({"lead": LEAD}, related, frozenset({"task"})))
    steps = {
        row.name.removeprefix("Work Assignment: "): row for _, row in store.registered.values()
    }
    assert steps["Update of account"].columns == ("address1_country",)
    assert steps["Update of task"].columns == ("regardingobjectid", "statecode")
    assert steps["Update of systemuser"].columns == ("isdisabled", "title")
    assert "Create of task" in steps
    assert "Create of account" not in steps


def test_the_second_time_nothing_is_written() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    assert sync(APP + "/", KEY, store, BOTH) == Report()
    assert len(store.writes) == 1


def test_a_new_key_or_address_is_written_to_the_endpoint_only() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    (action,) = sync(APP, KEY + "2", store, BOTH).actions
    assert (action.verb, action.columns) == ("update", ("description",))
    (action,) = sync("https://other.example", KEY + "2", store, BOTH).actions
    assert action.columns == ("url",)


def test_changed_filters_change_only_the_update_step() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    (action,) = sync(
        APP, KEY, store, Watch({**BOTH.routed, "lead": frozenset({"subject"})})
    ).actions
    assert (action.verb, action.name) == ("update", "Work Assignment: Update of lead")
    assert action.columns == ("columns",)


def test_steps_of_types_out_of_scope_are_disabled_and_enabled_when_they_are_back() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    lead_only = Watch({"lead": LEAD})
    assert summary(sync(APP, KEY, store, lead_only)) == [
        "disable Work Assignment: Create of opportunity",
        "disable Work Assignment: Update of opportunity",
    ]
    assert not store.step("Work Assignment: Update of opportunity").enabled
    assert sync(APP, KEY, store, lead_only) == Report()
    assert summary(sync(APP, KEY, store, BOTH)) == [
        "enable Work Assignment: Create of opportunity",
        "enable Work Assignment: Update of opportunity",
    ]
    assert sync(APP, KEY, store, BOTH) == Report()


def test_a_step_that_somebody_changed_is_put_right() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    for row_id, (at, row) in store.registered.items():
        if row.message == "Create":
            broken = StepRow("mine", row.message, row.record_type, ("subject",), after_commit=False)
            store.registered[row_id] = (at, broken)
    assert [action.columns for action in sync(APP, KEY, store, BOTH).actions] == [
        ("name", "columns", "after_commit"),
        ("name", "columns", "after_commit"),
        ("name", "columns", "after_commit"),
        ("name", "columns", "after_commit"),
    ]
    assert sync(APP, KEY, store, BOTH) == Report()


def test_a_second_step_for_the_same_event_is_disabled() -> None:
    store = MemoryWebhooks()
    sync(APP, KEY, store, BOTH)
    (endpoint_id,) = store.rows
    store.registered["z"] = (endpoint_id, StepRow("zz", "Create", "lead"))
    assert summary(sync(APP, KEY, store, BOTH)) == ["disable zz"]
    assert sync(APP, KEY, store, BOTH) == Report()


def test_a_table_without_events_is_told_and_all_others_are_registered() -> None:
    store = MemoryWebhooks()
    odd = Watch({"lead": LEAD, "wa_thing": frozenset()}, {"listmember": frozenset({"listid"})})
    report = sync(APP, KEY, store, odd)
    assert report.not_offered == (
        "Create of wa_thing",
        "Update of wa_thing",
        "Update of listmember",
    )
    assert {row.record_type for _, row in store.registered.values()} == {
        "lead",
        "wa_sweep",
        "wa_seller",
        "systemuser",
    }
    again = sync(APP, KEY, store, odd)
    assert (again.actions, again.not_offered) == ((), report.not_offered)


def test_two_endpoints_of_our_name_are_not_guessed_between() -> None:
    store = MemoryWebhooks()
    store.rows = {i: EndpointRow("Work Assignment", "u", "d") for i in "ab"}
    with pytest.raises(CannotRegister, match="2 webhooks named 'Work Assignment'"):
        sync(APP, KEY, store, BOTH)


def test_what_is_registered_can_be_listed() -> None:
    store = MemoryWebhooks()
    assert registered(store) is None
    sync(APP, KEY, store, BOTH)
    found = registered(store)
    assert found is not None
    assert found.endpoint.row.name == "Work Assignment"
    assert [step.row.name for step in found.steps] == [
        "Work Assignment: Create of lead",
        "Work Assignment: Create of opportunity",
        "Work Assignment: Create of wa_seller",
        "Work Assignment: Create of wa_sweep",
        "Work Assignment: Update of lead",
        "Work Assignment: Update of opportunity",
        "Work Assignment: Update of systemuser",
        "Work Assignment: Update of wa_seller",
    ]


def test_the_key_shows_nowhere_but_its_fingerprint_does() -> None:
    store = MemoryWebhooks()
    report = sync(APP, KEY, store, BOTH)
    (endpoint,) = store.rows.values()
    shown = f"{report!r} {store.writes!r} {endpoint!r} {registered(store)!r}"
    assert "s3cret" not in shown
    assert hashlib.sha256(KEY.encode()).hexdigest()[:12] in endpoint.description


@pytest.mark.parametrize("key", ["", "q z", "q\nz", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    store = MemoryWebhooks()
    with pytest.raises(CannotRegister) as caught:
        sync(APP, key, store, BOTH)
    assert not key or key not in str(caught.value)
    assert store.writes == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:7071",
        "http://127.0.0.1:7071/",
        "http://[::1]:7071",
        "https://app.example:8443",
        "https://app.example/api/dataverse/events",
    ],
)
def test_addresses_over_https_or_on_this_machine_are_good(url: str) -> None:
    assert events_url(url).endswith("/api/dataverse/events")
    assert events_url(url).count("/api") == 1


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "must look like"),
        ("app.example", "must look like"),
        ("ftp://app.example", "must look like"),
        ("https://", "must look like"),
        ("https://app.example/else", "must look like"),
        ("https://app.example/?code=s3cret", "must look like"),
        ("https://me:s3cret@app.example", "must look like"),
        ("https://app.example:0", "must look like"),
        ("https://app .example", "must look like"),
        ("https://app.example:99999", "is no URL"),
        ("http://[::1", "is no URL"),
        ("http://app.example", "must begin with https, since app.example is not this machine"),
        ("http://10.0.0.1", "must begin with https"),
    ],
)
def test_a_bad_address_is_told_without_secrets_and_nothing_is_written(
    url: str, problem: str
) -> None:
    store = MemoryWebhooks()
    with pytest.raises(CannotRegister, match=problem) as caught:
        sync(url, KEY, store, BOTH)
    assert "s3cret" not in str(caught.value)
    assert store.writes == []
