"""The facts a block is decided on, read in one $batch: sellers' rows before counts."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from work_assignment.dataverse import fact_queries, last_runs, mapping, messages
from work_assignment.dataverse.affected_reader import AffectedReader
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fetch import LONGEST_PAGE, Fetch
from work_assignment.dataverse.follower_reader import FollowerReader
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import RoutingRunColumn, SettingColumn
from work_assignment.dataverse.open_counts import Asked, Group, OpenCounts
from work_assignment.dataverse.queries import Guid, in_chunks
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.dataverse.record_reader import Found, RecordReader
from work_assignment.dataverse.related_reader import RelatedReader
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import Rows
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import Gathered, Result, Rulebook
from work_assignment.domain.runs.sweeps import Page


class FactStore:
    """Answers what services ask of Dataverse."""

    def __init__(
        self,
        client: DataverseClient,
        definitions: DefinitionStore,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._definitions = definitions
        self._related = RelatedReader(client, self._table)
        self._affected = AffectedReader(client, self._table)
        self._counts = OpenCounts(client, clock=clock)
        self._followers = FollowerReader(client)
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

    def notifications(self) -> Notifications:
        """How people are told, as of the last rulebook, which is read where there was none yet."""
        return (self._definitions.newest or self.rulebook()).notifications

    def rulebook(self) -> Rulebook:
        """Read all definitions."""
        with away_means_unavailable():
            return self._definitions.rulebook()

    def gather(self, rulebook: Rulebook, asked: Sequence[RecordKey], *, waiting: int) -> Gathered:
        """Read what a block needs; `rulebook` is one that was read here.

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
            tried = [c.key.id for c in gathered.waiting if c.result is not Result.UNDECIDED]
            limit = rulebook.definitions.policy.flap_limit
            return replace(gathered, last_runs=last_runs.read(self._client, tried, limit))

    def affected(self, rulebook: Rulebook, changed: Collection[RecordKey]) -> Iterator[RecordKey]:
        """The open records with an outcome that filters decide by these rows of other tables."""
        with away_means_unavailable():
            yield from self._affected.read(rulebook, changed)

    def left_alone(self, after: datetime, until: datetime) -> list[RecordKey]:
        """The records that were left alone, as they had been moved too often, in that time."""
        with away_means_unavailable():
            rows = self._client.rows(fact_queries.left_alone(after, until))
            return [
                RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID])
                for row in rows
            ]

    def _with_more(self, rulebook: Rulebook, page: Page, gathered: Gathered) -> Gathered:
        """Read on until the page has its records: one answer holds no more than 5,000."""
        reader = RecordReader(rulebook)
        reached, found = dict(gathered.reached), list(gathered.waiting)
        more = reached
        while more and len(found) < page.limit:
            rest = Page(page.scope, {**page.after, **reached}, page.limit - len(found))
            part = self._records_of(reader, rest)
            more = dict(part.reached)
            found += part.records
            reached |= more
        others = self._related.read(
            rulebook.reach,
            _routed_ids(rulebook, (entry.key for entry in found[len(gathered.waiting) :])),
        )
        further = [entry.key for entry in found[len(gathered.waiting) :]]
        return replace(
            gathered,
            followers=self._followers.of_more(gathered.followers, further),
            waiting=tuple(found),
            reached=reached,
            rows=gathered.rows.with_others(others),
            unreadable=gathered.unreadable | reader.unreadable,
        )

    def _page(self, rulebook: Rulebook, page: Page) -> list[tuple[TableSchema, Request]]:
        return [
            (schema, fact_queries.page_of(schema, rulebook, page))
            for schema in self._schemas(rulebook, page.scope.created_from)
        ]

    def _records_of(self, reader: RecordReader, page: Page) -> Found:
        """The records of a page and nothing else."""
        questions = Questions()
        asked = [
            (schema, questions.ask(request))
            for schema, request in self._page(reader.rulebook, page)
        ]
        answers = questions.send(self._client)
        return reader.oldest([(schema, answers.rows(place)) for schema, place in asked], page.limit)

    def _gather(
        self,
        rulebook: Rulebook,
        asked: Sequence[RecordKey],
        searches: Sequence[tuple[TableSchema, Request]],
        limit: int,
    ) -> Gathered:
        questions = Questions()
        stamp = questions.ask(fact_queries.stamp())
        sellers = questions.ask(fact_queries.sellers())
        counts = self._ask_for_counts(questions, rulebook)
        records = self._ask_for_records(questions, rulebook, asked)
        found = [(schema, questions.ask(request)) for schema, request in searches]
        flap_limit = rulebook.definitions.policy.flap_limit
        runs = last_runs.ask(questions, (key.id for key in asked), flap_limit)
        followed = self._followers.ask(questions)
        around = self._ask_around(questions, rulebook, asked)
        answers = questions.send(self._client)
        reader = RecordReader(rulebook)
        asked_for = [
            current
            for schema, place in records
            for current in reader.records(schema, answers.rows(place))
        ]
        waits = reader.oldest([(schema, answers.rows(place)) for schema, place in found], limit)
        known = set(asked)
        found_keys = [*asked, *(current.key for current in waits.records)]
        new = [current.key for current in waits.records if current.key not in known]
        seller_rows, open_counts = self._sellers_and_counts(answers, sellers, counts, rulebook)
        return Gathered(
            stamp=_stamp_of(answers.rows(stamp)),
            sellers=tuple(mapping.readable(mapping.seller_row_from_row, seller_rows)),
            open_counts=open_counts,
            asked={entry.key: entry for entry in asked_for},
            waiting=waits.records,
            last_runs=last_runs.newest(self._client, runs, answers, flap_limit),
            unreadable=frozenset(reader.unreadable),
            rows=self._around(answers, around, rulebook, new),
            reached=waits.reached,
            followers=self._followers.of(answers, followed, found_keys),
        )

    def _sellers_and_counts(
        self, answers: Answers, sellers: int, counts: Asked, rulebook: Rulebook
    ) -> tuple[list[Row], dict[SellerId, int]]:
        """All sellers' rows, and counts that were taken after the last of them was read.

        What is committed between a row and a count is seen twice at worst; the other way round it
        would be seen nowhere. So rows beyond one page have everybody counted once more.
        """
        rows = answers.rows(sellers)
        further = list(answers.further_rows(sellers))
        if further:
            questions = Questions()
            counts = self._ask_for_counts(questions, rulebook)
            answers = questions.send(self._client)
        return rows + further, self._counts.total(counts, answers, self._count_for(rulebook))

    def _ask_for_counts(self, questions: Questions, rulebook: Rulebook) -> Asked:
        definitions = rulebook.definitions
        sellers = list(definitions.sellers)
        return self._counts.ask(
            questions, definitions.counted_types, sellers, self._count_for(rulebook)
        )

    def _count_for(self, rulebook: Rulebook) -> Callable[[Group], Request]:
        known, column = self._definitions.schemas, rulebook.owner_column
        return lambda group: fact_queries.counts(known[group.table], group.sellers, column)

    def _ask_around(
        self, questions: Questions, rulebook: Rulebook, asked: Sequence[RecordKey]
    ) -> list[tuple[Fetch, int]]:
        """Ask for the related rows of records that are known by id, in the same request."""
        wanted = self._related.questions(rulebook.reach, _routed_ids(rulebook, asked))
        return [(fetch, questions.ask(self._related.request(fetch))) for fetch in wanted]

    def _around(
        self,
        answers: Answers,
        around: Sequence[tuple[Fetch, int]],
        rulebook: Rulebook,
        found: Collection[RecordKey],
    ) -> Rows:
        """The related rows that filters look at.

        Those of records that were `found` only now cost one more request, where filters ask for any.
        """
        known = self._related.rows((fetch, answers[place]) for fetch, place in around)
        others = self._related.read(rulebook.reach, _routed_ids(rulebook, found))
        return known.with_others(others)

    def _table(self, name: str) -> TableSchema:
        schema = self._definitions.table(name)
        if schema is None:
            raise DefinitionError(f"table {name}", "it does not exist")
        return schema

    def _schemas(self, rulebook: Rulebook, tables: Iterable[str]) -> list[TableSchema]:
        """The schemas of those of these tables that the rulebook routes."""
        known = self._definitions.schemas
        return [known[table] for table in tables if table in rulebook.columns]

    def _ask_for_records(
        self, questions: Questions, rulebook: Rulebook, asked: Sequence[RecordKey]
    ) -> list[tuple[TableSchema, int]]:
        by_table: dict[str, list[Guid]] = defaultdict(list)
        for key in asked:
            by_table[key.table].append(Guid(key.id))
        return [
            (schema, questions.ask(fact_queries.records(schema, rulebook, chunk)))
            for schema in self._schemas(rulebook, by_table)
            for chunk in in_chunks(schema.primary_id, by_table[schema.table])
        ]

    def _waiting(self, rulebook: Rulebook, limit: int) -> list[tuple[TableSchema, Request]]:
        if limit == 0:
            return []
        return [
            (schema, fact_queries.waiting(schema, rulebook, limit))
            for schema in self._schemas(rulebook, rulebook.definitions.record_types)
        ]


def _routed_ids(rulebook: Rulebook, keys: Iterable[RecordKey]) -> dict[str, list[str]]:
    """The ids of records of routed types, by type."""
    ids: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if key.table in rulebook.definitions.segments:
            ids[key.table].append(key.id)
    return ids


def _stamp_of(rows: Sequence[Row]) -> str:
    return str((rows[0].get(SettingColumn.DEFINITIONS_VERSION) if rows else None) or "")
