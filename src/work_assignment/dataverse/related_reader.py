"""Reads the rows of other tables that filters look at, over joins from rows whose ids are known."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from work_assignment.dataverse import fetch, mapping, messages
from work_assignment.dataverse.batches import Batch, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import DataverseError
from work_assignment.dataverse.fetch import Fetch
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.unavailable import PASSING
from work_assignment.domain.deciding.related_paths import Path, Reach
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import NO_ROWS, Rows
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Value

_IDS_AT_ONCE = 200
FindSchema = Callable[[str], TableSchema]

_log = logging.getLogger(__name__)


class RelatedReader:
    """Reads over all paths of a reach at once.

    The questions start from ids, so they can travel with others that ask for the rows themselves.
    """

    def __init__(self, client: DataverseClient, find: FindSchema) -> None:
        self._client = client
        self._find = find

    def read(self, reach: Reach, ids: Mapping[str, Sequence[str]]) -> Rows:
        """The rows reached from these rows, in a request of its own; `ids` are theirs by table."""
        questions = self.questions(reach, ids)
        if not questions:
            return NO_ROWS
        requests = [self.request(question) for question in questions]
        answers = self._client.send_batch(Batch(requests, continue_on_error=True))
        return self.rows(zip(questions, answers, strict=True))

    def questions(self, reach: Reach, ids: Mapping[str, Sequence[str]]) -> list[Fetch]:
        """What is to be asked for these rows."""
        return [
            question
            for table, known in ids.items()
            for path in reach.paths.get(table, ())
            for question in self._questions(path, reach, known)
        ]

    def request(self, question: Fetch) -> Request:
        """The question for its first page."""
        return messages.fetch(self._find(question.table).entity_set, fetch.render(question))

    def rows(self, answers: Iterable[tuple[Fetch, PartResult]]) -> Rows:
        """The rows that questions were answered with.

        A table whose rows cannot be read is a fault of whatever looks at it, and of nothing else.
        """
        found: dict[str, dict[str, dict[str, Value]]] = defaultdict(dict)
        faults: dict[str, DefinitionError] = {}
        for question, answer in answers:
            try:
                found[question.table] |= self._values(question, answer)
            except PASSING:
                raise
            except DataverseError as exc:
                faults[question.table] = DefinitionError(f"rows of {question.table}", str(exc))
            except mapping.BadRow as exc:
                faults[question.table] = exc
        for fault in faults.values():
            _log.error("a filter's related rows cannot be read: %s", fault)
        if not found and not faults:
            return NO_ROWS
        return Rows({table: rows.values() for table, rows in found.items()}, faults=faults)

    def _values(self, question: Fetch, answer: PartResult) -> dict[str, dict[str, Value]]:
        """The rows' values by their ids."""
        schema = self._find(question.table)
        wanted = [entry for entry in question.attributes if isinstance(entry, str)]
        return {
            str(row[schema.primary_id]): mapping.values_from_row(row, schema, wanted)
            for row in self._all_pages(question, answer)
        }

    def _all_pages(self, question: Fetch, answer: PartResult) -> Sequence[Row]:
        if not isinstance(answer, Response):
            raise TypeError(f"a read was answered by {type(answer).__name__}")
        rows = answer.raise_for_error(f"read related {question.table}").rows
        if len(rows) < fetch.LONGEST_PAGE:
            return rows
        return list(self._client.fetch_rows(self._find(question.table).entity_set, question))

    def _questions(self, path: Path, reach: Reach, ids: Sequence[str]) -> Iterator[Fetch]:
        schema = self._find(path.table)
        columns = {schema.primary_id, *reach.columns.get(path.table, ())}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            yield Fetch(
                path.table,
                attributes=tuple(sorted(columns)),
                links=(self._link(path, ids[start : start + _IDS_AT_ONCE]),),
                distinct=True,
                page_size=fetch.LONGEST_PAGE,
            )

    def _link(self, path: Path, ids: Sequence[str]) -> fetch.Link:
        """The joins back to where the path starts, whose rows are those of these ids."""
        first, *others = path.joins
        known = fetch.Condition(self._find(path.start).primary_id, "in", tuple(ids))
        link = fetch.Link(
            path.start, from_=first.own_column, to=first.column, filter=fetch.all_of(known)
        )
        table = first.table
        for join in others:
            link = fetch.Link(table, from_=join.own_column, to=join.column, links=(link,))
            table = join.table
        return link
