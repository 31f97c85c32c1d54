"""The engine and the mock find the same rows by conditions on related rows and on hierarchies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.organisation import Organisation, running, uid

from work_assignment.dataverse import messages
from work_assignment.dataverse.messages import Request
from work_assignment.domain.filtering.filters import Filter, Group, Related, Term

READ = {
    "lead": (
        "subject",
        "address1_city",
        "leadsourcecode",
        "parentaccountid",
        "parentcontactid",
        "customerid",
        "ownerid",
    ),
    "account": ("name", "address1_city", "revenue", "parentaccountid", "primarycontactid"),
    "contact": ("fullname", "address1_city", "parentcustomerid"),
    "task": ("subject", "regardingobjectid", "statecode"),
    "systemuser": ("address1_city", "parentsystemuserid"),
    "teammembership": ("systemuserid", "teamid"),
    "team": ("name",),
}
CITIES = ["Zürich", "zurich ", "Bern", None]


def _bound(navigation: str, entity_set: str, name: str | None) -> dict[str, str]:
    """A lookup filled with the row of that name, or left empty."""
    return {} if name is None else {f"{navigation}@odata.bind": f"/{entity_set}({uid(name)})"}


def _row(entity_set: str, called: str, /, **columns: Any) -> Request:
    return messages.create(entity_set, columns, row_id=uid(called))


def _people() -> Iterator[Request]:
    above = {"ana": None, "ben": "ana", "cem": "ben", "dora": "ana"}
    for (name, boss), city in zip(above.items(), CITIES, strict=True):
        bound = _bound("parentsystemuserid", "systemusers", boss)
        yield _row("systemusers", name, lastname=name, address1_city=city, **bound)
    for name in ("North", "South"):
        yield _row("teams", name, name=name, teamtype=0)
    for team, user in (("North", "ana"), ("North", "ben"), ("South", "ben")):
        yield messages.associate(
            "teams", uid(team), "teammembership_association", "systemusers", uid(user)
        )


def _customers() -> Iterator[Request]:
    for name, city in (("joe", "Bern"), ("kim", None), ("lea", "ZURICH")):
        yield _row("contacts", name, lastname=name, address1_city=city)
    above = {"group": None, "europe": "group", "swiss": "europe", "asia": "group", "alone": None}
    revenues, contacts, cities = cycle([None, 10, 2000]), cycle(["joe", None, "lea"]), cycle(CITIES)
    for name, parent in above.items():
        yield _row(
            "accounts",
            name,
            name=name,
            address1_city=next(cities),
            revenue=next(revenues),
            **_bound("parentaccountid", "accounts", parent),
            **_bound("primarycontactid", "contacts", next(contacts)),
        )
    member = _bound("parentcustomerid_account", "accounts", "swiss")
    yield _row("contacts", "max", lastname="max", **member)


def _leads() -> Iterator[Request]:
    companies, people = cycle([None, "europe", None]), cycle([None, None, "kim"])
    owners, cities, sources = cycle(["ana", "ben", "cem"]), cycle(CITIES), cycle([None, 1, 7])
    pairs = product([None, "group", "swiss", "alone"], [None, "joe", "lea"])
    for number, (account, contact) in enumerate(pairs):
        yield _row(
            "leads",
            f"lead {number}",
            lastname="Person",
            subject="ab"[number % 2],
            address1_city=next(cities),
            leadsourcecode=next(sources),
            **_bound("parentaccountid", "accounts", account),
            **_bound("parentcontactid", "contacts", contact),
            **_bound("customerid_account", "accounts", next(companies)),
            **_bound("customerid_contact", "contacts", next(people)),
            **_bound("ownerid", "systemusers", next(owners)),
        )


def _tasks() -> Iterator[Request]:
    for number, lead in enumerate(["lead 0", "lead 0", "lead 5", None]):
        bound = _bound("regardingobjectid_lead_task", "leads", lead)
        yield _row("tasks", f"task {number}", subject=["call", "visit"][number % 2], **bound)
    about = _bound("regardingobjectid_account_task", "accounts", "swiss")
    yield _row("tasks", "task of swiss", subject="call", **about)


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    with running() as made:
        for rows in (_people, _customers, _leads, _tasks):
            made.write(list(rows()))
        made.read(READ)
        yield made


def link(table: str, column: str, own_column: str) -> Related:
    return Related(table, column, own_column)


LINKS: Mapping[str, list[Related]] = {
    "lead": [
        link("account", "accountid", "parentaccountid"),
        link("contact", "contactid", "parentcontactid"),
        link("account", "accountid", "customerid"),
        link("contact", "contactid", "customerid"),
        link("systemuser", "systemuserid", "ownerid"),
        link("task", "regardingobjectid", "leadid"),
        link("account", "address1_city", "address1_city"),
    ],
    "account": [
        link("account", "accountid", "parentaccountid"),
        link("account", "parentaccountid", "accountid"),
        link("contact", "contactid", "primarycontactid"),
        link("contact", "parentcustomerid", "accountid"),
        link("lead", "parentaccountid", "accountid"),
        link("task", "regardingobjectid", "accountid"),
    ],
    "contact": [
        link("account", "accountid", "parentcustomerid"),
        link("account", "primarycontactid", "contactid"),
        link("lead", "parentcontactid", "contactid"),
    ],
    "task": [
        link("lead", "leadid", "regardingobjectid"),
        link("account", "accountid", "regardingobjectid"),
    ],
    "systemuser": [
        link("teammembership", "systemuserid", "systemuserid"),
        link("systemuser", "systemuserid", "parentsystemuserid"),
        link("lead", "ownerid", "systemuserid"),
    ],
    "teammembership": [
        link("team", "teamid", "teamid"),
        link("systemuser", "systemuserid", "systemuserid"),
    ],
    "team": [link("teammembership", "teamid", "teamid")],
}
TREES = {"account": "parentaccountid", "systemuser": "parentsystemuserid"}
ACCOUNTS = [uid(name) for name in ("group", "europe", "swiss", "asia", "alone", "nobody")]
USERS = [uid(name) for name in ("ana", "ben", "cem", "dora")]
TERMS: dict[str, list[Term]] = {
    "lead": [
        Term("subject", "eq", ("A",)),
        Term("address1_city", "ne", ("zurich",)),
        Term("leadsourcecode", "in", ("1", "7")),
        Term("leadsourcecode", "null"),
    ],
    "account": [
        Term("revenue", "gt", ("100",)),
        Term("revenue", "null"),
        Term("name", "not-like", ("%s%",)),
    ],
    "contact": [Term("address1_city", "eq", ("bern",)), Term("fullname", "not-null")],
    "task": [Term("subject", "eq", ("call",)), Term("statecode", "eq", ("0",))],
    "systemuser": [Term("address1_city", "ne", ("Bern",)), Term("address1_city", "null")],
    "teammembership": [],
    "team": [Term("name", "eq", ("north",))],
}
HIERARCHY = st.sampled_from(["under", "eq-or-under", "not-under", "above", "eq-or-above"])


def hierarchical(column: str, ids: list[str]) -> st.SearchStrategy[Filter]:
    return st.builds(Term, st.just(column), HIERARCHY, st.tuples(st.sampled_from(ids)))


IN_TREES: dict[str, list[st.SearchStrategy[Filter]]] = {
    "lead": [hierarchical("parentaccountid", ACCOUNTS)],
    "account": [
        hierarchical("accountid", ACCOUNTS),
        hierarchical("parentaccountid", ACCOUNTS),
    ],
    "systemuser": [
        hierarchical("systemuserid", USERS),
        hierarchical("parentsystemuserid", USERS),
    ],
}


def related(table: str, depth: int) -> st.SearchStrategy[Filter]:
    """A link from a table, with conditions on the other's rows, down to a depth."""

    def made(related: Related) -> st.SearchStrategy[Filter]:
        return st.builds(
            Related,
            st.just(related.table),
            st.just(related.column),
            st.just(related.own_column),
            st.booleans(),
            filters(str(related.table), depth - 1),
        )

    return st.sampled_from(LINKS[table]).flatmap(made)


