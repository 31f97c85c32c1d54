"""Answers that are lost, late or a refusal: every record still ends with exactly one outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.e2e.world import World, user_id, workshop

from work_assignment.bootstrap import now
from work_assignment.cli import sample_data
from work_assignment.dataverse import outcome_rows, outcome_writer
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.domain.runs.outcomes import Outcome
from work_assignment.services.deciding import Decider
from work_assignment.services.intake import TAG

RESERVE = "PATCH /api/data/v9.2/wa_sellers"
COMMIT = '"wa_assignmentresult":'
TELL = "PATCH /api/data/v9.2/appnotifications"

Send = Callable[[], requests.Response]
Mishap = Callable[[Send], requests.Response]


def answer_lost(send: Send) -> requests.Response:
    """The request is carried out, and its answer never arrives."""
    send()
    raise requests.ConnectionError("the connection was reset")


def never_arrived(send: Send) -> requests.Response:
    """Nobody can tell, but the request was not carried out."""
    raise requests.ConnectionError("the connection was reset")


def throttled(send: Send) -> requests.Response:
    """Dataverse asks to wait a moment."""
    answer = requests.Response()
    answer.status_code = 429
    answer.headers["Retry-After"] = "1"
    answer._content = b'{"error": {"code": "0x80072322", "message": "Too many requests."}}'
    return answer


class UnluckySession(requests.Session):
    """Has a mishap with the first batches whose body holds a certain text."""

    def __init__(self, text: str, mishap: Mishap, times: int) -> None:
        super().__init__()
        self._text = text.encode()
        self._mishap = mishap
        self._times = times

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        def send() -> requests.Response:
            return super(UnluckySession, self).request(*args, **kwargs)

        if self._times and self._text in (kwargs.get("data") or b""):
            self._times -= 1
            return self._mishap(send)
        return send()


def unlucky_decider(
    world: World, storage: Path, text: str, mishap: Mishap, times: int = 1
) -> Decider:
    client = DataverseClient(
        world.mock.url,
        StaticToken(f"user:{sample_data.APP_USER}"),
        tag=TAG,
        session_factory=lambda: UnluckySession(text, mishap, times),
    )
    definitions = DefinitionStore(client)
    shop = replace(
        workshop(world.mock.url, storage),
        facts=FactStore(client, definitions),
        outcomes=OutcomeStore(client, lambda: definitions.schemas, now),
    )
    return Decider(shop)


@pytest.mark.parametrize("mishap", [answer_lost, never_arrived, throttled])
@pytest.mark.parametrize(
    "step",
    [RESERVE, COMMIT, TELL],
    ids=["reserve", "commit", "tell"],
)
@pytest.mark.parametrize("leads", [1, 6])
def test_each_lead_ends_with_one_owner_and_one_outcome(
    world: World, tmp_path: Path, mishap: Mishap, step: str, leads: int
) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    world.create_leads(leads)
    worker = unlucky_decider(world, tmp_path / "queues.sqlite", step, mishap)
    for _ in range(5):
        report = worker.answer(thorough=True)
        if not (expired_sooner(world) or report.away or report.held):
            break
    runs = world.runs()
    assert sorted(run["wa_recordid"] for run in runs) == sorted(
        lead["leadid"] for lead in world.leads()
    )
    owned = world.owned(["Ada", "Bea"])
    assert sum(owned.values()) == leads
    assert abs(owned["Ada"] - owned["Bea"]) <= 1
    for run in runs:
        lead = world.lead(run["wa_recordid"])
        assert lead["_ownerid_value"] == run["_wa_assignedsellerid_value"]
        assert lead["_ownerid_value"] in (user_id("Ada"), user_id("Bea"))


def expired_sooner(world: World) -> bool:
    """Let reservations of a lost answer expire, as five minutes would; says whether there were any.

    Until then their seller's capacity is kept, and the records they name are in other hands.
    """
    found = False
    for row in world.seller_rows():
        entries = json.loads(row["wa_reservations"] or "[]")
        if entries:
            found = True
            past = (now() - timedelta(minutes=1)).isoformat()
            expired = json.dumps([entry | {"expires": past} for entry in entries])
            world.change_seller(row["wa_sellerid"], {"wa_reservations": expired})
    return found


@pytest.mark.parametrize("mishap", [answer_lost, never_arrived])
def test_what_was_lost_once_is_read_and_what_is_not_there_sent_again(
    world: World, tmp_path: Path, mishap: Mishap
) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    world.create_leads(6)
    report = unlucky_decider(world, tmp_path / "queues.sqlite", COMMIT, mishap).answer()
    assert (report.assigned, report.rounds) == (6, 1)
    assert world.owned(["Ada", "Bea"]) == {"Ada": 3, "Bea": 3}
    assert len(world.runs()) == 6
    assert [row["wa_reservations"] for row in world.seller_rows()] == [None, None]


def test_shares_are_kept_while_a_lost_commit_may_still_land(world: World, tmp_path: Path) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    world.create_leads(6)
    storage = tmp_path / "queues.sqlite"
    unlucky_decider(world, storage, COMMIT, never_arrived, times=6).answer()
    reserved = [json.loads(row["wa_reservations"] or "[]") for row in world.seller_rows()]
    assert sum(entry["shares"] for entries in reserved for entry in entries) == 6
    world.create_leads(1)
    assert Decider(workshop(world.mock.url, storage)).answer().held == 7
    assert world.owned(["Ada", "Bea"]) == {"Ada": 0, "Bea": 0}
    expired_sooner(world)
    Decider(workshop(world.mock.url, storage)).answer(thorough=True)
    assert world.owned(["Ada", "Bea"]) == {"Ada": 3, "Bea": 3}


def refused_with(status: int) -> Mishap:
    """A gateway before Dataverse does not let the request through."""

    def refuse(send: Send) -> requests.Response:
        answer = requests.Response()
        answer.status_code = status
        answer._content = b"<html>no</html>"
        return answer

    return refuse


@pytest.mark.parametrize("status", [400, 403, 413])
def test_one_lead_whose_batch_is_refused_is_noted_and_all_others_are_assigned(
    world: World, tmp_path: Path, status: int
) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    guilty = world.create_leads(6)[2]
    commit = f"PATCH /api/data/v9.2/leads({guilty})"
    worker = unlucky_decider(world, tmp_path / "q.sqlite", commit, refused_with(status), 100)
    report = worker.answer()
    assert (report.assigned, report.unassigned) == (5, 1)
    assert [row["wa_reservations"] for row in world.seller_rows()] == [None, None]
    (run,) = (run for run in world.runs() if run["wa_recordid"] == guilty)
    assert str(status) in run["wa_reason"]
    assert world.lead(guilty)["wa_assignmentresult"] is None


def test_one_lead_that_cannot_be_put_together_is_noted_and_all_others_are_assigned(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    guilty = world.create_leads(6)[2]
    build = outcome_rows.outcome_requests

    def fail(outcome: Outcome, *more: Any) -> list[Request]:
        if outcome.result is not None and outcome.run.key.id == guilty:
            raise ZeroDivisionError("a bug")
        return build(outcome, *more)

    monkeypatch.setattr(outcome_writer, "outcome_requests", fail)
    report = Decider(workshop(world.mock.url, tmp_path / "q.sqlite")).answer()
    assert (report.assigned, report.unassigned) == (5, 1)
    assert [row["wa_reservations"] for row in world.seller_rows()] == [None, None]
    (run,) = (run for run in world.runs() if run["wa_recordid"] == guilty)
    assert "ZeroDivisionError: a bug" in run["wa_reason"]
