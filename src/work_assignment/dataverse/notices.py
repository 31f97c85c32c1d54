"""In-app notifications: sent when they are due, and who could not be told then is told later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import ChangeSet
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    OwnerLacksPrivileges,
    RowNotFound,
    UserDisabled,
    WithoutRoles,
)
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SYSTEM_USER,
    RoutingRunColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.outcome_rows import (
    COMMITTED_COLUMNS,
    NAMES,
    committed_from_row,
    marked_runs,
    names_from_row,
    notice_requests,
    pending_request,
    told_outside_request,
)
from work_assignment.dataverse.queries import (
    Filter,
    Guid,
    Query,
    and_,
    eq,
    in_,
    is_null,
    le,
    lt,
    ne,
    or_,
)
from work_assignment.dataverse.reservations import parts_of, send_hastily
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.outcomes import Committed, Notice, Untold
from work_assignment.domain.statuses import RoutingStatus

TOLD_AT_ONCE = 50
UNTOLD_AT_ONCE = 50
LEFT_OUT_FOR = 600.0
"""Seconds in which who could not be told is not tried again, so that others are told first."""
_MOST_LEFT_OUT = 100
"""Recipients that a query can leave out by name."""
_LOOKS = 10
_ASSIGNED_IS_DISABLED = f"{RoutingRunColumn.ASSIGNED_SELLER.navigation}/isdisabled"

_log = logging.getLogger(__name__)

Refused = tuple[Notice, DataverseError]


def is_about_recipient(error: DataverseError, recipient: SellerId) -> bool:
    """Whether a notification was refused because of whom it was for, and not because of what it is."""
    if isinstance(error, RowNotFound):
        return error.missing_id == recipient
    return isinstance(error, UserDisabled | OwnerLacksPrivileges | WithoutRoles)


class Notices:
    """Tells sellers, and finds those who are still to be told."""

    def __init__(self, client: DataverseClient, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._monotonic = monotonic
        self._refused_until: dict[SellerId, float] = {}

    def tell(self, notices: Sequence[Notice]) -> None:
        """Send notices and note on their runs that it is done.

        One that is refused keeps nobody else's from being sent. Its run stays marked, and says
        whether other ways than the app are done with, unless the recipient is gone or may have
        none: then nobody is to be told any more.
        """
        for part in parts_of(notices, TOLD_AT_ONCE):
            refused = self._send(part)
            never = [(n, e) for n, e in refused if _is_for_good(n, e)]
            later = [(n, e) for n, e in refused if not _is_for_good(n, e)]
            _log_refused(never, "are not sent any more")
            _log_refused(later, "are sent later")
            self._take_marks_off([n.run_id for n, _ in never if n.run_id is not None])
            self.note_told_outside(
                run_id for n, _ in later if n.told_outside for run_id in marked_runs(n)
            )
            for notice, error in later:
                if not isinstance(error, (UserDisabled, *PASSING)):
                    self._refused_until[notice.recipient] = self._monotonic() + LEFT_OUT_FOR

    def _send(self, notices: Sequence[Notice]) -> list[Refused]:
        change_sets = [ChangeSet(notice_requests(notice)) for notice in notices]
        try:
            with away_means_unavailable():
                answers = send_hastily(self._client, change_sets)
        except DataverseError as exc:
            return [(notice, exc) for notice in notices]
        return [
            (notice, error)
            for notice, answer in zip(notices, answers, strict=True)
            if (error := answer.error("tell")) is not None
        ]

    def _take_marks_off(self, run_ids: Collection[str]) -> None:
        """Nobody is to be told of these runs any more; what fails is found again."""
        requests = [pending_request(run_id, is_pending=False) for run_id in run_ids]
        for error in send_each(self._client, requests):
            _log.error("a run stays marked although nobody can be told: %s", error)

    def note_told_outside(self, run_ids: Iterable[str]) -> None:
        """Note on runs that their recipients were told by other ways than the app.

        Where one cannot be written they may be told by them again.
        """
        for error in send_each(self._client, map(told_outside_request, run_ids)):
            if not isinstance(error, RowNotFound):
                _log.error("a run does not say that somebody was told outside the app: %s", error)

    def untold(self, *, before: datetime, now: datetime) -> list[Untold]:
        """Marked runs older than `before` whose recipients can be told `now`, oldest first.

        Each comes with all that its block brought the same seller: what was to be told together is.
        Those who are disabled, or were refused lately, are left out and keep nobody else waiting.
        """
        left_out, able = self._refused_lately(), set[str]()
        for _ in range(_LOOKS):
            with away_means_unavailable():
                rows = self._client.send(
                    messages.get(_marked(before, now, left_out), prefer=NAMES)
                ).rows
            lost = {str(_recipient(row)) for row in rows if _is_lost(row)} - able - left_out
            unable = self._unable(lost, rows)
            if not unable:
                break
            able |= lost - unable
            left_out |= unable
        rows = [row for row in rows if _recipient(row) not in {None, *left_out}]
        return list(_untold(rows, self._together(rows)))

    def _refused_lately(self) -> set[str]:
        now = self._monotonic()
        lately = {who: until for who, until in [*self._refused_until.items()] if until > now}
        self._refused_until = lately
        return set[str](list(lately)[-_MOST_LEFT_OUT:])

    def _unable(self, recipients: Collection[str], rows: Sequence[Row]) -> set[str]:
        """Those of these previous owners who cannot be told; the marks of who is gone are taken off."""
        if not recipients:
            return set()
        ids = [found for recipient in recipients if (found := _user_id(recipient)) is not None]
        there: dict[str, bool] = {}
        if ids:
            query = Query(
                SYSTEM_USER.entity_set,
                select=(SystemUserColumn.IS_DISABLED,),
                filter=in_(SYSTEM_USER.primary_id, ids),
            )
            with away_means_unavailable():
                for user in self._client.send(messages.get(query)).rows:
                    there[user[SYSTEM_USER.primary_id]] = bool(user[SystemUserColumn.IS_DISABLED])
        gone = set(recipients) - there.keys()
        if gone:
            for_nobody = [
                row[ROUTING_RUN.primary_id]
                for row in rows
                if _is_lost(row) and str(_recipient(row)) in gone
            ]
            _log.warning("nobody is told of %d runs: the recipients are gone", len(for_nobody))
            self._take_marks_off(for_nobody)
        return gone | {user for user, is_disabled in there.items() if is_disabled}

    def _together(self, rows: Sequence[Row]) -> Mapping[tuple[str, str], Sequence[Committed]]:
        """What blocks brought the sellers of these runs, by block and seller."""
        pairs = {_block_and_seller(row) for row in rows if not _is_lost(row)}
        if not pairs:
            return {}
        theirs = [
            and_(
                eq(RoutingRunColumn.BLOCK, block),
                eq(RoutingRunColumn.ASSIGNED_SELLER.value, Guid(seller)),
            )
            for block, seller in sorted(pairs)
        ]
        query = Query(
            ROUTING_RUN.entity_set,
            select=COMMITTED_COLUMNS,
            filter=and_(eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.ASSIGNED), or_(*theirs)),
        )
        found: dict[tuple[str, str], list[Committed]] = {}
        with away_means_unavailable():
            for row in self._client.rows(query, prefer=NAMES):
                found.setdefault(_block_and_seller(row), []).append(committed_from_row(row))
        return found


def send_each(client: DataverseClient, requests: Iterable[Request]) -> Iterator[DataverseError]:
    """Send requests, each by itself; gives the errors. Raises Unavailable."""
    for part in parts_of([*requests], TOLD_AT_ONCE):
        with away_means_unavailable():
            answers = send_hastily(client, [ChangeSet([request]) for request in part])
        for request, answer in zip(part, answers, strict=True):
            if (error := answer.error(request.what)) is not None:
                yield error


def _is_for_good(notice: Notice, error: DataverseError) -> bool:
    """Whether the recipient is gone or may have no notifications, which no other try changes."""
    return is_about_recipient(error, notice.recipient) and not isinstance(error, UserDisabled)


def _log_refused(refused: Sequence[Refused], what: str) -> None:
    """One line for all that were refused for the same reason."""
    alike: dict[tuple[type[DataverseError], str], list[Refused]] = {}
    for notice, error in refused:
        alike.setdefault((type(error), error.code), []).append((notice, error))
    for group in alike.values():
        notice, error = group[0]
        level = logging.INFO if isinstance(error, PASSING) else logging.ERROR
        _log.log(
            level,
            "%d notifications %s, the first to user %s of run %s: %s",
            len(group),
            what,
            notice.recipient,
            notice.run_id,
            error,
        )


def _marked(before: datetime, now: datetime, left_out: Collection[str]) -> Query:
    """Runs of which somebody is to be told who is not left out, oldest first."""
    is_undone = eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.UNDONE)
    is_given = ne(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.UNDONE)
    seller = RoutingRunColumn.ASSIGNED_SELLER.value
    given: list[Filter] = [is_given, eq(_ASSIGNED_IS_DISABLED, False)]
    lost: list[Filter] = [is_undone]
    for who in sorted(left_out):
        lost.append(ne(RoutingRunColumn.PREVIOUS_OWNER, who))
        if (user := _user_id(who)) is not None:
            given.append(ne(seller, user))
    return Query(
        ROUTING_RUN.entity_set,
        select=(
            RoutingRunColumn.BLOCK,
            seller,
            RoutingRunColumn.PREVIOUS_OWNER,
            RoutingRunColumn.ROUTING_STATUS,
            RoutingRunColumn.RECORD_TYPE,
            RoutingRunColumn.RECORD_ID,
            RoutingRunColumn.NAME,
            RoutingRunColumn.SEGMENT.value,
            RoutingRunColumn.ASSIGNMENT_RULE.value,
            RoutingRunColumn.TOLD_OUTSIDE,
        ),
        filter=and_(
            eq(RoutingRunColumn.TELL_PENDING, True),
            or_(and_(*given), and_(*lost)),
            lt(RoutingRunColumn.DECIDED_ON, before),
            or_(is_null(RoutingRunColumn.TELL_AFTER), le(RoutingRunColumn.TELL_AFTER, now)),
        ),
        orderby=(RoutingRunColumn.DECIDED_ON,),
        top=UNTOLD_AT_ONCE,
    )


def _is_lost(row: Row) -> bool:
    return bool(row[RoutingRunColumn.ROUTING_STATUS] == RoutingStatus.UNDONE)


def _recipient(row: Row) -> SellerId | None:
    """Who is to be told: the new owner, or who lost the record."""
    seller = RoutingRunColumn.ASSIGNED_SELLER.value
    found = row.get(RoutingRunColumn.PREVIOUS_OWNER if _is_lost(row) else seller)
    return None if found is None else SellerId(str(found).lower())


def _user_id(text: str) -> Guid | None:
    try:
        return Guid(text)
    except InvalidRequest:
        return None


def _block_and_seller(row: Row) -> tuple[str, str]:
    return str(row[RoutingRunColumn.BLOCK]), str(row[RoutingRunColumn.ASSIGNED_SELLER.value])


def _untold(
    rows: Sequence[Row], together: Mapping[tuple[str, str], Sequence[Committed]]
) -> Iterator[Untold]:
    for row in rows:
        is_lost = _is_lost(row)
        yield Untold(
            run_id=row[ROUTING_RUN.primary_id],
            recipient=SellerId(str(_recipient(row))),
            key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
            record_name=row.get(RoutingRunColumn.NAME) or "",
            is_lost=is_lost,
            together=() if is_lost else tuple(together.get(_block_and_seller(row), ())),
            names=names_from_row(row),
            block=row.get(RoutingRunColumn.BLOCK) or "",
            told_outside=bool(row.get(RoutingRunColumn.TOLD_OUTSIDE)),
        )
