"""Finds the records that a changed row of another table concerns, back over the joins of filters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from work_assignment.dataverse import fetch
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.fetch import Fetch, Link
from work_assignment.dataverse.names import Common, RoutedColumn
from work_assignment.domain.deciding.related_paths import Path
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Rulebook

_ROWS_AT_ONCE = 200
_OPEN = fetch.Condition(Common.STATE, "eq", (0,))
_DECIDED = fetch.Condition(RoutedColumn.ASSIGNMENT_RESULT, "not-null")
"""What is not decided yet is found waiting anyway."""

FindSchema = Callable[[str], TableSchema]


class AffectedReader:
    """Finds open records that have an outcome, by rows that filters looked at on their account."""

    def __init__(self, client: DataverseClient, find: FindSchema) -> None:
        self._client = client
        self._find = find

    def read(self, rulebook: Rulebook, changed: Iterable[RecordKey]) -> Iterator[RecordKey]:
        """The records, each once, page by page as they are asked for."""
        rows: dict[str, list[str]] = defaultdict(list)
        for key in changed:
            rows[key.table].append(key.id)
        for start, paths in rulebook.reach.paths.items():
            if start not in rulebook.columns:
                continue
            questions = [
                self._question(path, rows[path.table][first : first + _ROWS_AT_ONCE])
                for path in paths
                if path.table in rows
                for first in range(0, len(rows[path.table]), _ROWS_AT_ONCE)
            ]
            yield from self._records(start, questions)

    def _records(self, table: str, questions: Sequence[Fetch]) -> Iterator[RecordKey]:
        schema = self._find(table)
        seen: set[str] = set()
        for question in questions:
            for row in self._client.fetch_rows(schema.entity_set, question):
                record_id = str(row[schema.primary_id]).lower()
                if record_id in seen:
                    continue
                if len(questions) > 1:
                    seen.add(record_id)
                yield RecordKey(table, record_id)

    def _question(self, path: Path, ids: Sequence[str]) -> Fetch:
        schema = self._find(path.start)
        return Fetch(
            path.start,
            attributes=(schema.primary_id,),
            filter=fetch.all_of(_OPEN, _DECIDED),
            orders=(fetch.FetchOrder(schema.primary_id),),
            links=(self._link(path, ids),),
            distinct=True,
            page_size=fetch.LONGEST_PAGE,
        )

    def _link(self, path: Path, ids: Sequence[str]) -> Link:
        """The joins from the record to the changed rows, the last of them innermost."""
        known = fetch.Condition(self._find(path.table).primary_id, "in", tuple(ids))
        *before, last = path.joins
        link = Link(last.table, from_=last.column, to=last.own_column, filter=fetch.all_of(known))
        for join in reversed(before):
            link = Link(join.table, from_=join.column, to=join.own_column, links=(link,))
        return link
