"""Queries through Microsoft's client: builder, pages, FetchXML, SQL, data frames."""

from __future__ import annotations

from importlib import import_module

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col, raw
from PowerPlatform.Dataverse.models.query_builder import ExpandOption, QueryBuilder
from PowerPlatform.Dataverse.models.record import QueryResult

pandas = import_module("pandas")  # it has no type hints here
COLUMNS = ("name", "revenue", "industrycode")


def rows_of(query: QueryBuilder) -> QueryResult:
    found = query.execute()
    assert isinstance(found, QueryResult)
    return found


@pytest.fixture(scope="module", autouse=True)
def accounts(client: DataverseClient) -> list[str]:
    """Twelve accounts, each with a contact; every third one is in consulting."""
    ids = client.records.create(
        "account",
        [
            {"name": f"Q {n:02}", "revenue": 1000 * n, "industrycode": 7 if n % 3 == 0 else None}
            for n in range(12)
        ],
    )
    client.records.create(
        "contact",
        [
            {
                "firstname": "Née",
                "lastname": f"Person {n:02}",
                "parentcustomerid_account@odata.bind": f"/accounts({account})",
            }
            for n, account in enumerate(ids)
        ],
    )
    return ids


def test_the_builder_selects_filters_sorts_and_pages(client: DataverseClient) -> None:
    query = (
        client.query.builder("account")
        .select(*COLUMNS)
        .where(col("name").like("Q %") & (col("revenue").between(2000, 9000)))
        .where((col("industrycode") == 7) | col("name").in_(["Q 04", "Q 05"]))
        .order_by("revenue", descending=True)
        .page_size(2)
    )
    assert [row["name"] for row in rows_of(query)] == ["Q 09", "Q 06", "Q 05", "Q 04", "Q 03"]
    assert [len(page) for page in query.execute_pages()] == [2, 2, 1]


def test_conditions_are_negated(client: DataverseClient) -> None:
    query = client.query.builder("account").select("name").order_by("name")
    found = query.where(
        col("name").like("Q %")
        & ~col("name").like("%1%")
        & col("name").not_in(["Q 00", "Q 02"])
        & col("industrycode").is_null()
        & raw("revenue lt 8000")
    )
    assert [row["name"] for row in rows_of(found)] == ["Q 04", "Q 05", "Q 07"]


def test_labels_and_related_rows_come_with_the_rows(client: DataverseClient) -> None:
    people = ExpandOption("contact_customer_accounts").select("lastname").top(1)
    query = (
        client.query.builder("account")
        .select("name", "industrycode")
        .where(col("name") == "Q 03")
        .include_formatted_values()
        .expand(people, "owninguser")
    )
    (row,) = rows_of(query)
    label = row["industrycode@OData.Community.Display.V1.FormattedValue"]
    assert label == "Consulting"
    assert [person["lastname"] for person in row["contact_customer_accounts"]] == ["Person 03"]
    assert row["owninguser"]["fullname"]


def test_lists_take_options_and_count(client: DataverseClient) -> None:
    rows = client.records.list(
        "account", select=["name"], filter=col("name").startswith("Q "), top=3, count=True
    )
    assert len(rows) == 3
    pages = client.records.list_pages(
        "account", select=["name"], filter="startswith(name,'Q ')", page_size=5
    )
    assert [len(page) for page in pages] == [5, 5, 2]


def test_fetchxml_is_paged_by_its_cookies(client: DataverseClient) -> None:
    query = client.query.fetchxml(
        "<fetch count='5'><entity name='account'><attribute name='name'/>"
        "<filter><condition attribute='name' operator='like' value='Q %'/></filter>"
        "<order attribute='name'/>"
        "<link-entity name='contact' from='parentcustomerid' to='accountid' alias='p'>"
        "<attribute name='lastname'/></link-entity></entity></fetch>"
    )
    pages = list(query.execute_pages())
    assert [len(page) for page in pages] == [5, 5, 2]
    rows = list(query.execute())
    assert [row["name"] for row in rows] == [f"Q {n:02}" for n in range(12)]
    assert rows[7]["p.lastname"] == "Person 07"


def test_sql_joins_groups_and_limits(client: DataverseClient) -> None:
    joined = client.query.sql(
        "SELECT TOP 2 a.name, c.fullname FROM account a "
        "JOIN contact c ON c.parentcustomerid = a.accountid "
        "WHERE a.name LIKE 'Q 0%' AND a.revenue >= 3000 ORDER BY a.name"
    )
    assert [(row["name"], row["fullname"]) for row in joined] == [
        ("Q 03", "Née Person 03"),
        ("Q 04", "Née Person 04"),
    ]
    (grouped,) = client.query.sql(
        "SELECT industrycode, COUNT(*) AS n, SUM(revenue) AS total FROM account "
        "WHERE name LIKE 'Q %' AND industrycode IS NOT NULL GROUP BY industrycode"
    )
    assert (grouped["industrycode"], grouped["n"], grouped["total"]) == (7, 4, 18000)
    columns = {column["name"]: column["type"] for column in client.query.sql_columns("account")}
    assert (columns["revenue"], columns["primarycontactid"]) == ("Money", "Lookup")


def test_sql_that_names_nothing_known_is_refused(client: DataverseClient) -> None:
    with pytest.raises(HttpError, match="nothing_like_it") as refused:
        client.query.sql("SELECT nothing_like_it FROM account")
    assert refused.value.status_code == 400


def test_navigation_is_discovered(client: DataverseClient) -> None:
    ways = {
        each["nav_property"]: each["target_table"] for each in client.query.odata_expands("contact")
    }
    assert ways["parentcustomerid_account"] == "account"
    assert ways["ownerid"] in ("systemuser", "team")


def test_data_frames_go_in_and_come_out(client: DataverseClient) -> None:
    frame = pandas.DataFrame(
        {"lastname": ["Frame A", "Frame B", "Frame C"], "jobtitle": ["x", None, "z"]}
    )
    frame["contactid"] = client.dataframe.create("contact", frame)
    changes = frame[["contactid"]].assign(jobtitle=["one", "two", "three"])
    client.dataframe.update("contact", changes, id_column="contactid")
    query = client.query.builder("contact").select("lastname", "jobtitle")
    found = query.where(col("lastname").startswith("Frame ")).order_by("lastname")
    assert rows_of(found).to_dataframe()["jobtitle"].tolist() == ["one", "two", "three"]
    by_sql = client.dataframe.sql("SELECT lastname FROM contact WHERE lastname LIKE 'Frame %'")
    assert len(by_sql) == 3
    client.dataframe.delete("contact", frame["contactid"])
    assert rows_of(query).to_dataframe().empty
