"""One account changes its country, and its 5,000 leads move to another segment and other sellers.

The leads go by their account's country: a webhook on accounts tells of the change, the host finds
the leads and decides them. All requests of the app are counted until it has nothing more to do, and
every lead is looked at afterwards. There may be fewer requests than leads.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.routing import organization
from benchmarks.routing.checks import WrongResult
from benchmarks.routing.host_process import HostProcess
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.tables import count, decimal, say, table
from benchmarks.usage import Usage
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT, LEAD, ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.queries import Query
from work_assignment.settings import Credentials

RECORDS = 5_000
SELLERS = 20
LONGEST = 300.0
BEFORE, AFTER = "Austria", "Italy"
_SECOND = 1.1


@dataclass(frozen=True, slots=True)
class Moved:
    """What it took until all leads had moved."""

    records: int
    seconds: float
    counted: Counted
    host: Usage

    def figures(self) -> dict[str, float]:
        return {
            "records": self.records,
            "seconds": round(self.seconds, 3),
            "http_requests": self.counted.by_app,
            "requests_a_record": round(self.counted.by_app / self.records, 4),
            "inner_writes": self.counted.inner_writes,
            "cpu_seconds": round(self.host.seconds, 3),
            "peak_mb": round(self.host.peak_mb, 1),
        }

    def column(self) -> dict[str, str]:
        return {
            "leads of the account": count(self.records),
            "until the app is at rest, s": decimal(self.seconds),
            "HTTP requests by us": count(self.counted.by_app),
            "requests a lead": decimal(self.counted.by_app / self.records, 3),
            "rows written": count(self.counted.inner_writes),
            "processor seconds": decimal(self.host.seconds),
            "most memory, MiB": count(self.host.peak_mb),
        }


def show(records: int = RECORDS) -> Mapping[str, Any]:
    """Let the account move, and print what it took."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        moved = _measured(Path(name), records)
    say(table({"one account moves": moved.column()}) + "\n")
    return moved.figures()


def _measured(folder: Path, records: int) -> Moved:
    with MockProcess(folder) as mock:
        _settle_in(mock, folder, records)
        with HostProcess(mock, folder) as host:
            account = _account_with_leads(mock, records)
            host.rest(LONGEST)
            _check(mock, BEFORE, records)
            mock.reset_counters()
            before, begun = host.usage(), time.perf_counter()
            with connect(mock.url, Credentials()) as admin:
                change = {"address1_country": AFTER}
                admin.send(messages.update(ACCOUNT.entity_set, account, change, version="*"))
            counted = host.rest(LONGEST)
            seconds = time.perf_counter() - begun
            used = host.usage()
        _check(mock, AFTER, records, moved_from=BEFORE)
    return Moved(records, seconds, counted, Usage(used.seconds - before.seconds, used.peak))


def _settle_in(mock: MockProcess, folder: Path, records: int) -> None:
    with connect(mock.url, Credentials()) as admin:
        sample_data.create_application_users(admin)
        people = [
            {"domainname": _user(n), "firstname": "Seller", "lastname": f"{n:02}"}
            for n in range(SELLERS)
        ]
        sample_data.create_users(admin, people, role=sample_data.SALESPERSON)
        place = folder / "definitions"
        place.mkdir()
        (place / "all.yaml").write_text(yaml.safe_dump(_definitions(records)), encoding="utf-8")
        apply_folder(admin, place)
    time.sleep(_SECOND)


def _user(number: int) -> str:
    return f"seller{number:02}@sales.example"


def _definitions(records: int) -> dict[str, Any]:
    """Sellers with even numbers serve the country before, the others the one after."""
    segments, rules = [], []
    for half, country in enumerate((BEFORE, AFTER)):
        related = {
            "lookup": "parentaccountid",
            "filter": {"all": [["address1_country", "eq", country]]},
        }
        segments.append(
            {
                "name": country,
                "record_type": "lead",
                "allow_move_in": True,
                "filter": {"all": [{"related": related}]},
            }
        )
        rules.append(
            {
                "name": country,
                "segment": country,
                "match": "list",
                "list": [_user(n) for n in range(half, SELLERS, 2)],
                "capacity": True,
            }
        )
    room = 2 * records // SELLERS + 10
    sellers = [{"user": _user(n), "max_capacity": room} for n in range(SELLERS)]
    return {"segments": segments, "rules": rules, "sellers": sellers}


def _account_with_leads(mock: MockProcess, records: int) -> str:
    with connect(mock.url, Credentials()) as admin:
        made = admin.send(
            messages.create(ACCOUNT.entity_set, {"name": "Moving", "address1_country": BEFORE})
        )
    account = str(made.entity_id)
    bound = messages.bind("parentaccountid", ACCOUNT.entity_set, account)
    organization.create_leads(mock, [{**row, **bound} for row in organization.leads(records)])
    return account


def _check(mock: MockProcess, country: str, records: int, moved_from: str | None = None) -> None:
    """All leads are in the country's segment, evenly with its sellers, and the log says how."""
    half = (BEFORE, AFTER).index(country)
    theirs = {sample_data.row_id("systemuser", _user(n)) for n in range(half, SELLERS, 2)}
    with connect(mock.url, Credentials()) as admin:
        owners = Counter(row["_ownerid_value"] for row in admin.rows(Query(LEAD.entity_set)))
        moves = [
            row
            for row in admin.rows(Query(ROUTING_RUN.entity_set))
            if row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value) is not None
        ]
    if owners.keys() - theirs or sum(owners.values()) != records:
        raise WrongResult(f"some of the {records} leads are not with the sellers of {country}")
    if max(owners.values()) - min(owners.values()) > 1:
        raise WrongResult(
            f"the sellers of {country} have unequal shares: {sorted(owners.values())}"
        )
    if moved_from is not None and len(moves) != records:
        raise WrongResult(f"the log tells of {len(moves)} moves, not of {records}")
