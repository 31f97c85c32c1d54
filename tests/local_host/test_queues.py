"""The laws of queues, step by step, against a store in memory and a clock that tests move."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest
from azure.functions.queue import QueueMessage
from tests.local_host.support import FakeClock, MemoryMessage, MemoryQueues

from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.host_json import QueueOptions
from work_assignment.local_host.invocation import Invoker
from work_assignment.local_host.queues import QueueListener
from work_assignment.local_host.specs import FunctionSpec, QueueOutput, QueueTrigger

OPTIONS = QueueOptions(
    batch_size=8,
    new_batch_threshold=4,
    max_dequeue_count=5,
    visibility_timeout=timedelta(seconds=30),
    max_polling_interval=timedelta(seconds=1),
)
STORAGE = "AzureWebJobsStorage"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Workers:
    """Worker threads played by the test: at once, or when it says so."""

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once
        self.closed = False
        self.waiting: list[tuple[Callable[[], object], Future[Any]]] = []

    def submit(self, call: Callable[[], object]) -> Future[Any]:
        if self.closed:
            raise HostStopping
        future: Future[Any] = Future()
        self.waiting.append((call, future))
        if self.at_once:
            self.work()
        return future

    def work(self, count: int = 1) -> None:
        for _ in range(count):
            call, future = self.waiting.pop(0)
            try:
                future.set_result(call())
            except Exception as error:
                future.set_exception(error)

    def drop(self) -> None:
        for _, future in self.waiting:
            future.set_exception(HostStopping())


class Stage:
    """One listener on `wa-bell`, whose function does what the test says."""

    def __init__(
        self,
        function: Callable[..., Any] = lambda msg: None,
        *,
        queue: str = "wa-bell",
        options: QueueOptions = OPTIONS,
        outputs: tuple[QueueOutput, ...] = (),
        at_once: bool = True,
    ) -> None:
        self.clock = FakeClock()
        self.store = MemoryQueues(self.clock)
        self.workers = Workers(at_once=at_once)
        self.messages: list[QueueMessage] = []
        self._function = function
        spec = FunctionSpec("decide", QueueTrigger(queue, STORAGE), outputs, self._run, "msg")
        invoker = Invoker(
            self.store, base64_messages=options.base64, slow_after=timedelta(minutes=10)
        )
        self.listener: QueueListener[MemoryMessage] = QueueListener(
            spec,
            queue,
            self.store,
            options,
            submit=self.workers.submit,
            invoke=invoker.invoke,
            monotonic=self.clock.monotonic,
        )

    def _run(self, msg: QueueMessage, **holders: Any) -> Any:
        self.messages.append(msg)
        return self._function(msg, **holders)

    def steps(self, count: int, seconds: float = 0.0) -> None:
        for _ in range(count):
            self.listener.step()
            self.clock.move(seconds)


def fail(msg: QueueMessage) -> None:
    raise ValueError("cannot")


def test_a_message_is_decoded_run_and_deleted() -> None:
    stage = Stage()
    stage.store.put("wa-bell", coded('{"id": "ü"}'))
    stage.steps(1)
    assert stage.messages[0].get_json() == {"id": "ü"}
    assert stage.messages[0].dequeue_count == 1
    assert stage.messages[0].insertion_time == stage.clock.now
    assert stage.store.texts("wa-bell") == []


def test_plain_text_is_taken_where_host_json_says_so() -> None:
    stage = Stage(options=QueueOptions(base64=False))
    stage.store.put("wa-bell", "plain ü")
    stage.steps(1)
    assert stage.messages[0].get_body().decode() == "plain ü"


def test_a_failure_hides_the_message_for_the_visibility_timeout() -> None:
    stage = Stage(fail)
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    assert stage.store.hidden_for == [timedelta(seconds=30)]
    stage.clock.move(29)
    stage.steps(1)
    assert len(stage.messages) == 1
    stage.clock.move(1)
    stage.steps(1)
    assert [m.dequeue_count for m in stage.messages] == [1, 2]


def test_after_five_failures_the_message_is_poison(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(fail)
    stage.store.put("wa-bell", coded("x"))
    stage.steps(20, seconds=30)
    assert len(stage.messages) == 5
    assert stage.store.texts("wa-bell") == []
    assert stage.store.texts("wa-bell-poison") == [coded("x")]
    assert "failed 5 times" in caplog.text


def test_a_message_reaches_the_poison_queue_before_it_leaves_its_own() -> None:
    stage = Stage(fail, options=QueueOptions(max_dequeue_count=1))
    stage.store.put("wa-bell", coded("x"))
    stage.store.journal.clear()
    stage.steps(1)
    assert stage.store.journal == [("put", "wa-bell-poison"), ("delete", "wa-bell")]


def test_a_message_whose_worker_always_dies_is_poison_without_another_run() -> None:
    stage = Stage(options=QueueOptions(max_dequeue_count=2))
    stage.store.put("wa-bell", coded("x"))
    for _ in range(2):
        stage.store.receive("wa-bell", limit=1, hidden_for=timedelta(0))
    stage.steps(1)
    assert stage.messages == []
    assert stage.store.texts("wa-bell-poison") == [coded("x")]


def test_text_that_is_not_base64_is_poison_at_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.store.put("wa-bell", '{"plain": "json"}')
    stage.steps(1)
    assert stage.messages == []
    assert stage.store.texts("wa-bell-poison") == ['{"plain": "json"}']
    assert "is not base64" in caplog.text


def test_a_failure_in_a_poison_queue_makes_no_poison_of_poison() -> None:
    stage = Stage(fail, queue="wa-bell-poison")
    stage.store.put("wa-bell-poison", coded("x"))
    stage.steps(20, seconds=60)
    assert stage.store.texts("wa-bell-poison") == [coded("x")]
    assert stage.store.texts("wa-bell-poison-poison") == []
    assert len(stage.messages) == 2, "it comes again only when its lease has ended"


def test_outputs_are_sent_before_the_message_is_deleted() -> None:
    def send(msg: QueueMessage, out: func.Out[list[str]]) -> str:
        out.set(["one", "two"])
        return "three"

    stage = Stage(
        send,
        outputs=(
            QueueOutput("out", "wa-sweeps", STORAGE),
            QueueOutput("$return", "wa-events", STORAGE),
        ),
    )
    stage.store.put("wa-bell", coded("x"))
    stage.store.journal.clear()
    stage.steps(1)
    assert stage.store.journal == [
        ("put", "wa-sweeps"),
        ("put", "wa-sweeps"),
        ("put", "wa-events"),
        ("delete", "wa-bell"),
    ]
    assert stage.store.texts("wa-sweeps") == [coded("one"), coded("two")]
    assert stage.store.texts("wa-events") == [coded("three")]


@pytest.mark.parametrize("value", [3, {"a": 1}, ["fine", None]])
def test_an_output_that_cannot_be_sent_sends_nothing_and_fails_the_call(value: Any) -> None:
    stage = Stage(
        lambda msg, out: out.set(value), outputs=(QueueOutput("out", "wa-sweeps", STORAGE),)
    )
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    assert stage.store.texts("wa-sweeps") == []
    assert stage.store.texts("wa-bell") == [coded("x")]


def test_a_value_returned_without_a_return_binding_fails_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(lambda msg: "surprise")
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    assert stage.store.texts("wa-bell") == [coded("x")]
    assert "returned a value without a $return binding" in caplog.text


def test_a_lease_is_renewed_at_half_while_the_function_runs() -> None:
    stage = Stage(at_once=False)
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    stage.clock.move(299)
    stage.steps(1)
    assert stage.store.hidden_for == []
    stage.clock.move(1)
    stage.steps(1)
    assert stage.store.hidden_for == [timedelta(minutes=10)]
    stage.clock.move(400)
    stage.steps(1)
    stage.workers.work()
    assert stage.store.texts("wa-bell") == [], "deleted with the newest receipt"
    assert len(stage.messages) == 1


def test_a_lease_that_was_lost_is_said_and_the_message_comes_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(at_once=False)
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    stage.clock.move(601)
    stage.store.receive("wa-bell", limit=1, hidden_for=timedelta(seconds=5))
    stage.steps(1)
    assert "could not be renewed" in caplog.text
    stage.workers.work()
    assert "could not be deleted and will come again" in caplog.text
    assert stage.store.texts("wa-bell") == [coded("x")]


def test_a_new_batch_is_fetched_once_few_are_left() -> None:
    stage = Stage(at_once=False)
    for number in range(20):
        stage.store.put("wa-bell", coded(str(number)))
    stage.steps(3)
    assert len(stage.workers.waiting) == 8
    stage.workers.work(3)
    stage.steps(1)
    assert len(stage.workers.waiting) == 5, "five are left, one more than the threshold"
    stage.workers.work(1)
    stage.steps(1)
    assert len(stage.workers.waiting) == 12


def test_polling_an_empty_queue_backs_off_to_the_longest_interval() -> None:
    stage = Stage()
    pauses = [stage.listener.step() for _ in range(6)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    stage.store.put("wa-bell", coded("x"))
    assert stage.listener.step() == 0.0
    assert stage.listener.step() == pytest.approx(0.1)


def test_a_message_taken_while_the_host_stops_is_handed_back() -> None:
    stage = Stage()
    stage.workers.closed = True
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    assert stage.messages == []
    assert len(stage.store.receive("wa-bell", limit=1, hidden_for=timedelta(0))) == 1


def test_a_message_that_waits_for_a_thread_when_the_host_stops_is_handed_back() -> None:
    stage = Stage(at_once=False)
    stage.store.put("wa-bell", coded("x"))
    stage.steps(1)
    stage.workers.drop()
    assert len(stage.store.receive("wa-bell", limit=1, hidden_for=timedelta(0))) == 1


def test_a_queue_that_cannot_be_read_for_a_while_is_endured() -> None:
    stage = Stage()
    stage.store.put("wa-bell", coded("x"))
    stage.store.broken = OSError("locked")
    stage.steps(5)
    stage.store.broken = None
    stage.steps(1)
    assert len(stage.messages) == 1
    stage.store.broken = OSError("locked")
    stage.steps(5)


def test_a_queue_that_stays_unreadable_ends_the_listener() -> None:
    stage = Stage()
    stage.store.broken = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        stage.steps(6)
