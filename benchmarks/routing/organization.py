"""Whom and what the benchmarks route: 50 sellers, 20 segments, 40 rules, and leads of all kinds.

Ten countries have a segment for trade shows and one for all else. The first rule of each takes
large leads to a seller of the language with the skill for them, who has most room; the second one
takes the rest in turn. Some leads come from elsewhere and fit no segment, and Polish has too few
sellers, so not all leads find an owner.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.routing.mock_process import MockProcess
from benchmarks.web_api.clients import Call
from benchmarks.web_api.leads import create_many
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.settings import Credentials

SELLERS = 50
LANGUAGES = {
    "Austria": "German",
    "France": "French",
    "Germany": "German",
    "Italy": "Italian",
    "Mexico": "Spanish",
    "Poland": "Polish",
    "Spain": "Spanish",
    "Switzerland": "French",
    "United Kingdom": "English",
    "United States": "English",
}
"""The countries that have segments, and what is spoken to their leads."""
ELSEWHERE = "Japan"
SPOKEN = ("English", "French", "German", "Italian", "Spanish")
POLISH = 3
"""How many sellers speak Polish besides."""
TRADE_SHOW = 7
LARGE = 50_000
SPARE = 1.25
"""How much room all sellers have together, for each lead."""
AT_ONCE = 1000
_SECOND = 1.1
"""Dataverse's times have whole seconds, and leads must be younger than the definitions."""
APP = f"user:{sample_data.APP_USER}"
FORM = f"user:{sample_data.WEB_FORM_USER}"


def capacity(leads: int) -> int:
    """How many leads a seller may have when so many come."""
    return max(2, round(leads * SPARE / SELLERS))


def user_name(number: int) -> str:
    return f"seller{number:02}@sales.example"


def seller_id(number: int) -> str:
    return sample_data.row_id("systemuser", user_name(number))


def definitions(room: int) -> dict[str, Any]:
    """Segments, rules and sellers as an admin writes them down."""
    segments: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    for country, language in LANGUAGES.items():
        for kind, operator in (("trade shows", "eq"), ("all else", "ne")):
            name = f"{country}, {kind}"
            source = ["leadsourcecode", operator, TRADE_SHOW]
            segments.append(_segment(name, len(segments) + 1, country, source))
            rules += _rules(name, language)
    sellers = [_seller(number, room) for number in range(SELLERS)]
    return {"segments": segments, "rules": rules, "sellers": sellers}


def _segment(name: str, priority: int, country: str, source: list[object]) -> dict[str, Any]:
    filter_ = {"all": [["address1_country", "eq", country], source]}
    return {"name": name, "record_type": "lead", "priority": priority, "filter": filter_}


def _rules(segment: str, language: str) -> Iterator[dict[str, Any]]:
    speaks = ["Language", "eq", language]
    shared = {"segment": segment, "match": "attributes", "capacity": True}
    yield {
        **shared,
        "name": f"{segment}: large",
        "order": 1,
        "filter": {"all": [["revenue", "ge", LARGE]]},
        "attributes": {"all": [speaks, ["Skill", "eq", "Large accounts"]]},
        "distribution": "load balancing",
    }
    yield {
        **shared,
        "name": f"{segment}: in turn",
        "order": 2,
        "attributes": {"all": [speaks]},
        "distribution": "round robin",
    }


def _seller(number: int, room: int) -> dict[str, Any]:
    first = SPOKEN[number % len(SPOKEN)]
    second = SPOKEN[(number // len(SPOKEN) + number + 1) % len(SPOKEN)]
    languages = sorted({first, second, *(["Polish"] if number < POLISH else [])})
    skill = "Large accounts" if number % 3 == 0 else "All accounts"
    attributes = {"Language": languages, "Skill": [skill]}
    return {"user": user_name(number), "max_capacity": room, "attributes": attributes}


def lead(dice: random.Random, number: int) -> dict[str, Any]:
    """A lead as a web form enters it; its subject ends in its number."""
    country = dice.choice(list(LANGUAGES))
    return {
        "subject": f"Lead {number:07}",
        "firstname": f"First {number % 97}",
        "lastname": f"Last {number % 1009}",
        "companyname": f"Company {number % 5003}",
        "emailaddress1": f"lead{number}@example.com",
        "address1_country": country if dice.random() < 0.98 else ELSEWHERE,
        "leadsourcecode": dice.randrange(1, 10),
        "revenue": float(dice.randrange(100_000)),
    }


def leads(count: int, seed: int = 7) -> list[dict[str, Any]]:
    dice = random.Random(seed)  # noqa: S311  the leads are to be the same each time
    return [lead(dice, number) for number in range(count)]


def settle_in(mock: MockProcess, folder: Path, expected: int) -> None:
    """Create people with room for so many leads, and apply definitions."""
    with connect(mock.url, Credentials()) as admin:
        sample_data.create_application_users(admin)
        rows = [
            {"domainname": user_name(n), "firstname": "Seller", "lastname": f"{n:02}"}
            for n in range(SELLERS)
        ]
        sample_data.create_users(admin, rows, role=sample_data.SALESPERSON)
        apply_folder(admin, _written(folder, definitions(capacity(expected))))
    time.sleep(_SECOND)


def _written(folder: Path, document: dict[str, Any]) -> Path:
    """Write definitions into a folder of their own, as `wa apply` takes them."""
    place = folder / "definitions"
    place.mkdir(exist_ok=True)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (place / "all.yaml").write_text(text, encoding="utf-8")
    return place


def create_leads(mock: MockProcess, rows: Sequence[dict[str, Any]]) -> None:
    """Enter leads as the web form's user, a thousand at a time."""
    with mock.client(FORM) as client:
        for call in many(rows):
            client.send(call)


def many(rows: Sequence[dict[str, Any]]) -> Iterable[Call]:
    """Write the requests that create leads, a thousand in each."""
    for start in range(0, len(rows), AT_ONCE):
        yield create_many("lead", "leads", rows[start : start + AT_ONCE])
