"""Carries out a request of the Web API: alone or each one of a batch, with its faults and counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ..faults import Fault
from ..requests.exchanges import Request, Response
from ..requests.rows import method_not_allowed
from ..requests.sessions import Session
from ..requests.transactions import answer_alone
from ..storage.connections import is_rehearsal
from .batch import BATCH, answer_batch
from .controls import Controls
from .kinds import kind_of
from .negotiation import as_accepted, check_content_type, check_headers
from .routing import answer
from .scripted_faults import ConnectionDropped, Effect, Subject

_log = logging.getLogger(__name__)


class Operations:
    """What a request does once its caller is known and admitted; errors are raised as Faults."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def carry_out(self, session: Session, request: Request) -> Response:
        """Answer a request, unless a scripted fault says otherwise."""
        check_headers(request)
        effect = self._effect(session, request, is_inner=False)
        return under(effect, lambda: self._answer(session, request))

    def _answer(self, session: Session, request: Request) -> Response:
        if request.path == BATCH:
            if request.method != "POST":
                raise _only_posted(request.method)
            return answer_batch(session, request, self._inner, self._begin)
        self._begin(1)
        return self._operation(session, request)

    def _inner(self, session: Session, request: Request) -> Response:
        """Answer one request of a batch."""
        check_headers(request)
        effect = self._effect(session, request, is_inner=True)
        return under(effect, lambda: self._operation(session, request))

    def _begin(self, operations: int) -> None:
        """Count the operations of a request and wait for them, before the first one locks a row."""
        self._controls.counters.count_operations(operations)
        self._controls.latency.wait(operations)

    def _operation(self, session: Session, request: Request) -> Response:
        """Answer one operation; a bug becomes a logged fault."""
        if not _rehearses(session):
            self._controls.counters.count_kind(kind_of(session.catalog, request).name)
        if request.path != BATCH:
            check_content_type(request)
        try:
            return as_accepted(request, answer_alone(session, request, answer))
        except (Fault, ConnectionDropped):
            raise
        except Exception as exc:
            _log.exception("%s %s failed", request.method, request.path)
            raise unexpected() from exc

    def _effect(self, session: Session, request: Request, *, is_inner: bool) -> Effect | None:
        faults = self._controls.faults
        if faults.is_idle or _rehearses(session):
            return None
        return faults.effect_on(
            Subject(
                path=request.path,
                body=request.body,
                kind=kind_of(session.catalog, request),
                user_id=session.caller.real_user_id,
                is_inner=is_inner,
            )
        )


def under(effect: Effect | None, work: Callable[[], Response]) -> Response:
    """Do some work as a scripted fault lets it be done, and answer as that says."""
    if effect is None:
        return work()
    time.sleep(effect.delay_seconds)
    if not effect.comes_after:
        effect.strike()
        return work()
    try:
        response = work()
    except Fault:
        effect.strike()
        raise
    effect.strike()
    return response


def _only_posted(method: str) -> Fault:
    refused = method_not_allowed(method)
    return Fault(refused.status, refused.code, refused.message, {"Allow": "POST"})


def unexpected() -> Fault:
    return Fault(500, "0x80040216", "An unexpected error occurred.")


def _rehearses(session: Session) -> bool:
    return session.open_db is not None and is_rehearsal(session.open_db)