def filters(table: str, depth: int) -> st.SearchStrategy[Filter]:
    parts = [*IN_TREES.get(table, [])]
    if TERMS[table]:
        parts.append(st.sampled_from(TERMS[table]))
    if depth > 0:
        parts.append(related(table, depth))
    if not parts:
        return st.just(Group("all"))
    return st.builds(
        Group,
        st.sampled_from(["all", "any"]),
        st.lists(st.one_of(parts), max_size=3).map(tuple),
    )


MOST_LINKS = 15
"""More link-entities in one query are refused by Dataverse."""


def links(tree: Filter) -> int:
    match tree:
        case Group(parts=parts):
            return sum(map(links, parts))
        case Related(filter=inner):
            return 1 + links(inner)
        case _:
            return 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["lead", "account", "systemuser"]), st.data())
def test_related_conditions_find_the_same_rows_in_both(
    organisation: Organisation, table: str, data: st.DataObject
) -> None:
    tree = data.draw(filters(table, 3).filter(lambda found: links(found) <= MOST_LINKS))

    assert organisation.found_by_the_engine(table, tree) == organisation.found_by_the_mock(
        table, tree
    )


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize(
    ("table", "number"), [(table, n) for table, links in LINKS.items() for n in range(len(links))]
)
def test_every_link_alone_finds_the_same_rows_in_both(
    organisation: Organisation, table: str, number: int, absent: bool
) -> None:
    one = LINKS[table][number]
    tree = Related(one.table, one.column, one.own_column, absent)

    found = organisation.found_by_the_mock(table, tree)

    assert organisation.found_by_the_engine(table, tree) == found
    assert found or absent
