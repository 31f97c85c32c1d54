"""An organization with webhooks registered in it, and the writes that happen there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from work_assignment.mock_dataverse import well_known
from work_assignment.mock_dataverse.caller import Caller
from work_assignment.mock_dataverse.conditions.comparisons import quoted, select
from work_assignment.mock_dataverse.storage.rows import empty_row, insert_row, next_version
from work_assignment.mock_dataverse.storage.store import IN_MEMORY, Store
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.webhooks.operations import (
    CREATE,
    DELETE,
    UPDATE,
    Bypass,
    Operation,
)
from work_assignment.mock_dataverse.webhooks.outbox import Outbox
from work_assignment.mock_dataverse.webhooks.outbox_rows import Delivery, create_outbox, waiting

OCCURRED_AT = datetime(2026, 3, 3, 8, 0, 1, tzinfo=UTC)
SELLER_ID = "11111111-0000-4000-8000-000000000001"
LEAD_ID = "22222222-0000-4000-8000-000000000001"
CALLER = Caller(
    user_id=well_known.ADMINISTRATOR_ID,
    business_unit_id=well_known.BUSINESS_UNIT_ID,
    organization_id=well_known.ORGANIZATION_ID,
    organization_name="mock",
    aad_object_id=well_known.ADMINISTRATOR_AAD_ID,
)


class Organization:
    """A store with the standard tables, one seller, and short ways to register and write."""

    def __init__(self, database: str = IN_MEMORY) -> None:
        self.store = Store(build_catalog([]), database)
        self.outbox = Outbox(self.store.catalog)

    def add_seller(self) -> None:
        self.insert("systemuser", SELLER_ID, fullname="Ann Seller")

    def close(self) -> None:
        self.store.close()

    def insert(self, table_name: str, row_id: str | None = None, **values: Any) -> str:
        table = self.store.catalog.tables[table_name]
        row_id = row_id or str(uuid.uuid4())
        with self.store.writing() as db:
            key = {table.primary_id: row_id, "versionnumber": next_version(db)}
            insert_row(db, table, {**empty_row(table), **values, **key})
        return row_id

    def rows(self, table_name: str) -> list[dict[str, Any]]:
        with self.store.reading() as db:
            statement = select("*", quoted(table_name), "1")
            return [dict(row) for row in db.execute(statement)]

    def endpoint(self, url: str = "http://127.0.0.1:1/hook", **values: Any) -> str:
        defaults = {"name": "hook", "contract": 8, "authtype": 4, "authvalue": "k"}
        return self.insert("serviceendpoint", url=url, **{**defaults, **values})

    def step(
        self, endpoint_id: str, message: str = CREATE, table: str | None = "lead", **values: Any
    ) -> str:
        defaults = {
            "name": f"{table} {message}",
            "stage": 40,
            "mode": 1,
            "rank": 1,
            "statecode": 0,
            "statuscode": 1,
            "asyncautodelete": 0,
            "sdkmessageid": well_known.message_id(message),
            "sdkmessagefilterid": well_known.filter_id(message, table) if table else None,
            "eventhandler": endpoint_id,
        }
        return self.insert("sdkmessageprocessingstep", **{**defaults, **values})

    def image(self, step_id: str, alias: str, kind: int, attributes: str | None = None) -> str:
        return self.insert(
            "sdkmessageprocessingstepimage",
            entityalias=alias,
            imagetype=kind,
            attributes=attributes,
            sdkmessageprocessingstepid=step_id,
        )

    def operation(
        self,
        message: str,
        target: Mapping[str, Any],
        *,
        pre: Mapping[str, Any] | None = None,
        post: Mapping[str, Any] | None = None,
        table: str = "lead",
        row_id: str = LEAD_ID,
        tag: str | None = None,
        bypass: Bypass | None = None,
    ) -> Operation:
        return Operation(
            message=message,
            table=self.store.catalog.tables[table],
            row_id=row_id,
            target=target,
            pre=pre,
            post=post,
            caller=CALLER,
            tag=tag,
            bypass=bypass or Bypass(),
            correlation_id="33333333-0000-4000-8000-000000000001",
            occurred_at=OCCURRED_AT,
        )

    def create(self, target: Mapping[str, Any], **rest: Any) -> None:
        self.write(self.operation(CREATE, target, post={**target, "versionnumber": 7}, **rest))

    def update(self, target: Mapping[str, Any], *, before: Mapping[str, Any], **rest: Any) -> None:
        pre = {**before, "versionnumber": 7}
        post = {**before, **target, "versionnumber": 8}
        self.write(self.operation(UPDATE, target, pre=pre, post=post, **rest))

    def delete(self, before: Mapping[str, Any], **rest: Any) -> None:
        pre = {**before, "versionnumber": 8}
        self.write(self.operation(DELETE, {}, pre=pre, **rest))

    def write(self, operation: Operation, *, fails: bool = False) -> None:
        with self.store.writing() as db:
            self.outbox.enqueue(db, operation)
            if fails:
                raise LookupError("something after the write went wrong")

    def waiting(self) -> list[Delivery]:
        with self.store.writing() as db:
            create_outbox(db)
            return waiting(db, besides=(), limit=1000)
