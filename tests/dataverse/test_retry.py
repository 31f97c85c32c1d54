"""The laws of sending again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from work_assignment.dataverse import errors
from work_assignment.dataverse.errors import DataverseError
from work_assignment.dataverse.retry import RetryPolicy, delay_before_retry

KINDS = sorted(
    {*errors.BY_CODE.values(), *errors.BY_STATUS.values()}
    | {errors.ServerUnavailable, errors.ConnectionFailed}
    | {errors.OutcomeUnknown, errors.UnreadableAnswer},
    key=lambda kind: kind.__name__,
)
STATUSES = st.sampled_from([None, 200, 400, 401, 403, 404, 409, 412, 413, 429, 500, 502, 503, 504])
WAITS = st.none() | st.floats(0, 10_000, allow_nan=False)
JITTERS = st.floats(0, 1)
POLICY = RetryPolicy()


@st.composite
def any_errors(draw: st.DrawFn) -> DataverseError:
    kind = draw(st.sampled_from(KINDS))
    return kind(draw(STATUSES), "", "", "", "x", draw(WAITS))


def error(
    kind: type[DataverseError], status: int | None = None, retry_after: float | None = None
) -> DataverseError:
    return kind(status, "", "", "", "x", retry_after)


def delay(failure: DataverseError, *, idempotent: bool = False, attempt: int = 1) -> float | None:
    return delay_before_retry(
        POLICY, attempt=attempt, error=failure, idempotent=idempotent, jitter=1.0
    )


@given(any_errors(), st.integers(1, 9), JITTERS)
def test_a_write_whose_outcome_is_unknown_is_never_sent_again(
    failure: DataverseError, attempt: int, jitter: float
) -> None:
    waited = delay_before_retry(
        POLICY, attempt=attempt, error=failure, idempotent=False, jitter=jitter
    )

    if waited is not None:
        assert not isinstance(failure, errors.OutcomeUnknown)
        assert not (isinstance(failure, errors.ServerUnavailable) and failure.status != 503)


@given(any_errors(), st.integers(1, 9), st.booleans(), JITTERS)
def test_retry_after_is_kept_to_the_letter_or_we_give_up(
    failure: DataverseError, attempt: int, idempotent: bool, jitter: float
) -> None:
    waited = delay_before_retry(
        POLICY, attempt=attempt, error=failure, idempotent=idempotent, jitter=jitter
    )

    if waited is not None and failure.retry_after is not None:
        assert waited == failure.retry_after


@given(any_errors(), st.integers(1, 5000), st.booleans(), JITTERS)
def test_patience_ends_after_the_last_attempt(
    failure: DataverseError, attempt: int, idempotent: bool, jitter: float
) -> None:
    waited = delay_before_retry(
        POLICY, attempt=attempt, error=failure, idempotent=idempotent, jitter=jitter
    )

    assert waited is None or attempt < POLICY.attempts


@given(st.integers(1, 5000), JITTERS)
def test_without_retry_after_the_wait_stays_between_half_the_base_and_the_cap(
    attempt: int, jitter: float
) -> None:
    patient = RetryPolicy(attempts=6000)
    waited = delay_before_retry(
        patient,
        attempt=attempt,
        error=error(errors.Throttled, 429),
        idempotent=False,
        jitter=jitter,
    )

    assert waited is not None
    assert patient.base / 2 <= waited <= patient.cap


def test_throttling_waits_exactly_as_long_as_asked() -> None:
    assert delay(error(errors.Throttled, 429, 7.0)) == 7.0
    assert delay(error(errors.ServerUnavailable, 503, 12.0)) == 12.0


def test_a_retry_after_beyond_our_patience_is_not_cut_short_but_given_up() -> None:
    assert delay(error(errors.Throttled, 429, 301.0)) is None


def test_the_wait_doubles_with_each_attempt() -> None:
    waits = [delay(error(errors.LockConflict, 400), attempt=attempt) for attempt in (1, 2, 3, 4)]

    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_a_write_that_never_left_may_be_sent_again() -> None:
    assert delay(error(errors.ConnectionFailed)) == 0.5


def test_only_reads_are_repeated_after_a_gateway_lost_the_answer() -> None:
    for status in (500, 502, 504):
        assert delay(error(errors.ServerUnavailable, status), idempotent=False) is None
        assert delay(error(errors.ServerUnavailable, status), idempotent=True) == 0.5


def test_what_dataverse_refuses_for_good_is_not_repeated() -> None:
    for kind in (
        errors.BadRequest,
        errors.VersionMismatch,
        errors.RowNotFound,
        errors.AccessDenied,
    ):
        assert delay(error(kind, 400), idempotent=True) is None
