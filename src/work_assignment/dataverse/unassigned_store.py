"""Open records for which nobody was found, with what their newest runs say, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge

from work_assignment.dataverse import fetch, last_runs, messages
from work_assignment.dataverse.choices import AssignmentResult, State
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AggregateTooLarge, NotFound
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Request, Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    AssignmentRuleColumn,
    Common,
    RoutedColumn,
    SegmentColumn,
)
from work_assignment.dataverse.queries import (
    Filter,
    Guid,
    Query,
    after,
    and_,
    eq,
    in_,
)
from work_assignment.dataverse.questions import Questions
from work_assignment.dataverse.schemas import TableDefinition, read_definition
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.records import RecordKey, SegmentId
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.sweeps import Place
from work_assignment.domain.runs.unassigned import NamedSegment, UnassignedRecord

LARGEST_PAGE = 500
_NAMES = Prefer(annotations=(FORMATTED_VALUE,))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which record types, and of which segments: None for all, empty for those without one."""

    record_types: Sequence[str]
    segments: Sequence[SegmentId] | None = None


@dataclass(frozen=True, slots=True)
class Defined:
    """The record types for which there are segments or rules, and the segments."""

    record_types: tuple[str, ...]
    segments: tuple[NamedSegment, ...]


class UnassignedStore:
    """Reads what waits for an owner; writes nothing."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._tables: dict[str, TableDefinition] = {}

    def defined(self) -> Defined:
        """What is defined, in whatever state."""
        questions = Questions()
        asked, asked_rules = (
            questions.ask(messages.get(query))
            for query in (
                Query(SEGMENT.entity_set, (SegmentColumn.NAME, SegmentColumn.RECORD_TYPE)),
                Query(ASSIGNMENT_RULE.entity_set, (AssignmentRuleColumn.RECORD_TYPE,)),
            )
        )
        with away_means_unavailable():
            answers = questions.send(self._client)
            rows = [*answers.rows(asked), *answers.further_rows(asked)]
            rules = [*answers.rows(asked_rules), *answers.further_rows(asked_rules)]
        segments = tuple(
            NamedSegment(
                SegmentId(row[SEGMENT.primary_id]),
                row.get(SegmentColumn.NAME) or "",
                row.get(SegmentColumn.RECORD_TYPE) or "",
            )
            for row in rows
        )
        types = {segment.record_type for segment in segments}
        types |= {row.get(AssignmentRuleColumn.RECORD_TYPE) or "" for row in rules}
        return Defined(tuple(sorted(types - {""})), segments)

    def count(self, wanted: Wanted) -> int | None:
        """How many there are; None for more than Dataverse counts at once."""
        questions = Questions()
        with away_means_unavailable():
            asked = [
                questions.ask(_counting(table, definition, wanted))
                for table, definition in self._definitions(wanted)
            ]
            answers = questions.send(self._client)
            try:
                return sum(int(row["records"]) for place in asked for row in answers.rows(place))
            except AggregateTooLarge:
                return None

    def records(self, wanted: Wanted, *, page: int) -> Iterator[UnassignedRecord]:
        """They themselves, oldest first whatever their type; two requests for each page of a type."""
        with away_means_unavailable():
            definitions = self._definitions(wanted)
        streams = [
            self._of_table(table, definition, wanted, min(page, LARGEST_PAGE))
            for table, definition in definitions
        ]
        return merge(*streams, key=lambda record: (record.created_at, record.key.id))

    def _of_table(
        self, table: str, definition: TableDefinition, wanted: Wanted, size: int
    ) -> Iterator[UnassignedRecord]:
        behind: Place | None = None
        while True:
            request = _page(definition, wanted, behind, size)
            with away_means_unavailable():
                rows = self._client.send(request).rows
                found = [_record(table, definition, row) for row in rows]
                runs = last_runs.read(self._client, [record.key.id for record in found])
            yield from (_with_run(record, runs.get(record.key)) for record in found)
            if len(rows) < size:
                return
            behind = found[-1].place

    def _definitions(self, wanted: Wanted) -> list[tuple[str, TableDefinition]]:
        """The tables of these types; one that does not exist any more has no records."""
        found: list[tuple[str, TableDefinition]] = []
        for table in wanted.record_types:
            known = self._tables.get(table)
            if known is None:
                try:
                    known = self._tables[table] = read_definition(self._client, table)
                except NotFound:
                    continue
            found.append((table, known))
        return found


def _page(definition: TableDefinition, wanted: Wanted, behind: Place | None, size: int) -> Request:
    parts: list[Filter] = [
        eq(Common.STATE, State.ACTIVE),
        eq(RoutedColumn.ASSIGNMENT_RESULT, AssignmentResult.FAILED),
    ]
    if wanted.segments is not None:
        column, ids = RoutedColumn.SEGMENT.value, [Guid(entry) for entry in wanted.segments]
        parts.append(in_(column, ids) if ids else eq(column, None))
    if behind is not None:
        parts.append(after(behind.created_at, Guid(behind.id), id_column=definition.primary_id))
    names = () if definition.primary_name is None else (definition.primary_name,)
    query = Query(
        definition.entity_set,
        select=(
            definition.primary_id,
            *names,
            Common.CREATED_ON,
            Common.OWNER.value,
            RoutedColumn.SEGMENT.value,
        ),
        filter=and_(*parts),
        orderby=(Common.CREATED_ON, definition.primary_id),
        top=size,
    )
    return messages.get(query, prefer=_NAMES)


def _counting(table: str, definition: TableDefinition, wanted: Wanted) -> Request:
    parts = [
        fetch.Condition(Common.STATE, "eq", (State.ACTIVE.value,)),
        fetch.Condition(RoutedColumn.ASSIGNMENT_RESULT, "eq", (AssignmentResult.FAILED.value,)),
    ]
    if wanted.segments is not None:
        column, ids = RoutedColumn.SEGMENT.column, tuple(wanted.segments)
        parts.append(fetch.Condition(column, "in", ids) if ids else fetch.Condition(column, "null"))
    total = fetch.Attribute(definition.primary_id, alias="records", aggregate="count")
    question = fetch.Fetch(table, attributes=(total,), filter=fetch.all_of(*parts))
    return messages.fetch(definition.entity_set, fetch.render(question))


def _record(table: str, definition: TableDefinition, row: Row) -> UnassignedRecord:
    segment = RoutedColumn.SEGMENT.value
    name = row.get(definition.primary_name or "")
    record_id = row[definition.primary_id]
    return UnassignedRecord(
        key=RecordKey(table, record_id),
        name=str(name or record_id),
        segment=row.get(f"{segment}@{FORMATTED_VALUE}") or row.get(segment),
        created_at=moment(row[Common.CREATED_ON]),
        owner=str(row.get(f"{Common.OWNER.value}@{FORMATTED_VALUE}") or ""),
    )


def _with_run(record: UnassignedRecord, run: LastRun | None) -> UnassignedRecord:
    if run is None:
        return record
    return replace(
        record,
        status=run.status,
        attempts=run.attempts,
        last_attempt_at=run.decided_at,
        due_at=run.due_at,
    )
