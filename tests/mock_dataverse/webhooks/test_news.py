"""When the threads that send are woken: by transactions that leave something to be sent."""

from __future__ import annotations

from contextlib import closing

from work_assignment.mock_dataverse.requests.sessions import Organization
from work_assignment.mock_dataverse.storage.connections import add_news
from work_assignment.mock_dataverse.storage.store import Store
from work_assignment.mock_dataverse.tables.catalogs import build_catalog


def test_only_a_transaction_with_news_is_told_of() -> None:
    told: list[str] = []
    with closing(Store(build_catalog([]))) as store:
        organization = Organization(store, lambda: told.append("told"))
        with organization.writing():
            pass
        assert told == []
        with organization.writing() as db:
            add_news(db)
        assert told == ["told"]
        with organization.writing():
            pass
        assert told == ["told"]
