"""Any sequence of writes leaves the rows, links and versions that a simple model expects."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.mock_dataverse.core.client import Api
from tests.property.test_round_trips import send_change_set

from work_assignment.mock_dataverse.server import MockServer

NUMBERS = st.none() | st.integers(0, 1000)
PLACES = st.integers(0, 50)
STALE = 'W/"1"'
_STATUS = re.compile(r"^HTTP/1\.1 (\d+)", re.MULTILINE)


@dataclass
class Account:
    """What an account should be; `version` is the highest that was seen of it."""

    name: str
    employees: int | None
    parent: str | None = None
    version: int = 0


@dataclass
class Model:
    """What the organization should hold of ours."""

    accounts: dict[str, Account] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)

    def delete_account(self, account: str) -> None:
        """Tasks and leads, whose customer it is, go with it; accounts below it lose their parent."""
        del self.accounts[account]
        self.tasks = {key: about for key, about in self.tasks.items() if about != account}
        self.leads = {key: about for key, about in self.leads.items() if about != account}
        for other in self.accounts.values():
            if other.parent == account:
                other.parent = None


class ManyWrites(RuleBasedStateMachine):
    """Writes to the mock and to the model, and compares them after each."""

    server: MockServer
    users: list[str]
    teams: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.api = Api(self.server)
        self.model = Model()
        self.mark = uuid.uuid4().hex

    def teardown(self) -> None:
        self.api.close()

    @initialize(names=st.lists(st.sampled_from(["a", "b", "Zoë"]), max_size=3))
    def fill(self, names: list[str]) -> None:
        for name in names:
            self.create(name, None)

    # writes

    @rule(name=st.sampled_from(["a", "b", "Zoë", ""]), employees=NUMBERS)
    def create(self, name: str, employees: int | None) -> None:
        key = self.api.create("accounts", name=name, numberofemployees=employees, fax=self.mark)
        self.model.accounts[key] = Account(name, employees)

    @rule(rows=st.lists(st.tuples(st.sampled_from(["c", "d"]), NUMBERS), min_size=1, max_size=4))
    def create_many(self, rows: list[tuple[str, int | None]]) -> None:
        targets = [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.account",
                "name": name,
                "numberofemployees": employees,
                "fax": self.mark,
            }
            for name, employees in rows
        ]
        answer = self.api.post(
            "accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets}
        )
        ids = answer.json()["Ids"]
        self.model.accounts |= {key: Account(*row) for key, row in zip(ids, rows, strict=True)}

    @precondition(lambda self: self.model.accounts)
    @rule(place=PLACES, employees=NUMBERS, version=st.sampled_from(["none", "any", "own", "stale"]))
    def update(self, place: int, employees: int | None, version: str) -> None:
        key = self._account(place)
        headers = {
            "none": {},
            "any": {"If_Match": "*"},
            "own": {"If_Match": f'W/"{self.model.accounts[key].version}"'},
            "stale": {"If_Match": STALE},
        }[version]
        answer = self.api.patch(f"accounts({key})", {"numberofemployees": employees}, **headers)
        assert answer.status_code == (412 if version == "stale" else 204), answer.text
        if version != "stale":
            self.model.accounts[key].employees = employees

    @precondition(lambda self: self.model.accounts)
    @rule(place=PLACES, above=PLACES)
    def put_below(self, place: int, above: int) -> None:
        """Set an account's parent; a circle is refused."""
        key, parent = self._account(place), self._account(above)
        body = {"parentaccountid@odata.bind": f"/accounts({parent})"}
        answer = self.api.patch(f"accounts({key})", body)
        if self._is_at_or_above(key, parent):
            assert answer.status_code == 400, answer.text
        else:
            assert answer.status_code == 204, answer.text
            self.model.accounts[key].parent = parent

    @precondition(lambda self: self.model.accounts)
    @rule(place=PLACES, through=st.sampled_from(["bind", "below"]))
    def add_task(self, place: int, through: str) -> None:
        key, task = self._account(place), str(uuid.uuid4())
        if through == "bind":
            about = {"regardingobjectid_account_task@odata.bind": f"/accounts({key})"}
            answer = self.api.post("tasks", {"activityid": task, "subject": self.mark, **about})
        else:
            body = {"activityid": task, "subject": self.mark}
            answer = self.api.post(f"accounts({key})/Account_Tasks", body)
        assert answer.status_code == 204, answer.text
        self.model.tasks[task] = key

    @precondition(lambda self: self.model.accounts)
    @rule(place=PLACES)
    def add_lead(self, place: int) -> None:
        key = self._account(place)
        bind = {"parentaccountid@odata.bind": f"/accounts({key})"}
        lead = self.api.create("leads", lastname="x", subject=self.mark, **bind)
        self.model.leads[lead] = key

    @precondition(lambda self: self.model.accounts)
    @rule(place=PLACES, is_stale=st.booleans())
    def delete(self, place: int, is_stale: bool) -> None:
        key = self._account(place)
        headers = {"If_Match": STALE} if is_stale else {}
        answer = self.api.delete(f"accounts({key})", **headers)
        assert answer.status_code == (412 if is_stale else 204), answer.text
        if not is_stale:
            self.model.delete_account(key)

    @rule(team=st.integers(0, 1), user=st.integers(0, 1), joins=st.booleans())
    def associate(self, team: int, user: int, joins: bool) -> None:
        path = f"teams({self.teams[team]})/teammembership_association"
        pair = (self.teams[team], self.users[user])
        if joins and pair not in self.model.members:
            address = f"{self.api.root}systemusers({self.users[user]})"
            assert self.api.post(f"{path}/$ref", {"@odata.id": address}).status_code == 204
            self.model.members.add(pair)
        elif not joins and pair in self.model.members:
            assert self.api.delete(f"{path}({self.users[user]})/$ref").status_code == 204
            self.model.members.remove(pair)

    @rule(employees=NUMBERS, place=PLACES, fails=st.booleans())
    def change_set(self, employees: int | None, place: int, fails: bool) -> None:
        """Create two accounts, the second below the first, change and delete others: all or nothing."""
        first, second = str(uuid.uuid4()), str(uuid.uuid4())
        below = {"parentaccountid@odata.bind": "$1"}
        shared = {"fax": self.mark, "numberofemployees": employees}
        members: list[tuple[str, str, Any]] = [
            ("POST", "accounts", {"accountid": first, "name": "first", **shared}),
            ("POST", "accounts", {"accountid": second, "name": "second", **shared, **below}),
        ]
        gone = self._account(place) if self.model.accounts else None
        if gone is not None:
            members.append(("DELETE", f"accounts({gone})", None))
        if fails:
            members.append(("PATCH", f"accounts({second})", {"numberofemployees": "many"}))
        text = send_change_set(self.api, members)
        statuses = set(_STATUS.findall(text))
        assert statuses == ({"400"} if fails else {"204"}), text
        if not fails:
            if gone is not None:
                self.model.delete_account(gone)
            self.model.accounts[first] = Account("first", employees)
            self.model.accounts[second] = Account("second", employees, first)

    # what must hold

    @invariant()
    def accounts_are_as_expected(self) -> None:
        select = "name,numberofemployees,_parentaccountid_value"
        body = self.api.row(f"accounts?$select={select}&$filter=fax eq '{self.mark}'")
        found = {row["accountid"]: row for row in body["value"]}
        assert set(found) == set(self.model.accounts)
        for key, account in self.model.accounts.items():
            row = found[key]
            assert (row["name"], row["numberofemployees"]) == (account.name, account.employees)
            assert row["_parentaccountid_value"] == account.parent
            version = int(row["@odata.etag"][3:-1])
            assert version >= account.version, "a version went back"
            account.version = version

    @invariant()
    def what_belongs_to_accounts_is_as_expected(self) -> None:
        tasks = self.api.row(
            f"tasks?$select=_regardingobjectid_value&$filter=subject eq '{self.mark}'"
        )["value"]
        leads = self.api.row(
            f"leads?$select=_parentaccountid_value&$filter=subject eq '{self.mark}'"
        )["value"]

        assert {t["activityid"]: t["_regardingobjectid_value"] for t in tasks} == self.model.tasks
        assert {
            lead["leadid"]: lead["_parentaccountid_value"] for lead in leads
        } == self.model.leads

    @invariant()
    def members_are_as_expected(self) -> None:
        for team in self.teams:
            body = self.api.row(f"teams({team})/teammembership_association?$select=systemuserid")
            found = {(team, user["systemuserid"]) for user in body["value"]}
            assert found == {pair for pair in self.model.members if pair[0] == team}

    def _account(self, place: int) -> str:
        keys = list(self.model.accounts)
        return keys[place % len(keys)]

    def _is_at_or_above(self, key: str, start: str) -> bool:
        """Whether a row is one of those that lie above another, or is it itself."""
        at: str | None = start
        while at is not None:
            if at == key:
                return True
            at = self.model.accounts[at].parent
        return False


def test_any_sequence_of_writes_leaves_what_the_model_expects() -> None:
    bounds = settings(
        max_examples=12,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with MockServer() as server:
        api = Api(server)
        users = [api.create("systemusers", lastname=name) for name in ("Ana", "Ben")]
        teams = [api.create("teams", name=name, teamtype=0) for name in ("North", "South")]

        class OnTheServer(ManyWrites):
            """The machine with what all its runs share; links are undone after each."""

            def teardown(self) -> None:
                for team, user in self.model.members:
                    path = f"teams({team})/teammembership_association({user})/$ref"
                    self.api.delete(path)
                super().teardown()

        OnTheServer.server, OnTheServer.users, OnTheServer.teams = server, users, teams
        run_state_machine_as_test(OnTheServer, settings=bounds)
        linked = "?$select=name&$expand=teammembership_association($select=systemuserid)"
        left = [api.row(f"teams({team}){linked}")["teammembership_association"] for team in teams]
        assert left == [[], []]
        api.close()
