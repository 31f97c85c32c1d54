"""Requests that name members which definitions do not have."""

from __future__ import annotations

from tests.mock_dataverse.core.client import Api, assert_fault

from .bodies import column, fresh, label, make_table, of, one_to_many, options, table


def test_members_that_a_definition_does_not_have_are_refused(api: Api) -> None:
    name = make_table(api)
    lookup = one_to_many(fresh("new_rel"), "account", name, fresh("new_To"))
    key = {"SchemaName": fresh("new_Key"), "KeyAttributes": ["new_name"], "Columns": ["x"]}
    choice = options((1, "One")) | {"Name": fresh("new_set"), "IsGlobal": True, "Sort": 1}
    for path, body, culprit in (
        ("EntityDefinitions", table(fresh(), Size=1), "Size"),
        ("EntityDefinitions", table(fresh(), column("String", "new_X", Length=5)), "Length"),
        (f"{of(name)}/Attributes", column("Integer", "new_X", MaxLength=5), "MaxLength"),
        (f"{of(name)}/Keys", key, "Columns"),
        ("RelationshipDefinitions", {**lookup, "Cascade": {}}, "Cascade"),
        ("GlobalOptionSetDefinitions", choice, "Sort"),
    ):
        assert_fault(api.post(path, body), 400, "0x80048d19", f"'{culprit}'")
    whole = {**api.row(of(name)), "displayname": label("x")}
    assert_fault(api.put(of(name), whole), 400, "0x80048d19", "'displayname'")
