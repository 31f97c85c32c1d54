"""The facts a block is decided on, read in one $batch: sellers' rows before counts."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from work_assignment.dataverse import fact_queries, mapping, messages
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.errors import AggregateTooLarge
from work_assignment.dataverse.fetch import LONGEST_PAGE, Fetch
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.names import Common, RoutingRunColumn, SettingColumn
from work_assignment.dataverse.queries import Guid, in_chunks
from work_assignment.dataverse.record_reader import Found, RecordReader
from work_assignment.dataverse.related_reader import RelatedReader
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import Rows
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import (
    CurrentRecord,
    Gathered,
    LastRun,
    Result,
    Rulebook,
)
from work_assignment.domain.runs.sweeps import Page

_SELLERS_A_COUNT = 200

_log = logging.getLogger(__name__)


class FactStore:
    """Answers what services ask of Dataverse."""

    def __init__(self, client: DataverseClient, definitions: DefinitionStore) -> None:
        self._client = client
        self._definitions = definitions
        self._related = RelatedReader(client, self._table)
        self._own_user_id: str | None = None

    def own_user_id(self) -> str:
        """The application user we act as; asked once."""
        if self._own_user_id is None:
            with away_means_unavailable():
                answer = self._client.send(messages.who_am_i()).json
            self._own_user_id = str(answer["UserId"]).lower()
        return self._own_user_id

    @property
    def known_user_id(self) -> str | None:
        """Our application user, if somebody has asked before."""
        return self._own_user_id

    def rulebook(self) -> Rulebook:
        """Read all definitions."""
        with away_means_unavailable():
            return self._definitions.rulebook()

    def gather(self, rulebook: Rulebook, asked: Sequence[RecordKey], *, waiting: int) -> Gathered:
        """Read what a block needs; `rulebook` must be the last one read here.

        Waiting records come oldest first over all types, at most `waiting` of them.
        """
        with away_means_unavailable():
            return self._gather(rulebook, asked, self._waiting(rulebook, waiting), waiting)

    def gather_page(self, rulebook: Rulebook, page: Page) -> Gathered:
        """Read what a block of a sweep needs: its records, which wait, are read whole.

        `last_runs` are those of records that found nobody before.
        """
        with away_means_unavailable():
            gathered = self._gather(rulebook, (), self._page(rulebook, page), page.limit)
            if page.limit > LONGEST_PAGE:
                gathered = self._with_more(rulebook, page, gathered)
            return replace(gathered, last_runs=self._last_runs(gathered.waiting))

    def _with_more(self, rulebook: Rulebook, page: Page, gathered: Gathered) -> Gathered:
        """Read on until the page has its records: one answer holds no more than 5,000."""
        reached, found = dict(gathered.reached), list(gathered.waiting)
        more = reached
        while more and len(found) < page.limit:
            rest = Page(page.scope, {**page.after, **reached}, page.limit - len(found))
            part = self._records_of(rulebook, rest)
            more = dict(part.reached)
            found += part.records
            reached |= more
        others = self._related.read(
            rulebook.reach,
            _routed_ids(rulebook, (entry.key for entry in found[len(gathered.waiting) :])),
        )
        rows = gathered.rows.with_others(others)
        return replace(gathered, waiting=tuple(found), reached=reached, rows=rows)

    def _page(self, rulebook: Rulebook, page: Page) -> list[tuple[TableSchema, Request]]:
        known = self._definitions.schemas
        return [
            (known[table], fact_queries.page(known[table], rulebook, page))
            for table in page.scope.created_from
            if table in known
        ]

    def _records_of(self, rulebook: Rulebook, page: Page) -> Found:
        """The records of a page and nothing else."""
        plan = _Plan()
        asked = [(schema, plan.ask(request)) for schema, request in self._page(rulebook, page)]
        answers = self._client.send_batch(Batch(plan.requests, continue_on_error=True))
        rows = _Answers(plan, [_response(answer) for answer in answers])
        reader = RecordReader(rulebook)
        return reader.oldest([(schema, rows.of(place)) for schema, place in asked], page.limit)

    def _last_runs(self, found: Sequence[CurrentRecord]) -> dict[RecordKey, LastRun]:
        """What the run log says of records that were tried before; one request for all."""
        tried = [current.key for current in found if current.result is not Result.UNDECIDED]
        if not tried:
            return {}
        requests = fact_queries.runs(tried)
        answers = self._client.send_batch(Batch(requests))
        return _newest(
            row
            for request, answer in zip(requests, answers, strict=True)
            for row in _response(answer).raise_for_error(request.what).rows
        )

    def _gather(
        self,
        rulebook: Rulebook,
        asked: Sequence[RecordKey],
        searches: Sequence[tuple[TableSchema, Request]],
        limit: int,
    ) -> Gathered:
        plan = _Plan()
        stamp = plan.ask(fact_queries.stamp())
        sellers = plan.ask(fact_queries.sellers())
        counts = [
            (table, ids, plan.ask(self._counts(table, ids, rulebook)))
            for table in rulebook.definitions.counted_types
            for ids in _chunks(list(rulebook.definitions.sellers))
        ]
        records = self._ask_for_records(plan, rulebook, asked)
        found = [(schema, plan.ask(request)) for schema, request in searches]
        runs = [plan.ask(request) for request in fact_queries.runs(asked)]
        around = self._ask_around(plan, rulebook, asked)
        answers = self._client.send_batch(Batch(plan.requests, continue_on_error=True))
        rows = _Answers(plan, [_response(answer) for answer in answers])
        reader = RecordReader(rulebook)
        asked_for = [
            current
            for schema, place in records
            for current in reader.records(schema, rows.of(place))
        ]
        waits = reader.oldest([(schema, rows.of(place)) for schema, place in found], limit)
        known = set(asked)
        new = [current.key for current in waits.records if current.key not in known]
        return Gathered(
            stamp=_stamp_of(rows.of(stamp)),
            sellers=tuple(mapping.readable(mapping.seller_row_from_row, rows.of(sellers))),
            open_counts=self._count(rows, counts, rulebook),
            asked={entry.key: entry for entry in asked_for},
            waiting=waits.records,
            last_runs=_newest(row for run in runs for row in rows.of(run)),
            unreadable=frozenset(reader.unreadable),
            rows=self._around(rows, around, rulebook, new),
            reached=waits.reached,
        )

    def _ask_around(
        self, plan: _Plan, rulebook: Rulebook, asked: Sequence[RecordKey]
    ) -> list[tuple[Fetch, int]]:
        """Ask for the related rows of records that are known by id, in the same request."""
        questions = self._related.questions(rulebook.reach, _routed_ids(rulebook, asked))
        return [(question, plan.ask(self._related.request(question))) for question in questions]

    def _around(
        self,
        rows: _Answers,
        around: Sequence[tuple[Fetch, int]],
        rulebook: Rulebook,
        found: Collection[RecordKey],
    ) -> Rows:
        """The related rows that filters look at.

        Those of records that were `found` only now cost one more request, where filters ask for any.
        """
        known = self._related.rows((question, rows.answer(place)) for question, place in around)
        others = self._related.read(rulebook.reach, _routed_ids(rulebook, found))
        return known.with_others(others)

    def _table(self, name: str) -> TableSchema:
        schema = self._definitions.table(name)
        if schema is None:
            raise DefinitionError(f"table {name}", "it does not exist")
        return schema

    def _ask_for_records(
        self, plan: _Plan, rulebook: Rulebook, asked: Sequence[RecordKey]
    ) -> list[tuple[TableSchema, int]]:
        by_table: dict[str, list[Guid]] = defaultdict(list)
        for key in asked:
            if key.table in self._definitions.schemas:
                by_table[key.table].append(Guid(key.id))
        return [
            (schema, plan.ask(fact_queries.records(schema, rulebook, chunk)))
            for table, ids in by_table.items()
            for schema in (self._definitions.schemas[table],)
            for chunk in in_chunks(schema.primary_id, ids)
        ]

    def _waiting(self, rulebook: Rulebook, limit: int) -> list[tuple[TableSchema, Request]]:
        if limit == 0:
            return []
        return [
            (schema, fact_queries.waiting(schema, rulebook, limit))
            for table in rulebook.definitions.record_types
            for schema in (self._definitions.schemas[table],)
        ]

    def _counts(self, table: str, ids: Sequence[SellerId], rulebook: Rulebook) -> Request:
        return fact_queries.counts(self._definitions.schemas[table], ids, rulebook.owner_column)

    def _count(
        self,
        rows: _Answers,
        counts: Sequence[tuple[str, list[SellerId], int]],
        rulebook: Rulebook,
    ) -> dict[SellerId, int]:
        total: dict[SellerId, int] = defaultdict(int)
        for table, ids, asked in counts:
            try:
                counted = rows.of(asked)
            except AggregateTooLarge:
                counted = self._count_in_halves(table, ids, rulebook)
            for row in counted:
                total[SellerId(row["owner"])] += row["records"]
        return dict(total)

    def _count_in_halves(self, table: str, ids: list[SellerId], rulebook: Rulebook) -> list[Row]:
        """Dataverse aggregates at most 50,000 rows; fewer sellers have fewer records."""
        middle = max(len(ids) // 2, 1)
        found: list[Row] = []
        for half in filter(None, (ids[:middle], ids[middle:])):
            try:
                found += self._client.send(self._counts(table, half, rulebook)).rows
            except AggregateTooLarge:
                if len(half) == 1:
                    raise
                found += self._count_in_halves(table, half, rulebook)
        return found


class _Plan:
    """The requests of one batch; each is known by its place."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def ask(self, request: Request) -> int:
        self.requests.append(request)
        return len(self.requests) - 1


