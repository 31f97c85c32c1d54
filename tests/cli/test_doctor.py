"""wa doctor and the webhooks it looks at: what is wrong, where, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.world import World

from work_assignment.bootstrap import connect
from work_assignment.cli.main import main
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.checkup_store import CheckupStore
from work_assignment.dataverse.choices import ProcessingStepStatus, State
from work_assignment.dataverse.email_names import EMAIL_TEMPLATE, TemplateColumn
from work_assignment.dataverse.names import (
    SEGMENT,
    SETTING,
    SYSTEM_USER,
    Common,
    SettingColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.queries import Query, eq
from work_assignment.dataverse.registration_names import PROCESSING_STEP, ProcessingStepColumn
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials

APP = "https://app.example"
RULED = """
segments:
  - name: Big
    record_type: lead
    priority: 1
    allow_move_in: true
    filter: {related: {lookup: parentaccountid, filter: {all: [[address1_country, eq, France]]}}}
rules:
  - {name: Anyone, segment: Big, match: any}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with MockServer() as mock, connect(mock.url, Credentials()) as admin:
        world = World(mock, admin, tmp_path)
        world.settle_in({"Ana": 5}, RULED)
        sync_with(admin, APP, "key")
        yield world


def examined(
    world: World, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """How it ended, and what was found by check, without what is as it should be."""
    capsys.readouterr()
    status = main(["doctor", "--url", world.mock.url, "--json"])
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(capsys.readouterr().out):
        found.setdefault(one["check"], [])
        if one["level"] != "ok":
            found[one["check"]].append(one)
    return status, found


def step(world: World, name: str) -> str:
    (row,) = world.admin.rows(
        Query(PROCESSING_STEP.entity_set, filter=eq(ProcessingStepColumn.NAME, name))
    )
    return str(row[PROCESSING_STEP.primary_id])


def change(world: World, entity_set: str, row_id: str, **columns: Any) -> None:
    world.admin.send(messages.update(entity_set, row_id, columns, version="*"))


def test_an_environment_in_order_has_no_fault(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = examined(world, capsys)
    assert status == 0
    assert found.keys() >= {"connection", "solution", "privileges", "webhooks", "people"}
    assert [one for listed in found.values() for one in listed if one["level"] == "fault"] == []


def test_for_people_it_is_a_table_with_what_to_do(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        world,
        PROCESSING_STEP.entity_set,
        step(world, "Work Assignment: Update of account"),
        **{Common.STATE: State.INACTIVE, Common.STATUS: ProcessingStepStatus.DISABLED},
    )
    capsys.readouterr()
    assert main(["doctor", "--url", world.mock.url]) == 1
    lines = capsys.readouterr().out.splitlines()
    told = next(n for n, line in enumerate(lines) if "is disabled" in line)
    assert lines[told].split() == [
        *["fault", "webhooks", "step", "'Work", "Assignment:"],
        *["Update", "of", "account'", "is", "disabled"],
    ]
    assert "wa webhooks sync" in lines[told + 1]
    assert lines[-1].startswith("1 fault, ")


def test_drift_is_told_by_doctor_and_list_and_mended_by_sync(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    row_id = step(world, "Work Assignment: Update of account")
    column = ProcessingStepColumn.FILTERING_ATTRIBUTES
    change(world, PROCESSING_STEP.entity_set, row_id, **{column: "name"})

    status, found = examined(world, capsys)
    assert status == 0
    told = "lacks address1_country; has needlessly name"
    assert found["webhooks"][0]["what"] == f"step 'Work Assignment: Update of account' {told}"
    main(["webhooks", "list", "--url", world.mock.url])
    shown = capsys.readouterr().out
    assert f"\n    ! {told}\n" in shown
    assert shown.startswith(f"posts to {APP}/api/dataverse/events\n")
    assert max(map(len, shown.splitlines())) <= 100
    assert "1 not as definitions ask" in shown

    sync_with(world.admin, APP, "key")

    assert examined(world, capsys)[1]["webhooks"] == []
    main(["webhooks", "list", "--url", world.mock.url, "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert {one["condition"] for one in listed["steps"]} == {"as it should be"}
    assert listed["address"] == f"{APP}/api/dataverse/events"


def test_applying_another_filter_brings_the_steps_into_line_and_says_so(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "d.yaml").write_text(RULED.replace("address1_country", "name"))
    capsys.readouterr()
    assert main(["apply", str(folder), "--url", world.mock.url]) == 0
    assert "\nWebhooks:\n  update Work Assignment: Update of account (columns)\n" in (
        capsys.readouterr().out
    )
    assert examined(world, capsys)[1]["webhooks"] == []


def test_without_a_registration_list_refuses_and_doctor_says_how_to_register(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with MockServer() as mock, connect(mock.url, Credentials()) as admin:
        world = World(mock, admin, tmp_path)
        world.settle_in({"Ana": 5})
        assert main(["webhooks", "list", "--url", mock.url]) == 1
        assert "'wa webhooks sync --endpoint URL' does that" in capsys.readouterr().err
        status, found = examined(world, capsys)
    assert status == 1
    (told,) = found["webhooks"]
    assert told["what"] == "nothing is registered: new records wait for the timer"


def test_a_destination_without_rules_is_a_warning(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.define({"Ana": 5}, RULED.split("rules:")[0] + "rules: []\n")
    status, found = examined(world, capsys)
    assert status == 0
    assert [one["what"] for one in found["destinations"]] == [
        "segment 'Big' (lead) has no active rule: records move in, and rules cannot run"
    ]


def test_a_seller_who_left_is_told_by_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (ana,) = world.admin.rows(
        Query(SYSTEM_USER.entity_set, filter=eq(SystemUserColumn.FIRST_NAME, "Ana"))
    )
    change(world, SYSTEM_USER.entity_set, ana[SYSTEM_USER.primary_id], isdisabled=True)
    _, found = examined(world, capsys)
    assert [one["what"] for one in found["people"]] == ["Ana Seller is disabled and still a seller"]


def test_a_manager_who_left_is_told_with_her_segment(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.define({"Ana": 5}, RULED.replace("allow_move_in: true", "manager: ana@team.example"))
    (ana,) = world.admin.rows(
        Query(SYSTEM_USER.entity_set, filter=eq(SystemUserColumn.FIRST_NAME, "Ana"))
    )
    change(world, SYSTEM_USER.entity_set, ana[SYSTEM_USER.primary_id], isdisabled=True)
    _, found = examined(world, capsys)
    assert "Ana Seller is disabled and manager of segment 'Big'" in [
        one["what"] for one in found["people"]
    ]


def test_a_broken_schedule_is_a_fault_of_its_segment(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (segment,) = world.admin.rows(Query(SEGMENT.entity_set))
    change(world, SEGMENT.entity_set, segment[SEGMENT.primary_id], wa_schedule="{")
    status, found = examined(world, capsys)
    assert status == 1
    assert any("schedule" in one["what"] for one in found["definitions"])


def test_a_column_that_an_import_left_out_is_told_with_its_table(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = {"wa_setting": frozenset({"wa_name", "wa_new"}), "wa_later": frozenset({"wa_name"})}
    monkeypatch.setattr("work_assignment.cli.doctor.packaged_columns", lambda: packaged)
    status, found = examined(world, capsys)
    assert status == 1
    assert [one["what"] for one in found["solution"]] == [
        "there is no table wa_later",
        "wa_setting lacks wa_new",
    ]


def test_a_user_without_rights_is_told_which_are_missing(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAVERSE_TOKEN", "user:ana@team.example")
    status, found = examined(world, capsys)
    assert status == 1
    assert any("prvWritewa_routingrun" in one["what"] for one in found["privileges"])


def test_teams_without_an_address_is_a_warning(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.define({"Ana": 5}, "settings: {notifications: {assigned: [app, teams]}}\n" + RULED)
    status, found = examined(world, capsys)
    assert status == 0
    assert "WA_TEAMS_URL is not set" in found["notifications"][0]["what"]


def test_a_registration_with_another_key_is_a_warning(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WA_FUNCTION_KEY", "another")
    status, found = examined(world, capsys)
    assert status == 0
    assert [one["what"] for one in found["webhooks"]] == [
        "registered with another key than WA_FUNCTION_KEY has here"
    ]


def test_record_types_that_cannot_be_read_are_one_fault_and_named_columns_none(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    changes = {
        SettingColumn.TRIGGER_COLUMNS: '{"lead": ["description"]}',
        SettingColumn.RECORD_TYPES: "lead",
    }
    change(world, SETTING.entity_set, setting[SETTING.primary_id], **changes)
    _, found = examined(world, capsys)
    (told,) = found["definitions"]
    assert told["what"].startswith("settings, record_types: it is no JSON")
    assert "lacks description" in found["webhooks"][0]["what"]


def test_a_trigger_column_that_is_gone_is_a_fault_and_the_others_ring_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    named = json.dumps({"lead": ["new_gone", "description"]})
    change(
        world,
        SETTING.entity_set,
        setting[SETTING.primary_id],
        **{SettingColumn.TRIGGER_COLUMNS: named},
    )
    status, found = examined(world, capsys)
    assert status == 1
    assert [one["what"] for one in found["definitions"]] == [
        "settings, trigger_columns: lead has no column 'new_gone'"
    ]
    assert "lacks description" in found["webhooks"][0]["what"]


def test_a_broken_filter_is_told_and_the_other_checks_go_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (segment,) = world.admin.rows(Query(SEGMENT.entity_set))
    change(world, SEGMENT.entity_set, segment[SEGMENT.primary_id], wa_filter="<fil")
    status, found = examined(world, capsys)
    assert status == 1
    assert "segment 'Big'" in found["definitions"][0]["what"]
    assert found["people"] == []


def test_where_nobody_answers_it_says_so_and_stops(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--url", "http://127.0.0.1:1", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["check"], told["level"]) == ("connection", "fault")
    assert "DATAVERSE_URL" in told["advice"]


def test_sync_without_an_address_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["webhooks", "sync", "--url", "http://127.0.0.1:1"])
    assert ended.value.code == 2
    assert "--endpoint URL" in capsys.readouterr().err


def test_a_test_whose_app_is_away_says_where_it_looked(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WA_FUNCTION_KEY", "key")
    asked = ["webhooks", "test", "--url", world.mock.url, "--endpoint", "http://127.0.0.1:1"]
    capsys.readouterr()
    assert main(asked) == 1
    assert "the app cannot be reached at http://127.0.0.1:1" in capsys.readouterr().err


BY_EMAIL = """
settings:
  notifications:
    assigned: [app, email]
    email_from: ana@team.example
    email_templates: {assigned: For you}
"""


def by_email(world: World) -> str:
    """Ana sends e-mail, by a template; her id."""
    (ana,) = world.admin.rows(
        Query(SYSTEM_USER.entity_set, filter=eq(SystemUserColumn.FIRST_NAME, "Ana"))
    )
    ana_id = str(ana[SYSTEM_USER.primary_id])
    change(world, SYSTEM_USER.entity_set, ana_id, internalemailaddress="ana@team.example")
    row = {TemplateColumn.TITLE: "For you", TemplateColumn.TYPE: "lead"}
    world.admin.send(messages.create(EMAIL_TEMPLATE.entity_set, row))
    world.define({"Ana": 5}, BY_EMAIL + RULED)
    return ana_id


def test_email_with_a_sender_and_a_template_is_in_order(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    by_email(world)
    _, found = examined(world, capsys)
    assert found["notifications"] == []
    assert found["privileges"] == []


def test_a_sender_who_is_disabled_and_a_template_that_is_gone_are_faults_and_nothing_is_ok(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    sender = by_email(world)
    change(world, SYSTEM_USER.entity_set, sender, isdisabled=True)
    (row,) = world.admin.rows(Query(EMAIL_TEMPLATE.entity_set))
    world.admin.send(
        messages.delete(EMAIL_TEMPLATE.entity_set, str(row[EMAIL_TEMPLATE.primary_id]))
    )
    capsys.readouterr()
    assert main(["doctor", "--url", world.mock.url, "--json"]) == 1
    told = [
        (one["level"], one["what"])
        for one in json.loads(capsys.readouterr().out)
        if one["check"] == "notifications"
    ]
    assert told == [
        ("fault", "user 'Ana Seller', who sends e-mail, is disabled"),
        ("fault", "there is no e-mail template 'For you', so nobody is told by it"),
    ]


def test_a_sender_who_is_gone_is_a_fault(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    gone = "5a1e5000-0000-4000-8000-00000000dead"
    said = {"channels": {"moved": ["email"]}, "email_from": {"table": "queue", "id": gone}}
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    change(
        world,
        SETTING.entity_set,
        setting[SETTING.primary_id],
        **{SettingColumn.NOTIFICATIONS: json.dumps(said)},
    )
    status, found = examined(world, capsys)
    assert status == 1
    assert [one["what"] for one in found["notifications"]] == [
        f"e-mail is sent by a queue that is gone ({gone})"
    ]


def test_rights_to_tell_and_to_delete_old_runs_are_looked_at_and_those_of_email_where_it_is_used(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> dict[str, list[str]]:
        levels = {"fault": "", "warning": ""}
        for one in examined(world, capsys)[1]["privileges"]:
            levels[one["level"]] += f" {one['what']}"
        return {level: text.replace(",", "").split() for level, text in levels.items()}

    monkeypatch.setattr(CheckupStore, "privileges", lambda store, user_id: frozenset())
    monkeypatch.setattr("work_assignment.services.checks.environment._MOST_SHOWN", 100)
    plain = lacking()
    assert {
        "prvCreateAppNotification",
        "prvWriteAppNotification",
        "prvReadUserSettings",
        "prvReadwa_workitemstate",
        "prvReadwa_worklistsetting",
    } <= set(plain["fault"])
    assert {"prvDeletewa_routingrun", "prvDeletewa_sweep", "prvBulkDelete"} <= set(plain["warning"])
    assert "prvSendAsUser" not in plain["warning"]
    by_email(world)
    assert {
        *("prvCreateActivity", "prvReadActivity", "prvWriteActivity", "prvAppendActivity"),
        *("prvReadEmailTemplate", "prvSendAsUser"),
    } <= set(lacking()["warning"])


@pytest.mark.parametrize(
    "column",
    [
        SettingColumn.NOTIFICATIONS,
        SettingColumn.TRIGGER_COLUMNS,
        SettingColumn.RECORD_TYPES,
        SettingColumn.ELIGIBLE_ROLES,
    ],
)
def test_a_cell_that_is_nested_beyond_reading_is_one_fault_and_routing_goes_on(
    world: World, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    deep = "[" * 1_900 + "]" * 1_900
    change(world, SETTING.entity_set, setting[SETTING.primary_id], **{column: deep})
    _, found = examined(world, capsys)
    (told,) = found["definitions"]
    assert told["what"].endswith("it is nested more than 150 deep")
    assert found["record types"] == []


def test_a_schedule_that_is_nested_beyond_reading_is_one_fault_and_its_segment_goes_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (segment,) = world.admin.rows(Query(SEGMENT.entity_set))
    change(world, SEGMENT.entity_set, segment[SEGMENT.primary_id], wa_schedule="[" * 20_000)
    _, found = examined(world, capsys)
    (told,) = found["definitions"]
    assert told["what"] == "segment 'Big', schedule: it is nested more than 150 deep"
    assert found["destinations"] == []


def test_applying_tells_as_data_what_it_changed_of_the_webhooks(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "d.yaml").write_text(RULED.replace("address1_country", "name"))
    command = ["apply", str(folder), "--json", "--url", world.mock.url]
    capsys.readouterr()
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["webhooks"] == [
        {"verb": "update", "name": "Work Assignment: Update of account", "columns": ["columns"]}
    ]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["webhooks"] == []


def test_a_wrong_key_is_told_with_the_option_that_names_the_app(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WA_FUNCTION_KEY", "another")
    capsys.readouterr()
    assert main(["webhooks", "test", "--url", world.mock.url]) == 1
    assert "'wa webhooks sync --endpoint URL' registers this one" in capsys.readouterr().err
