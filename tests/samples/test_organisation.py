"""The invented organisation holds together and fits the tables of Dataverse."""

from __future__ import annotations

from datetime import date

import pytest
from tests.samples.sample_files import catalog, load, load_folder

from work_assignment.mock_dataverse.tables.metadata import ColumnType
from work_assignment.samples import DEFINITIONS, ORGANISATION, SCENARIO

USERS = load(ORGANISATION / "users.yaml")
TEAMS = load(ORGANISATION / "teams.yaml")
ACCOUNTS = load(ORGANISATION / "accounts.yaml")
RECORDS = load(SCENARIO)["records"]
SELLERS = [seller["user"] for seller in load_folder(DEFINITIONS)["sellers"]]
USER_NAMES = {user["domainname"] for user in USERS["rows"]}
ACCOUNT_NAMES = {account["name"] for account in ACCOUNTS["rows"]}
NAMES = {"systemuser": USER_NAMES, "account": ACCOUNT_NAMES}
ROWS = [
    *(("systemuser", {k: v for k, v in user.items() if k != "roles"}) for user in USERS["rows"]),
    *(("team", {k: v for k, v in team.items() if k != "members"}) for team in TEAMS["rows"]),
    *(("account", account) for account in ACCOUNTS["rows"]),
    *((record["table"], record["columns"]) for record in RECORDS),
]


def test_there_are_twelve_sellers_three_managers_three_teams_and_fifteen_accounts() -> None:
    assert len(SELLERS) == len(set(SELLERS)) == 12
    assert len(USER_NAMES) == len(USERS["rows"]) == 15
    assert len(TEAMS["rows"]) == 3
    assert len(ACCOUNT_NAMES) == len(ACCOUNTS["rows"]) == 15


def test_every_seller_is_a_user_with_a_place_a_title_and_a_manager() -> None:
    users = {user["domainname"]: user for user in USERS["rows"]}
    for seller in SELLERS:
        user = users[seller]
        assert seller == f"{seller.split('@')[0]}@larkfell.example"
        for column in ("firstname", "lastname", "jobtitle", "address1_city", "address1_country"):
            assert user[column], f"{seller} has no {column}"
        assert user["parentsystemuserid"]["systemuser"] not in SELLERS


def test_users_come_after_their_managers() -> None:
    seen: set[str] = set()
    for user in USERS["rows"]:
        manager = user.get("parentsystemuserid", {"systemuser": None})["systemuser"]
        assert manager is None or manager in seen
        seen.add(user["domainname"])


def test_every_seller_is_in_one_team_and_teams_hold_sellers_only() -> None:
    members = [member for team in TEAMS["rows"] for member in team["members"]]
    assert sorted(members) == sorted(SELLERS)


@pytest.mark.parametrize("document", [USERS, TEAMS, ACCOUNTS], ids=lambda item: item["table"])
def test_rows_are_told_apart_by_the_key_that_the_file_names(document: dict[str, object]) -> None:
    rows = document["rows"]
    assert isinstance(rows, list)
    keys = [row[document["key"]] for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_row_has_only_columns_that_exist_and_values_that_fit(
    table: str, row: dict[str, object]
) -> None:
    columns = catalog().tables[table].columns
    for name, value in row.items():
        column = columns[name]
        assert column.valid_for_create, name
        match column.type:
            case ColumnType.STRING | ColumnType.MEMO:
                assert isinstance(value, str)
                assert column.max_length is None or len(value) <= column.max_length
            case ColumnType.PICKLIST:
                assert isinstance(value, int)
                assert column.option(value), f"{name} has no option {value}"
            case ColumnType.INTEGER | ColumnType.MONEY:
                assert isinstance(value, int)
                assert value >= 0
            case ColumnType.LOOKUP:
                assert isinstance(value, dict)
                ((target, called),) = value.items()
                assert target in column.targets
                assert called in NAMES[target], called
            case ColumnType.DATETIME:
                assert isinstance(value, str)
                assert column.date_only_format
                date.fromisoformat(value)
            case other:
                pytest.fail(f"{name} is a {other} column")


def test_addresses_and_web_sites_are_of_reserved_domains() -> None:
    for _, row in ROWS:
        for column in ("domainname", "emailaddress1", "websiteurl"):
            assert str(row.get(column, "x.example")).endswith(".example")
