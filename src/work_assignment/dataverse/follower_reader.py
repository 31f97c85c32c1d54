"""Who follows which record: one small question where few or none are followed."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import DataverseError
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import WORK_ITEM_STATE, Common, WorkItemStateColumn
from work_assignment.dataverse.queries import Filter, Query, and_, eq, in_chunks
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.dataverse.unavailable import PASSING
from work_assignment.domain.records import RecordKey, SellerId

FEW = 50
"""So many rows are read in any case; where there are more, those of the records in question."""
Followers = Mapping[RecordKey, frozenset[SellerId]]

_log = logging.getLogger(__name__)


class FollowerReader:
    """Reads followers along with the facts of a block."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._has_complained = False
        self._are_many = False

    def ask(self, questions: Questions) -> int:
        """Ask whether few records are followed, and which; gives the question's place."""
        return questions.ask(_rows(top=FEW + 1))

    def of(self, answers: Answers, place: int, keys: Collection[RecordKey]) -> Followers:
        """The followers of these records; one more request where many are followed.

        Nobody is told as a follower where that may not be read.
        """
        try:
            rows = answers.rows(place)
            self._are_many = len(rows) > FEW
            if self._are_many:
                rows = list(self._rows_of(keys))
        except PASSING:
            raise
        except DataverseError as exc:
            if not self._has_complained:
                _log.warning("it cannot be read who follows records: %s", exc)
            self._has_complained = True
            return {}
        return _by_record(rows)

    def of_more(self, known: Followers, keys: Collection[RecordKey]) -> Followers:
        """The followers that were read last, with those of further records."""
        if not self._are_many:
            return known
        return {**known, **_by_record(self._rows_of(keys))}

    def _rows_of(self, keys: Collection[RecordKey]) -> Iterable[Row]:
        questions = Questions()
        ids = sorted({key.id for key in keys})
        places = [
            questions.ask(_rows(chunk)) for chunk in in_chunks(WorkItemStateColumn.RECORD_ID, ids)
        ]
        if not places:
            return
        answers = questions.send(self._client)
        for place in places:
            yield from answers.rows(place)
            yield from answers.further_rows(place)


def _rows(about: Filter | None = None, *, top: int | None = None) -> Request:
    followed = and_(eq(WorkItemStateColumn.FOLLOWED, True), eq(Common.STATE, 0))
    columns = (
        WorkItemStateColumn.RECORD_TYPE,
        WorkItemStateColumn.RECORD_ID,
        Common.OWNING_USER.value,
    )
    return messages.get(
        Query(
            WORK_ITEM_STATE.entity_set,
            select=columns,
            filter=followed if about is None else and_(about, followed),
            top=top,
        )
    )


def _by_record(rows: Iterable[Row]) -> Followers:
    found: dict[RecordKey, set[SellerId]] = defaultdict(set)
    for row in rows:
        table, record = (
            row.get(WorkItemStateColumn.RECORD_TYPE),
            row.get(WorkItemStateColumn.RECORD_ID),
        )
        user = row.get(Common.OWNING_USER.value)
        if table and record and user:  # a team follows nothing
            found[RecordKey(str(table).lower(), str(record).lower())].add(SellerId(user))
    return {key: frozenset(users) for key, users in found.items()}
