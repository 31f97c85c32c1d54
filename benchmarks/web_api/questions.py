"""What is asked of a large table of leads: indexed and other pages, FetchXML, changes, writes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.web_api.clients import Call, posted
from benchmarks.web_api.leads import SHOWN, created_at, lead

_PAGE_OF_50 = {"Prefer": "odata.maxpagesize=50"}
_OPEN = "statecode eq 0"
_OPEN_CONDITION = '<condition attribute="statecode" operator="eq" value="0"/>'
_LEADS, _OPEN_LEADS = f"leads?{SHOWN}", f"leads?{SHOWN}&$filter={_OPEN}"
_BY_CREATION = "&$orderby=createdon"


@dataclass(frozen=True, slots=True)
class Loaded:
    """An organization full of leads; `delta` is where a reader of changes goes on."""

    rows: int
    owners: Sequence[str]
    accounts: Sequence[str]
    ids: Sequence[str]
    delta: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request by its name, made anew each time."""

    name: str
    call: Callable[[], Call]


class _Chance:
    """Rows, owners and moments of a loaded organization, the same in each run."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._dice = random.Random(7)  # noqa: S311 - the questions are to be the same each time

    def owner_id(self) -> str:
        return self._dice.choice(self._loaded.owners)

    def owner(self) -> str:
        return f"_ownerid_value eq {self.owner_id()}"

    def account(self) -> str:
        return f"_parentaccountid_value eq {self._dice.choice(self._loaded.accounts)}"

    def moment(self) -> str:
        return created_at(self._dice.randrange(self._loaded.rows * 9 // 10))

    def lead_id(self) -> str:
        return self._dice.choice(self._loaded.ids)

    def number(self) -> int:
        return self._dice.randrange(self._loaded.rows)

    def deep(self) -> str:
        """The condition of a reader who goes on after a row somewhere in the middle."""
        at = self.moment()
        return f"(createdon gt {at} or (createdon eq {at} and leadid gt {self.lead_id()}))"


def questions(loaded: Loaded) -> Iterator[Question]:
    """All questions, in the order of the table."""
    chance = _Chance(loaded)
    yield Question("one row", lambda: Call("GET", f"leads({chance.lead_id()})?{SHOWN}"))
    yield from _of_an_owner(chance)
    yield from _in_order_of_creation(chance)
    yield from _of_an_account(chance)
    yield from _open_ones()
    yield from _fetched(chance)
    yield _pages("changes since the last thousand", lambda: loaded.delta)
    yield from _without_an_index()
    yield Question("update a row", lambda: update(chance.lead_id()))
    yield Question("create a row", lambda: posted("leads", lead(chance.number())))


def update(row_id: str) -> Call:
    """A small change of a lead."""
    return posted(f"leads({row_id})", {"subject": "changed"}, "PATCH")


def _of_an_owner(chance: _Chance) -> Iterator[Question]:
    def leads() -> str:
        return f"{_OPEN_LEADS} and {chance.owner()}"

    yield _pages("50 by primary key", lambda: f"{_LEADS}&$filter=leadid eq {chance.lead_id()}")
    yield _pages("50 of an owner, open", leads)
    yield _whole("5,000 of an owner, open", leads)
    yield _pages("50 of an owner, open, oldest first", lambda: leads() + _BY_CREATION)


def _in_order_of_creation(chance: _Chance) -> Iterator[Question]:
    def since(comparison: str) -> str:
        return f"{_LEADS}&$filter=createdon {comparison} {chance.moment()}{_BY_CREATION}"

    def deep() -> str:
        return f"{_OPEN_LEADS} and {chance.deep()}{_BY_CREATION},leadid"

    yield _pages("50 since a moment, in order", lambda: since("ge"))
    yield _pages("50 before a moment, latest first", lambda: since("lt") + " desc")
    yield _pages("50 deep inside (createdon, id)", deep)
    yield _whole("5,000 deep inside (createdon, id)", deep)


def _of_an_account(chance: _Chance) -> Iterator[Question]:
    yield _pages("50 of an account", lambda: f"{_LEADS}&$filter={chance.account()}")
    yield _pages(
        "50 of an account, open, oldest first",
        lambda: f"{_OPEN_LEADS} and {chance.account()}{_BY_CREATION}",
    )


def _open_ones() -> Iterator[Question]:
    yield _pages("50 open", lambda: _OPEN_LEADS)
    yield _pages("50 open, oldest first", lambda: _OPEN_LEADS + _BY_CREATION)
    yield _whole("5,000 open, oldest first", lambda: _OPEN_LEADS + _BY_CREATION)
    yield _whole("$count of open ones (to 5,000)", lambda: f"leads/$count?$filter={_OPEN}")


def _fetched(chance: _Chance) -> Iterator[Question]:
    def of_an_owner() -> str:
        return _fetch(_condition("ownerid", "eq", chance.owner_id()) + _OPEN_CONDITION)

    def since() -> str:
        return _fetch(_condition("createdon", "on-or-after", chance.moment()))

    yield _pages("FetchXML: 50 of an owner, open, in order", of_an_owner)
    yield _pages("FetchXML: 50 since a day, in order", since)
    yield _pages(
        "any(): open leads with a task of a subject (none)",
        lambda: f"{_OPEN_LEADS} and Lead_Tasks/any(t:t/subject eq 'x')",
    )


def _without_an_index() -> Iterator[Question]:
    yield _whole("no index: $top=50 by revenue", lambda: f"{_LEADS}&$orderby=revenue desc&$top=50")
    yield _whole(
        "no index: by e-mail address",
        lambda: f"{_LEADS}&$filter=emailaddress1 eq 'lead77@example.com'",
    )
    yield _whole(
        "no index: contains, and none does",
        lambda: f"{_LEADS}&$filter=contains(subject,'nobody')",
    )


def _condition(column: str, operator: str, value: str) -> str:
    return f'<condition attribute="{column}" operator="{operator}" value="{value}"/>'


def _fetch(conditions: str) -> str:
    return (
        'leads?fetchXml=<fetch count="50"><entity name="lead"><attribute name="subject"/>'
        f'<filter>{conditions}</filter><order attribute="createdon"/></entity></fetch>'
    )


def _pages(name: str, path: Callable[[], str]) -> Question:
    return Question(name, lambda: Call("GET", path(), headers=_PAGE_OF_50))


def _whole(name: str, path: Callable[[], str]) -> Question:
    return Question(name, lambda: Call("GET", path()))
