"""RetrieveTotalRecordCount: how many rows tables have, without the limit of $count."""

from __future__ import annotations

from ..conditions.comparisons import quoted, select
from ..faults import table_not_found
from ..requests.exchanges import Response
from ..tables.metadata import Catalog, Table
from .calls import Call


def retrieve_total_record_count(call: Call) -> Response:
    """Count all rows of each table; Dataverse answers from a snapshot of the last 24 hours."""
    call.expect("EntityNames")
    catalog = call.session.catalog
    tables = [_table(catalog, name) for name in call.texts("EntityNames")]
    by_name = {table.logical_name: table for table in tables}
    with call.session.reading() as db:
        counts = [
            db.execute(select("count(*)", quoted(name), "1")).fetchone()[0] for name in by_name
        ]
    collection = {
        "Count": len(counts),
        "IsReadOnly": False,
        "Keys": list(by_name),
        "Values": counts,
    }
    return call.answer({"EntityRecordCountCollection": collection})


def _table(catalog: Catalog, name: str) -> Table:
    table = catalog.tables.get(name)
    if table is None:
        raise table_not_found(name)
    return table
