"""Whether a failed request is sent again, and after how long; pure arithmetic, the loop is the client's."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    LockConflict,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient we are; all times in seconds."""

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    longest_retry_after: float = 300.0


PATIENT = RetryPolicy()
ONCE = RetryPolicy(attempts=1, longest_retry_after=0)
"""Never again, and no waiting for others' Retry-After either."""


def delay_before_retry(
    policy: RetryPolicy, *, attempt: int, error: DataverseError, idempotent: bool, jitter: float
) -> float | None:
    """Say how many seconds to wait before sending again, or None to give up.

    `attempt` is the number of the try that just failed, from 1; `jitter` is a number from 0 to 1.
    Retry-After is kept to the letter; one that asks for more than the policy's patience ends it.
    """
    if attempt >= policy.attempts or not may_be_sent_again(error, idempotent=idempotent):
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= policy.longest_retry_after else None
    return backoff(policy, attempt=attempt, jitter=jitter)


def may_be_sent_again(error: DataverseError, *, idempotent: bool) -> bool:
    """Say whether sending again can help and can do no harm."""
    match error:
        case CircuitOpen():
            return False
        case Throttled() | LockConflict() | ConnectionFailed():
            return True
        case OutcomeUnknown():
            return idempotent
        case ServerUnavailable():
            return idempotent or not outcome_is_unknown(error)
        case _:
            return False


def outcome_is_unknown(error: DataverseError) -> bool:
    """Say whether a write that got this answer may nevertheless have taken place.

    503 is said before any work begins; behind the other server errors a gateway may have lost the answer.
    """
    return isinstance(error, ServerUnavailable) and error.status != 503


def backoff(policy: RetryPolicy, *, attempt: int, jitter: float) -> float:
    """Double with each attempt up to the cap; half of it is fixed, half is chance."""
    longest = min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 60))
    return longest * (0.5 + 0.5 * jitter)
