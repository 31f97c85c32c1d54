"""What Dataverse's answer to the change set of an outcome means for it; pure."""

from __future__ import annotations

from collections.abc import Iterator

from work_assignment.dataverse.errors import (
    AccessDenied,
    CannotReceive,
    DataverseError,
    DuplicateKey,
    InvalidRequest,
    OwnerLacksPrivileges,
    PreconditionFailed,
    QueuedAlready,
    RowInactive,
    RowNotFound,
    Throttled,
    UserDisabled,
    WithoutRoles,
    one_line,
)
from work_assignment.dataverse.unavailable import PASSING
from work_assignment.domain.runs.outcomes import Outcome, WriteResult, Written


def answered(
    outcome: Outcome, error: DataverseError | None, lies_in: str | None = None
) -> WriteResult:
    """What an error of the record's own change set means for it; `lies_in` is the queue it leaves."""
    match error:
        case None:
            return WriteResult(Written.DONE)
        case DuplicateKey():
            return WriteResult(Written.FAILED, str(error))
        case PreconditionFailed():
            return WriteResult(Written.CHANGED, str(error))
        case RowInactive():
            return WriteResult(Written.CHANGED, str(error), is_its_own=True)
        case RowNotFound(missing_id=missing):
            return _missing(outcome, missing, lies_in, error)
        case UserDisabled():
            return WriteResult(Written.REFUSED, "is disabled")
        case OwnerLacksPrivileges():
            return WriteResult(Written.REFUSED, "lacks the privileges to own it")
        case WithoutRoles():
            return WriteResult(Written.REFUSED, "has no security role")
        case AccessDenied():
            return WriteResult(Written.FORBIDDEN, str(error))
        case CannotReceive():
            return WriteResult(Written.REFUSED, "takes no records")
        case Throttled():
            return later(error)
        case QueuedAlready():
            return WriteResult(Written.LATER, str(error), is_its_own=True)
        case _ if isinstance(error, PASSING):
            return WriteResult(Written.LATER, str(error), is_its_own=True)
    return WriteResult(Written.FAILED, str(error))


def _missing(
    outcome: Outcome, missing: str | None, lies_in: str | None, error: DataverseError
) -> WriteResult:
    """What it means that a row is gone: the record, its owner, one of ours, or some plug-in's."""
    run = outcome.run
    if missing == run.key.id:
        return WriteResult(Written.GONE, str(error))
    if run.owner is not None and missing == run.owner.id:
        return WriteResult(Written.REFUSED, "does not exist any more")
    if missing is None:
        return WriteResult(Written.LATER, str(error), is_its_own=True)
    if missing in (*_bound_to(outcome), lies_in):
        # Definitions are read anew every minute, all else in every round: it is not named again.
        return WriteResult(Written.LATER, str(error))
    return WriteResult(Written.FAILED, str(error))


def _bound_to(outcome: Outcome) -> Iterator[str | None]:
    """The rows of ours that an outcome names, apart from its record and its owner."""
    run = outcome.run
    yield from (run.segment_id, run.previous_segment_id, run.rule_id, run.sweep_id)
    yield outcome.queue_item
    if outcome.again is not None:
        yield outcome.again.id


def not_reserved(error: DataverseError | None, *, is_owners: bool) -> WriteResult:
    """What an error on a seller's row means for a block of one; she may be the record's owner to be."""
    if isinstance(error, PreconditionFailed | RowNotFound):
        return WriteResult(Written.CHANGED, "a seller's row had changed")
    if isinstance(error, PASSING):
        return later(error)
    if is_owners:
        return WriteResult(Written.REFUSED, f"has a seller's row that cannot be written: {error}")
    return WriteResult(Written.FORBIDDEN, str(error))


def refused_whole(error: DataverseError | InvalidRequest) -> WriteResult:
    """What it means that a batch of this change set alone was refused: codes tell of us, not of owners."""
    if isinstance(error, AccessDenied):
        return WriteResult(Written.FORBIDDEN, str(error))
    return WriteResult(Written.FAILED, str(error))


def unbuildable(error: Exception) -> WriteResult:
    """What it means that an outcome cannot even be put into requests."""
    why = f"what is to be written cannot be put together: {type(error).__name__}: {error}"
    return WriteResult(Written.FAILED, one_line(why))


def later(error: DataverseError) -> WriteResult:
    """Nothing was written, for a reason that has nothing to do with the record."""
    return WriteResult(Written.LATER, str(error), retry_after=error.retry_after)
