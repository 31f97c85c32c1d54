"""RetrieveTotalRecordCount."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault


def test_all_rows_of_tables_are_counted(own_api: Api) -> None:
    for _ in range(3):
        own_api.create("leads", subject="x")
    for path in (
        "RetrieveTotalRecordCount(EntityNames=['lead','account'])",
        'RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["lead","account"]',
    ):
        answer = own_api.row(path)
        assert answer["@odata.context"].endswith("CRM.RetrieveTotalRecordCountResponse")
        assert answer["EntityRecordCountCollection"] == {
            "Count": 2,
            "IsReadOnly": False,
            "Keys": ["lead", "account"],
            "Values": [3, 0],
        }


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("EntityNames=['nothing']", "0x80041102", "'nothing'"),
        ("EntityNames=['lead", "0x80060888", "EntityNames"),
        ("EntityNames=[1]", "0x80060888", "EntityNames"),
        ("EntityNames='lead'", "0x80060888", "EntityNames"),
        ("", "0x80060888", "EntityNames"),
    ],
)
def test_wrong_names_are_named(api: Api, arguments: str, code: str, words: str) -> None:
    assert_fault(api.get(f"RetrieveTotalRecordCount({arguments})"), 400, code, words)