class _Answers:
    """The rows of each request; an error is raised where its rows are wanted."""

    def __init__(self, plan: _Plan, responses: Sequence[Response]) -> None:
        self._plan = plan
        self._responses = responses

    def of(self, asked: int) -> list[Row]:
        request = self._plan.requests[asked]
        return self._responses[asked].raise_for_error(request.what).rows

    def answer(self, asked: int) -> Response:
        return self._responses[asked]


def _response(answer: object) -> Response:
    if not isinstance(answer, Response):
        raise TypeError(f"a read was answered by {type(answer).__name__}")
    return answer


def _routed_ids(rulebook: Rulebook, keys: Iterable[RecordKey]) -> dict[str, list[str]]:
    """The ids of records of routed types, by type."""
    ids: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if key.table in rulebook.definitions.segments:
            ids[key.table].append(key.id)
    return ids


def _stamp_of(rows: Sequence[Row]) -> str:
    return str((rows[0].get(SettingColumn.DEFINITIONS_VERSION) if rows else None) or "")


def _chunks(sellers: list[SellerId]) -> list[list[SellerId]]:
    return [
        sellers[start : start + _SELLERS_A_COUNT]
        for start in range(0, len(sellers), _SELLERS_A_COUNT)
    ]


def _newest(rows: Iterable[Row]) -> dict[RecordKey, LastRun]:
    """The newest row of each record that can be read; of two of one second the one written last."""
    found: dict[RecordKey, LastRun] = {}
    for key, run in mapping.readable(_keyed_run, sorted(rows, key=_age, reverse=True)):
        found.setdefault(key, run)
    return found


def _age(row: Row) -> tuple[str, str, int]:
    """What rises with time: moments have whole seconds, versions rise with each write."""
    decided = str(row.get(RoutingRunColumn.DECIDED_ON) or "")
    return decided, str(row.get(Common.CREATED_ON) or ""), mapping.version_number(row)


def _keyed_run(row: Row) -> tuple[RecordKey, LastRun]:
    key = RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID])
    return key, mapping.last_run_from_row(row)
