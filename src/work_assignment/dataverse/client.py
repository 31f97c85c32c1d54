"""The client: sends requests and batches, again where that is safe; nothing else talks to Dataverse."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

import requests
import urllib3
from tenacity import RetryCallState, Retrying

from work_assignment.dataverse import batches, fetch, messages
from work_assignment.dataverse.auth import RenewableTokens, TokenProvider
from work_assignment.dataverse.batches import Batch, ChangeSet, PartResult
from work_assignment.dataverse.connections import (
    Bearer,
    Circuit,
    Gate,
    Traffic,
    new_session,
    path_below,
    service_root,
)
from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    Throttled,
    UnreadableAnswer,
    http_date,
    unreadable,
)
from work_assignment.dataverse.fetch import Fetch
from work_assignment.dataverse.messages import PLAIN, Prefer, Request, Response, Row
from work_assignment.dataverse.pace import Pace
from work_assignment.dataverse.parcels import (
    Parcel,
    as_unknown_if_written,
    lost,
    parcel_of,
    refusal,
)
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.retry import PATIENT, RetryPolicy, delay_before_retry

log = logging.getLogger(__name__)

_DOP_HINT = "x-ms-dop-hint"
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
_HEADERS = {
    "Accept": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
    "User-Agent": "work-assignment",
}


class DataverseClient:
    """Sends requests to one environment; safe to share between threads."""

    def __init__(
        self,
        url: str,
        tokens: TokenProvider,
        *,
        session_factory: Callable[[], requests.Session] = new_session,
        retry: RetryPolicy = PATIENT,
        sleep: Callable[[float], None] = time.sleep,
        timeout: tuple[float, float] = (5, 65),
        tag: str | None = None,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = service_root(url)
        self._tokens = tokens
        self._session_factory = session_factory
        self._retry = retry
        self._sleep = sleep
        self._timeout = timeout
        self._tag = tag
        self._jitter = jitter
        self._gate = Gate(sleep, clock)
        self._circuit = Circuit(clock)
        self._pace = Pace()
        self._traffic = Traffic()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._server_time: datetime | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads; the client may be used again afterwards."""
        with self._lock:
            sessions, self._local = list(self._sessions), threading.local()
            self._sessions.clear()
        for session in sessions:
            session.close()

    @property
    def requests_sent(self) -> int:
        """HTTP requests that were tried: also those sent again, and those whose connection was refused."""
        return self._traffic.requests

    @property
    def operations_sent(self) -> int:
        """Operations that left: each request inside a batch counts."""
        return self._traffic.operations

    @property
    def traffic(self) -> Traffic:
        """What left, what was throttled and what was sent again."""
        return self._traffic

    @property
    def pace(self) -> Pace:
        """How fast Dataverse lets us go."""
        return self._pace

    @property
    def gate(self) -> Gate:
        """What makes all threads keep Retry-After."""
        return self._gate

    @property
    def circuit(self) -> Circuit:
        """What spares a Dataverse that is down."""
        return self._circuit

    def server_time(self) -> datetime | None:
        """The server's clock as of its last answer."""
        return self._server_time

    def send(self, request: Request) -> Response:
        """Send one request; a refusal is raised as the kind of `DataverseError` that it is."""
        return self._deliver(parcel_of(self._tagged(request), self.root), self._retry)

    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = None) -> list[PartResult]:
        """Send a batch; what became of each part is given back in order, not raised.

        `retry` is another patience than the client's own, for this batch.
        """
        parts = tuple(self._tagged_part(part) for part in batch.parts)
        content_type, data = batches.encode(replace(batch, parts=parts), self.root, str(uuid4()))
        prefer = {"Prefer": "odata.continue-on-error"} if batch.continue_on_error else {}
        parcel = Parcel(
            "POST",
            "$batch",
            f"$batch of {len(batch.requests)}",
            headers={"Content-Type": content_type, **prefer},
            data=data,
            operations=len(batch.requests),
            may_write=batch.has_writes,
            is_batch=True,
        )
        response = self._deliver(parcel, retry or self._retry)
        try:
            return batches.decode(batch, response.headers.get("content-type", ""), response.body)
        except UnreadableAnswer as exc:
            raise as_unknown_if_written(parcel, exc) from exc

    def pages(self, request: Request) -> Iterator[list[Row]]:
        """Give the rows page by page to the last; each page is read when it is asked for."""
        following: Request | None = request
        while following is not None:
            body = self.send(following).json
            following = self._following(following, body)
            yield messages.rows_in(body)

    def further_pages(self, request: Request, answer: Response) -> Iterator[list[Row]]:
        """Give the pages behind one that was answered already, such as in a batch."""
        following = self._following(request, answer.json)
        if following is not None:
            yield from self.pages(following)

    def rows(self, query: Query, *, prefer: Prefer = PLAIN) -> Iterator[Row]:
        """Give all rows of a query, over as many pages as there are."""
        for page in self.pages(messages.get(query, prefer=prefer)):
            yield from page

    def fetch_rows(
        self, entity_set: str, question: Fetch, *, prefer: Prefer = PLAIN
    ) -> Iterator[Row]:
        """Give all rows of a FetchXML query, over as many pages as there are."""
        following: Fetch | None = fetch.paged(question)
        while following is not None:
            text = fetch.render(following)
            body = self.send(messages.fetch(entity_set, text, prefer=prefer)).json
            cookie = body.get(f"@{messages.PAGING_COOKIE}")
            following = fetch.next_page(following, cookie) if _has_more(body) else None
            yield from messages.rows_in(body)

    def _following(self, request: Request, body: Row) -> Request | None:
        link = body.get("@odata.nextLink")
        if link is None:
            if _has_more(body):
                raise InvalidRequest(f"{request.what}: more rows than one answer of FetchXML holds")
            return None
        path = path_below(self.root, str(link))
        if path is None or path == request.path:
            raise unreadable("its next page is not one of this environment's", what=request.what)
        return replace(request, path=path)

    def _tagged(self, request: Request) -> Request:
        return request if self._tag is None else messages.tagged(request, self._tag)

    def _tagged_part(self, part: Request | ChangeSet) -> Request | ChangeSet:
        if isinstance(part, Request):
            return self._tagged(part)
        return ChangeSet(tuple(self._tagged(request) for request in part.requests))

    def _deliver(self, parcel: Parcel, retry: RetryPolicy) -> Response:
        patience = _Patience(retry, parcel, self._jitter, self._traffic)
        retrying = Retrying(
            retry=patience.lasts, wait=patience.delay_here, sleep=self._pause, reraise=True
        )
        return retrying(self._attempt, parcel, retry)

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _attempt(self, parcel: Parcel, retry: RetryPolicy) -> Response:
        self._gate.wait(retry.longest_retry_after, parcel.what)
        token = self._tokens.token()
        try:
            with self._circuit.around(parcel.what):
                return self._ask(parcel, token)
        except DataverseError as exc:
            error = as_unknown_if_written(parcel, exc)
            if error is exc:
                raise
            raise error from exc

    def _ask(self, parcel: Parcel, token: str | None) -> Response:
        """Send once, or twice where the token was not good any more."""
        period = self._pace.period
        response = self._transmit(parcel, token)
        if response.status == 401 and token and isinstance(self._tokens, RenewableTokens):
            log.info("%s: token refused, getting another", parcel.what)
            response = self._transmit(parcel, self._tokens.renew(token))
        error = refusal(parcel, response)
        if error is None:
            return response
        if isinstance(error, Throttled):
            self._traffic.refused()
            self._pace.throttled(period)
        if error.retry_after is not None:
            self._gate.hold(error.retry_after)
        raise error

    def _transmit(self, parcel: Parcel, token: str | None) -> Response:
        own_id = str(uuid4())
        self._traffic.sent(parcel.operations)
        started = time.perf_counter()
        try:
            answer = self._session().request(
                parcel.method,
                self.root + parcel.path,
                headers={**_HEADERS, "x-ms-client-request-id": own_id, **parcel.headers},
                data=parcel.data,
                auth=Bearer(token),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except (OSError, urllib3.exceptions.HTTPError) as exc:
            raise lost(parcel, exc, own_id) from exc
        milliseconds = (time.perf_counter() - started) * 1000
        log.debug("%s: %d in %.0f ms (%s)", parcel.what, answer.status_code, milliseconds, own_id)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        self._server_time = http_date(headers.get("date", "")) or self._server_time
        hint = headers.get(_DOP_HINT, "")
        if _WHOLE_NUMBER.fullmatch(hint):
            self._pace.hinted(int(hint))
        return Response(answer.status_code, headers, answer.content)

    def _session(self) -> requests.Session:
        local = self._local
        if not hasattr(local, "session"):
            local.session = self._session_factory()
            with self._lock:
                self._sessions.add(local.session)
        session: requests.Session = local.session
        return session


class _Patience:
    """Asks `delay_before_retry` once after each failure and hands tenacity the answer."""

    def __init__(
        self, policy: RetryPolicy, parcel: Parcel, jitter: Callable[[], float], traffic: Traffic
    ) -> None:
        self._policy = policy
        self._parcel = parcel
        self._jitter = jitter
        self._traffic = traffic
        self._delay = 0.0

    def lasts(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, DataverseError):
            return False
        delay = delay_before_retry(
            self._policy,
            attempt=state.attempt_number,
            error=error,
            idempotent=not self._parcel.may_write,
            jitter=self._jitter(),
        )
        if delay is None:
            return False
        kind = f"{type(error).__name__} {error.status or ''} {error.code}".strip()
        log.warning("%s: %s; sending again in %.1f s", self._parcel.what, kind, delay)
        # The gate, which all threads share, is what waits for Retry-After.
        self._delay = delay if error.retry_after is None else 0.0
        self._traffic.sent_again()
        return True

    def delay_here(self, state: RetryCallState) -> float:
        return self._delay


def _has_more(body: Row) -> bool:
    return str(body.get(f"@{messages.MORE_ROWS}", False)).lower() == "true"
