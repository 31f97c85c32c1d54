"""Global choices, and the messages that change the options of any choice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    NAMESPACE,
    column,
    fresh,
    label,
    make,
    make_table,
    of,
    options,
)

PATH = "GlobalOptionSetDefinitions"


def _choice(name: str, *pairs: tuple[int, str], **members: Any) -> dict[str, Any]:
    return options(*pairs) | {
        "Name": name,
        "IsGlobal": True,
        "DisplayName": label(name, l1031="Auswahl"),
        **members,
    }


def _values(api: Api, name: str) -> dict[int, str]:
    found = api.row(f"{PATH}(Name='{name}')")["Options"]
    return {each["Value"]: each["Label"]["UserLocalizedLabel"]["Label"] for each in found}


def _column_values(api: Api, table: str, name: str) -> dict[int, str]:
    path = f"{of(table)}/Attributes(LogicalName='{name}')/{NAMESPACE}PicklistAttributeMetadata"
    found = api.row(f"{path}?$expand=OptionSet")["OptionSet"]["Options"]
    return {each["Value"]: each["Label"]["UserLocalizedLabel"]["Label"] for each in found}


def _formatted(api: Api, path: str, name: str) -> str | None:
    prefer = {"Prefer": 'odata.include-annotations="*"'}
    row = api.get(f"{path}?$select={name}", headers=prefer).json()
    shown: str | None = row.get(f"{name}@OData.Community.Display.V1.FormattedValue")
    return shown


@pytest.fixture
def name(api: Api) -> str:
    name = fresh("new_colors")
    make(api, PATH, _choice(name, (1, "Red"), (2, "Blue")))
    return name


def test_a_global_choice_is_found_by_name_and_id(api: Api, name: str) -> None:
    assert _values(api, name) == {1: "Red", 2: "Blue"}
    found = api.row(f"{PATH}(Name='{name}')")
    assert (found["IsGlobal"], found["IsCustomOptionSet"]) == (True, True)
    assert len(found["DisplayName"]["LocalizedLabels"]) == 2
    assert api.row(f"{PATH}({found['MetadataId']})")["Name"] == name


@pytest.mark.parametrize("form", ["id", "name", "option set"])
@pytest.mark.parametrize("kind", ["Picklist", "MultiSelectPicklist"])
def test_columns_share_a_global_choice(api: Api, name: str, form: str, kind: str) -> None:
    metadata_id = api.row(f"{PATH}(Name='{name}')")["MetadataId"]
    forms: dict[str, dict[str, Any]] = {
        "id": {"GlobalOptionSet@odata.bind": f"/{PATH}({metadata_id})"},
        "name": {"GlobalOptionSet@odata.bind": f"{PATH}(Name='{name}')"},
        "option set": {"OptionSet": {"IsGlobal": True, "Name": name}},
    }
    members = forms[form]
    table = make_table(api, column(kind, "new_Color", **members))
    value = 2 if kind == "Picklist" else "1,2"
    row_id = api.create(f"{table}s", new_color=value)
    assert api.row(f"{table}s({row_id})")["new_color"] == value
    path = f"{of(table)}/Attributes(LogicalName='new_color')/{NAMESPACE}{kind}AttributeMetadata"
    found = api.row(f"{path}?$expand=GlobalOptionSet")["GlobalOptionSet"]
    assert (found["Name"], found["MetadataId"]) == (name, metadata_id)


def test_a_new_option_is_valid_in_every_column_at_once(api: Api, name: str) -> None:
    bound = {"GlobalOptionSet@odata.bind": f"/{PATH}(Name='{name}')"}
    table = make_table(api, column("Picklist", "new_Color", **bound))
    body = {"OptionSetName": name, "Label": label("Green"), "Value": 7}
    answer = api.post("InsertOptionValue", body)
    assert answer.status_code == 200
    assert answer.json()["NewOptionValue"] == 7
    assert answer.json()["@odata.context"].endswith(f"#{NAMESPACE}InsertOptionValueResponse")
    row_id = api.create(f"{table}s", new_color=7)
    assert _formatted(api, f"{table}s({row_id})", "new_color") == "Green"


def test_options_are_relabelled_reordered_and_deleted(api: Api, name: str) -> None:
    new = {"OptionSetName": name, "Value": 1, "Label": label("Crimson"), "MergeLabels": False}
    assert api.post("UpdateOptionValue", new).status_code == 204
    order = {"OptionSetName": name, "Values": [2, 1]}
    assert api.post("OrderOption", order).status_code == 204
    assert list(_values(api, name).items()) == [(2, "Blue"), (1, "Crimson")]
    assert api.post("DeleteOptionValue", {"OptionSetName": name, "Value": 2}).status_code == 204
    assert _values(api, name) == {1: "Crimson"}
    added = api.post("InsertOptionValue", {"OptionSetName": name, "Label": label("Next")})
    assert added.json()["NewOptionValue"] == 2


def test_merged_labels_keep_other_languages(api: Api, name: str) -> None:
    for labels, merge in ((label("Red", l1031="Rot"), False), (label("Crimson"), True)):
        body = {"OptionSetName": name, "Value": 1, "Label": labels, "MergeLabels": merge}
        assert api.post("UpdateOptionValue", body).status_code == 204
    found = api.row(f"{PATH}(Name='{name}')")["Options"][0]["Label"]["LocalizedLabels"]
    assert {each["LanguageCode"]: each["Label"] for each in found} == {1033: "Crimson", 1031: "Rot"}


def test_options_of_one_column_change_too(api: Api) -> None:
    table = make_table(api, column("Picklist", "new_Kind", OptionSet=options((1, "a"), (2, "b"))))
    where = {"EntityLogicalName": table, "AttributeLogicalName": "new_kind"}
    row_id = api.create(f"{table}s", new_kind=2)
    added = api.post("InsertOptionValue", {**where, "Label": label("c"), "Value": 3})
    assert added.json()["NewOptionValue"] == 3
    assert _column_values(api, table, "new_kind") == {1: "a", 2: "b", 3: "c"}
    api.create(f"{table}s", new_kind=3)
    assert api.post("DeleteOptionValue", {**where, "Value": 2}).status_code == 204
    assert api.row(f"{table}s({row_id})")["new_kind"] == 2
    assert _formatted(api, f"{table}s({row_id})", "new_kind") in (None, "2")
    assert_fault(api.post(f"{table}s", {"new_kind": 2}), 400, "0x8004431a", "new_kind")


def test_a_state_gets_another_status_reason(api: Api) -> None:
    table = make_table(api)
    where = {"EntityLogicalName": table, "AttributeLogicalName": "statuscode"}
    body = {**where, "Label": label("Waiting"), "StateCode": 0}
    added = api.post("InsertStatusValue", body)
    value = added.json()["NewOptionValue"]
    row_id = api.create(f"{table}s", statuscode=value)
    assert api.row(f"{table}s({row_id})")["statecode"] == 0
    assert_fault(api.post("InsertStatusValue", {**body, "StateCode": 9}), 400, "0x80040203", "9")
    assert_fault(api.post("DeleteOptionValue", {**where, "Value": 1}), 400, "0x80040203", "1")
    assert api.post("DeleteOptionValue", {**where, "Value": value}).status_code == 204


def test_put_replaces_the_labels_of_a_choice(api: Api, name: str) -> None:
    body = api.row(f"{PATH}(Name='{name}')") | {"DisplayName": label("Colours")}
    body["@odata.type"] = f"{NAMESPACE}OptionSetMetadata"
    assert api.put(f"{PATH}({body['MetadataId']})", body).status_code == 204
    found = api.row(f"{PATH}(Name='{name}')")
    assert [each["Label"] for each in found["DisplayName"]["LocalizedLabels"]] == ["Colours"]
    assert _values(api, name) == {1: "Red", 2: "Blue"}
    renamed = body | {"Name": "new_other"}
    answer = api.put(f"{PATH}({body['MetadataId']})", renamed)
    assert_fault(answer, 400, "0x80040203", "new_other")


def test_a_choice_is_kept_while_columns_have_it(api: Api, name: str) -> None:
    bound = {"GlobalOptionSet@odata.bind": f"/{PATH}(Name='{name}')"}
    table = make_table(api, column("Picklist", "new_Color", **bound))
    answer = api.delete(f"{PATH}(Name='{name}')")
    assert_fault(answer, 400, "0x8004f01f", "new_color", table)
    api.delete(f"{of(table)}/Attributes(LogicalName='new_color')")
    assert api.delete(f"{PATH}(Name='{name}')").status_code == 204
    assert_fault(api.get(f"{PATH}(Name='{name}')"), 404, "0x80060888", name)


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        (_choice("colors", (1, "a")), 400, "0x80040203", "colors"),
        (_choice("new_bad", (1, "a"), (1, "b")), 400, "0x80040203", "value 1"),
        (_choice("new_bad", (2**31, "a")), 400, "0x80040203", str(2**31)),
        (_choice("new_bad", IsGlobal=False), 400, "0x80040203", "IsGlobal"),
        (_choice("new_bad", OptionSetType="State"), 400, "0x80040203", "Picklist"),
        (_choice("new_bad", OptionSetType="Boolean"), 501, "0x80060888", "Boolean"),
        (_choice("new_bad", Options="none"), 400, "0x80048d19", "Options"),
        (options((1, "a")) | {"IsGlobal": True}, 400, "0x80040203", "Name"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(
    api: Api, body: dict[str, Any], status: int, code: str, words: str
) -> None:
    assert_fault(api.post(PATH, body), status, code, words)
    assert api.get(f"{PATH}(Name='new_bad')").status_code == 404


def test_a_choice_is_not_made_twice(api: Api, name: str) -> None:
    answer = api.post(PATH, _choice(name.upper().replace("NEW_", "new_"), (1, "a")))
    assert_fault(answer, 400, "0x80047010", "not unique")


@pytest.mark.parametrize(
    ("message", "body", "words"),
    [
        ("InsertOptionValue", {"Label": label("x")}, "EntityLogicalName"),
        ("InsertOptionValue", {"OptionSetName": "{name}"}, "Label"),
        ("InsertOptionValue", {"OptionSetName": "{name}", "Value": 1, "Label": label("x")}, "1"),
        (
            "InsertOptionValue",
            {"OptionSetName": "{name}", "Value": 2**31, "Label": label("x")},
            "32-bit",
        ),
        ("UpdateOptionValue", {"OptionSetName": "{name}", "Value": 9, "Label": label("x")}, "9"),
        ("UpdateOptionValue", {"OptionSetName": "{name}", "Label": label("x")}, "Value"),
        ("DeleteOptionValue", {"OptionSetName": "{name}", "Value": 9}, "9"),
        ("OrderOption", {"OptionSetName": "{name}", "Values": [1]}, "[1]"),
        ("OrderOption", {"OptionSetName": "{name}", "Values": [1, "2"]}, "2"),
        ("OrderOption", {"OptionSetName": "{name}"}, "Values"),
        (
            "InsertOptionValue",
            {"EntityLogicalName": "account", "AttributeLogicalName": "name", "Label": label("x")},
            "String",
        ),
    ],
)
def test_wrong_calls_are_refused_by_name(
    api: Api, name: str, message: str, body: dict[str, Any], words: str
) -> None:
    body = {key: name if value == "{name}" else value for key, value in body.items()}
    assert_fault(api.post(message, body), 400, "0x80040203", words)
    assert _values(api, name) == {1: "Red", 2: "Blue"}


def test_calls_name_choices_that_exist_and_known_parameters(api: Api) -> None:
    body = {"OptionSetName": "new_nothing", "Label": label("x")}
    assert_fault(api.post("InsertOptionValue", body), 404, "0x80060888", "new_nothing")
    body = {"EntityLogicalName": "nothing", "AttributeLogicalName": "x", "Label": label("x")}
    assert_fault(api.post("InsertOptionValue", body), 404, "0x80060888", "nothing")
    assert_fault(api.post("InsertOptionValue", {"Poem": 1}), 400, "0x80060888", "Poem")


def test_publishing_is_answered(api: Api) -> None:
    xml = "<importexportxml><entities><entity>account</entity></entities></importexportxml>"
    assert api.post("PublishXml", {"ParameterXml": xml}).status_code == 204
    assert api.send("POST", "PublishAllXml").status_code == 204
    assert_fault(api.post("PublishXml", {}), 400, "0x80040203", "ParameterXml")


def test_a_state_gets_another_label_and_default(api: Api) -> None:
    table = make_table(api)
    where = {"EntityLogicalName": table, "AttributeLogicalName": "statuscode"}
    added = api.post("InsertStatusValue", {**where, "Label": label("Sleeping"), "StateCode": 1})
    state = where | {"AttributeLogicalName": "statecode", "Value": 1, "MergeLabels": False}
    sleeping = added.json()["NewOptionValue"]
    body = state | {"Label": label("Asleep"), "DefaultStatusCode": sleeping}
    assert api.post("UpdateStateValue", body).status_code == 204
    row_id = api.create(f"{table}s", new_name="x")
    api.patch(f"{table}s({row_id})", {"statecode": 1})
    assert api.row(f"{table}s({row_id})")["statuscode"] == sleeping
    assert _formatted(api, f"{table}s({row_id})", "statecode") == "Asleep"
    wrong = state | {"DefaultStatusCode": 1}
    assert_fault(api.post("UpdateStateValue", wrong), 400, "0x80040203", "DefaultStatusCode 1")


def test_a_default_goes_with_its_option(api: Api, name: str) -> None:
    bound = {"GlobalOptionSet@odata.bind": f"/{PATH}(Name='{name}')", "DefaultFormValue": 2}
    table = make_table(api, column("Picklist", "new_Color", **bound))
    assert api.row(f"{table}s({api.create(f'{table}s', new_name='x')})")["new_color"] == 2
    api.post("DeleteOptionValue", {"OptionSetName": name, "Value": 2})
    assert api.row(f"{table}s({api.create(f'{table}s', new_name='x')})")["new_color"] is None


@pytest.mark.parametrize(
    "message", ["CreatePolymorphicLookupAttribute", "CreateCustomerRelationships"]
)
def test_lookups_of_several_tables_are_not_emulated(api: Api, message: str) -> None:
    assert_fault(api.post(message, {}), 501, "0x80060888", message)
