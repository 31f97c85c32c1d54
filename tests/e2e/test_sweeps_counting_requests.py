"""What a sweep of the app says that it cost is what it sent itself, whatever the app does beside it."""

from __future__ import annotations

import json
import threading

from tests.e2e.world import World

from work_assignment.bootstrap import build
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import SWEEP
from work_assignment.settings import read_settings

ID = "6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a01"
LAST_SAVE = 1
"""The row's last writing cannot count itself."""
WHO_IS_NEXT = 1
"""Asked by the app when a sweep has ended, so that who waited for it goes on at once."""


def sent(world: World) -> int:
    app = sample_data.row_id("systemuser", sample_data.APP_USER)
    by_user: dict[str, int] = world.mock.counters.read()["http_requests_by_user"]
    return by_user.get(app, 0)


def test_requests_of_a_sweep_and_of_the_deciders_beside_it_are_told_apart(world: World) -> None:
    world.settle_in({"Ada": 300, "Bea": 300})
    world.create_leads(300)
    settings = {
        "DATAVERSE_URL": world.mock.url,
        "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
        "AzureWebJobsStorage": f"sqlite:{world.folder / 'queues.sqlite'}",
    }
    app = build(read_settings(settings))
    row = {"wa_name": "Mine", "statuscode": 727000000}
    world.admin.send(messages.create(SWEEP.entity_set, row, row_id=ID))
    before, beside = sent(world), [0]

    def decide() -> None:
        first, pause = app.traffic()["requests"], threading.Event()
        for _ in range(5):
            app.decider.answer(thorough=True)
            pause.wait(0.2)
        beside[0] = app.traffic()["requests"] - first

    decider = threading.Thread(target=decide)
    decider.start()
    app.sweeps.answer(ID)
    decider.join()

    done = world.admin.send(messages.retrieve(SWEEP.entity_set, ID)).json
    told = json.loads(done["wa_cursor"])["requests"]
    assert done["statecode"] == 1
    assert beside[0] > 0
    assert told + LAST_SAVE + WHO_IS_NEXT + beside[0] == sent(world) - before
