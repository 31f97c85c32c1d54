"""What a sweep of ten thousand leads costs in requests to Dataverse; requests are exact, time is not."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from tests.e2e.world import PLAIN, World, user_id

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD, SWEEP
from work_assignment.dataverse.queries import Query
from work_assignment.settings import Credentials

LEADS, SELLERS = 10_000, 50
AT_ONCE = 1000
BUDGET = 150


def create(world: World, count: int) -> None:
    """Leads that come in over the web form, many at once."""
    form = Credentials(token=f"user:{sample_data.WEB_FORM_USER}")
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
    with connect(world.mock.url, form) as client:
        for start in range(0, count, AT_ONCE):
            targets: list[dict[str, Any]] = [
                {**kind, "lastname": f"Person {number}", "subject": "Lead"}
                for number in range(start, start + AT_ONCE)
            ]
            path = f"{LEAD.entity_set}/Microsoft.Dynamics.CRM.CreateMultiple"
            client.send(messages.Request("POST", path, body={"Targets": targets}))


def sent(world: World) -> int:
    app = sample_data.row_id("systemuser", sample_data.APP_USER)
    by_user: dict[str, int] = world.mock.counters.read()["http_requests_by_user"]
    return by_user.get(app, 0)


def test_ten_thousand_leads_for_fifty_sellers_stay_within_the_budget_of_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAVERSE_TOKEN", f"user:{sample_data.APP_USER}")
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{world.folder / 'queues.sqlite'}")
    monkeypatch.delenv("WA_MODE", raising=False)
    names = [f"Seller{number:02}" for number in range(SELLERS)]
    world.settle_in(dict.fromkeys(names, LEADS), PLAIN)
    create(world, LEADS)
    before = sent(world)

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        assert main(["sweep", "--url", world.mock.url, "--json"]) == 0

    done = json.loads(out.getvalue())
    cost = sent(world) - before
    assert (done["assigned"], done["requests"]) == (LEADS, cost)
    assert cost <= BUDGET
    owners = Counter(
        row["_ownerid_value"]
        for row in world.admin.rows(Query(LEAD.entity_set, select=("_ownerid_value",)))
    )
    assert owners == {user_id(name): LEADS // SELLERS for name in names}
    (row,) = world.admin.rows(Query(SWEEP.entity_set))
    assert row["wa_recordssucceededcount"] == LEADS
    assert "block" not in json.dumps([seller["wa_reservations"] for seller in world.seller_rows()])
