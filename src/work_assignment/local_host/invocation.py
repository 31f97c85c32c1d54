"""Calls one function: its arguments, what it returns, and the messages it sends."""

from __future__ import annotations

import base64
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol

import azure.functions as func

from work_assignment.local_host.errors import InvocationFailed
from work_assignment.local_host.specs import RETURN_BINDING, FunctionSpec, HttpTrigger, QueueOutput

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Where output messages go."""

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None: ...


class Output(func.Out[Any]):
    """The holder that a function fills with what it wants to send."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


class Invoker:
    """Runs functions to their end, outputs sent. Safe to use from many threads."""

    def __init__(
        self,
        sender: Sender,
        *,
        base64_messages: bool,
        slow_after: timedelta,
        on_sent: Callable[[str], None] = lambda queue: None,
    ) -> None:
        self._sender = sender
        self._base64 = base64_messages
        self._slow_after = slow_after
        self._on_sent = on_sent

    def invoke(self, spec: FunctionSpec, trigger: object) -> Any:
        """Call the function with its trigger; returns what it returned, once its messages are out.

        Whatever it raises comes through, and then nothing has been sent.
        """
        holders: dict[str, Output] = {
            output.parameter: Output()
            for output in spec.outputs
            if output.parameter != RETURN_BINDING
        }
        started = time.monotonic()
        returned = spec.callable(**{spec.parameter: trigger}, **holders)
        self._report_slow(spec, time.monotonic() - started)
        self._check_returned(spec, returned)
        values = {name: holder.get() for name, holder in holders.items()} | {
            RETURN_BINDING: returned
        }
        # All texts are made before the first is sent: a bad one sends none.
        ready = [
            (output.queue, text)
            for output in spec.outputs
            for text in self._texts(spec, output, values[output.parameter])
        ]
        for queue, text in ready:
            self._sender.put(queue, text)
            self._on_sent(queue)
        return returned

    def _check_returned(self, spec: FunctionSpec, returned: object) -> None:
        if inspect.isawaitable(returned):
            raise InvocationFailed(f"{spec.name} returned an awaitable: async code is not run here")
        if isinstance(spec.trigger, HttpTrigger):
            if not isinstance(returned, func.HttpResponse | str):
                kind = type(returned).__name__
                raise InvocationFailed(f"{spec.name} returned {kind} instead of an HttpResponse")
            return
        has_return = any(output.parameter == RETURN_BINDING for output in spec.outputs)
        if returned is not None and not has_return:
            raise InvocationFailed(f"{spec.name} returned a value without a $return binding")

    def _texts(self, spec: FunctionSpec, output: QueueOutput, value: object) -> Iterable[str]:
        items: Iterable[object]
        match value:
            case None:
                items = ()
            case str() | bytes() | Mapping():
                items = (value,)
            case Iterable():
                items = value
            case _:
                items = (value,)
        return [self._text(spec, output, item) for item in items]

    def _text(self, spec: FunctionSpec, output: QueueOutput, item: object) -> str:
        match item:
            case str():
                body = item.encode()
            case bytes():
                body = item
            case func.QueueMessage():
                body = item.get_body()
            case _:
                kind = type(item).__name__
                raise InvocationFailed(
                    f"{spec.name} put {kind} into '{output.parameter}': a queue takes text, bytes "
                    "or a QueueMessage"
                )
        return encode_message(body, base64_messages=self._base64)

    def _report_slow(self, spec: FunctionSpec, seconds: float) -> None:
        if seconds > self._slow_after.total_seconds():
            log.warning(
                "%s ran %.0f s; Azure would have stopped it after %s (functionTimeout)",
                spec.name,
                seconds,
                self._slow_after,
            )


def encode_message(body: bytes, *, base64_messages: bool) -> str:
    """The text that stands in the queue for this body."""
    return base64.b64encode(body).decode("ascii") if base64_messages else body.decode()


def decode_message(text: str, *, base64_messages: bool) -> bytes:
    """The body a queue's text stands for; raises ValueError if it is not base64 and should be."""
    return base64.b64decode(text, validate=True) if base64_messages else text.encode()
