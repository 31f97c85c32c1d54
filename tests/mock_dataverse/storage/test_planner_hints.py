"""Which index a page of a large table is read by; nobody counts rows for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.storage.store import Store
from work_assignment.mock_dataverse.tables.catalogs import build_catalog

_OLDEST = "ORDER BY createdon, leadid LIMIT 51"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(build_catalog([]), tmp_path / "kept.db")
    yield opened
    opened.close()


def plan(db: sqlite3.Connection, condition: str, order: str) -> str:
    """Say how SQLite goes about a page of leads."""
    steps = db.execute(f"EXPLAIN QUERY PLAN SELECT subject FROM lead WHERE {condition} {order}")  # noqa: S608 - constants of this test
    return "; ".join(step["detail"] for step in steps)


@pytest.mark.parametrize(
    ("condition", "order", "index"),
    [
        ("statecode = 0 AND parentaccountid = 'a'", _OLDEST, "by__lead__parentaccountid "),
        ("statecode = 0 AND versionnumber > 9", "LIMIT 51", "by__lead__versionnumber "),
        ("statecode = 0", _OLDEST, "by__lead__statecode__createdon__leadid "),
        ("statecode = 0", "ORDER BY leadid LIMIT 51", "by__lead__statecode__leadid "),
        ("statecode = 0 AND ownerid = 'a'", _OLDEST, "by__lead__ownerid__statecode__createdon"),
        ("statecode = 0 AND ownerid = 'a'", "ORDER BY leadid LIMIT 51",
         "by__lead__ownerid__statecode__leadid "),
    ],
)  # fmt: skip
def test_a_page_is_read_by_the_index_that_few_rows_share(
    store: Store, condition: str, order: str, index: str
) -> None:
    with store.reading() as db:
        assert f"USING INDEX {index}" in plan(db, condition, order)


def test_the_connection_that_writes_reads_by_the_same_index(store: Store) -> None:
    condition = "statecode = 0 AND parentaccountid = 'a'"
    with store.writing() as db:
        assert "by__lead__parentaccountid" in plan(db, condition, _OLDEST)


def test_a_file_that_is_opened_again_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    for _ in range(2):
        store = Store(build_catalog([]), path)
        with store.reading() as db:
            hints = db.execute('SELECT "idx" FROM "sqlite_stat1"').fetchall()
            assert "by__lead__parentaccountid" in plan(
                db, "statecode = 0 AND parentaccountid = 'a'", _OLDEST
            )
        store.close()
        assert len(hints) == len({row["idx"] for row in hints})


def test_a_table_made_at_run_time_is_planned_alike(api: Api) -> None:
    made = api.post(
        "EntityDefinitions",
        {
            "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
            "SchemaName": "new_Visit",
            "DisplayName": _label("Visit"),
            "DisplayCollectionName": _label("Visits"),
            "OwnershipType": "UserOwned",
            "HasNotes": False,
            "HasActivities": False,
            "Attributes": [
                {
                    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
                    "SchemaName": "new_Name",
                    "IsPrimaryName": True,
                    "MaxLength": 100,
                    "DisplayName": _label("Name"),
                }
            ],
        },
    )
    assert made.status_code == 204, made.text
    with api.server.store.reading() as db:
        steps = db.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM new_visit WHERE statecode = 0 AND ownerid = 'a'"
            " ORDER BY createdon, new_visitid"
        )
        assert "by__new_visit__ownerid__statecode__createdon" in steps.fetchone()["detail"]


def _label(text: str) -> dict[str, object]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}
