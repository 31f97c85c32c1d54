"""Where a scripted day plays: a mock whose time is moved, people who work in it, and what they see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import requests
import yaml

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.demo_day_book import Message
from work_assignment.cli.demo_work import Work
from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import SweepStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Row
from work_assignment.dataverse.names import (
    ACCOUNT,
    APP_NOTIFICATION,
    LEAD,
    OPPORTUNITY,
    ROUTING_RUN,
    SWEEP,
    USER_SETTINGS,
    AppNotificationColumn,
    Common,
    LookupName,
    RoutingRunColumn,
    SweepColumn,
    TableName,
    UserSettingsColumn,
)
from work_assignment.dataverse.queries import Guid, Query, and_, desc, eq, ge
from work_assignment.domain.runs.sweeps import Trigger
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.samples import DAY_PEOPLE
from work_assignment.settings import Credentials

ZONE = ZoneInfo("Europe/Berlin")
LANGUAGES = {1033: "en", 1036: "fr", 1031: "de", 1026: "bg"}
NOBODY = "nobody"
_NAMES = Prefer(annotations=(FORMATTED_VALUE,))
_TIMEOUT = 10
_WORDS = {
    "en": "was were assigned to you is now your of the went it they and has as no longer in by new",
    "fr": "vous avez reçu par la règle du plus à est le les de des désormais en raison au délai",
    "de": "wurden ihnen ihrer durch die des nicht mehr bei ist jetzt wegen das im und neuer",
}


@dataclass(frozen=True, slots=True)
class Run:
    """The newest outcome of a record, with names for people."""

    status: RoutingStatus
    attempts: int
    reason: str
    segment: str
    previous_segment: str
    previous_owner: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class SweepSeen:
    """A run on schedule: when it was due, what it did, and whether it says how long that took."""

    due: str
    trigger: str
    status: str
    total: int
    assigned: int
    unassigned: int
    has_duration: bool

    def __str__(self) -> str:
        return (
            f"due {self.due}, {self.trigger}, {self.status}: {self.total} taken up, "
            f"{self.assigned} assigned, {self.unassigned} not"
            + (", and how long it took" if self.has_duration else "")
        )


@dataclass
class Stage:
    """The people by name, the records by name, and the time.

    `work` is the app's, once it runs: the time is not moved on while it is at something.
    """

    dataverse_url: str
    admin: DataverseClient
    work: Work | None = None
    users: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Create the people, with their languages, and the accounts."""
        document = yaml.safe_load(DAY_PEOPLE.read_text(encoding="utf-8"))
        people: Sequence[Mapping[str, Any]] = document["people"]
        sample_data.create_application_users(self.admin)
        sample_data.create_users(self.admin, map(_user_row, people), role=sample_data.SALESPERSON)
        for person in people:
            self.users[person["name"]] = person["user"]
            self.languages[person["name"]] = LANGUAGES[person["language"]]
            self.titles.append(f"{person['name']} ({person['title']})")
            settings = {UserSettingsColumn.UI_LANGUAGE: person["language"]}
            user = sample_data.row_id("systemuser", person["user"])
            self.admin.send(messages.update(USER_SETTINGS.entity_set, user, settings, version="*"))
        for account in document["accounts"]:
            row_id = sample_data.row_id("account", account["name"])
            self.admin.send(messages.create(ACCOUNT.entity_set, account, row_id=row_id))
            self.records[account["name"]] = row_id

    def now(self) -> datetime:
        """What time it is there, where the people live."""
        shown = requests.get(self._time, timeout=_TIMEOUT).json()["now"]
        return datetime.fromisoformat(shown).astimezone(ZONE)

    def go_to(self, day: date, clock: str) -> None:
        """Let it be that time of that day, two seconds past; from there it goes on."""
        self.finish()
        at = datetime.combine(day, time_of_day.fromisoformat(f"{clock}:02"), ZONE)
        body = {"now": at.isoformat(), "frozen": False}
        requests.put(self._time, json=body, timeout=_TIMEOUT).raise_for_status()
        if self.work is not None:
            self.work.wait_for_the_timer(at)

    def go_on(self, seconds: int) -> None:
        """Let it be a little later: Dataverse tells rows apart by whole seconds."""
        self.finish()
        address = f"{self._time}/advance"
        requests.post(address, json={"seconds": seconds}, timeout=_TIMEOUT).raise_for_status()

    def finish(self) -> None:
        """Wait until the app has nothing left to do."""
        if self.work is not None:
            self.work.wait_until_done()

    @property
    def _time(self) -> str:
        return f"{self.dataverse_url}/__mock/time"

    def lead(self, name: str, **columns: Any) -> None:
        """A lead comes in through the web form."""
        first, _, last = name.partition(" ")
        row = {"firstname": first, "lastname": last, "subject": f"Enquiry of {name}", **columns}
        self._create(LEAD, name, row)

    def booking(self, name: str) -> None:
        """An opportunity comes in."""
        self._create(OPPORTUNITY, name, {"name": name})

    def _create(self, table: TableName, name: str, row: Mapping[str, Any]) -> None:
        row_id = sample_data.row_id(table.logical_name, f"day {name}")
        with self._acting_as(sample_data.WEB_FORM_USER) as client:
            client.send(messages.create(table.entity_set, row, row_id=row_id))
        self.records[name] = row_id

    def change(self, table: TableName, name: str, **columns: Any) -> None:
        """Somebody in the office changes a row."""
        request = messages.update(table.entity_set, self.records[name], columns, version="*")
        with self._acting_as(self.users["Sabine Keller"]) as client:
            client.send(request)

    def win(self, person: str, booking: str) -> None:
        """A seller wins an opportunity of hers."""
        lookup = messages.bind("opportunityid", OPPORTUNITY.entity_set, self.records[booking])
        body = {"Status": 3, "OpportunityClose": {"subject": f"Won: {booking}", **lookup}}
        with self._acting_as(self.users[person]) as client:
            client.send(messages.action("WinOpportunity", body))

    def _acting_as(self, user: str) -> DataverseClient:
        return connect(self.dataverse_url, Credentials(token=f"user:{user}"))

    def owner(self, name: str, table: TableName = LEAD) -> str:
        """Whose a record is; nobody, as long as it is still the web form's."""
        row = self.admin.send(
            messages.retrieve(
                table.entity_set, self.records[name], [Common.OWNER.value], prefer=_NAMES
            )
        ).json
        owner = _label(row, Common.OWNER)
        return owner if owner in self.users else NOBODY

    def run(self, name: str) -> Run | None:
        """The newest row of the run log about a record."""
        query = Query(
            ROUTING_RUN.entity_set,
            filter=eq(RoutingRunColumn.RECORD_ID, self.records[name]),
            orderby=(desc(RoutingRunColumn.DECIDED_ON), desc(Common.VERSION_NUMBER)),
            top=1,
        )
        rows = self.admin.send(messages.get(query, prefer=_NAMES)).rows
        return self._run(rows[0]) if rows else None

    def _run(self, row: Row) -> Run:
        due = row.get(RoutingRunColumn.DUE_ON)
        people = {sample_data.row_id("systemuser", user): name for name, user in self.users.items()}
        return Run(
            status=RoutingStatus(row[RoutingRunColumn.ROUTING_STATUS]),
            attempts=row.get(RoutingRunColumn.ATTEMPTS) or 1,
            reason=row.get(RoutingRunColumn.REASON) or "",
            segment=_label(row, RoutingRunColumn.SEGMENT),
            previous_segment=_label(row, RoutingRunColumn.PREVIOUS_SEGMENT),
            previous_owner=people.get(row.get(RoutingRunColumn.PREVIOUS_OWNER) or "", NOBODY),
            due=moment(due).astimezone(ZONE) if due else None,
        )

    def status(self, name: str) -> RoutingStatus | None:
        """What a record's newest outcome is."""
        run = self.run(name)
        return run.status if run else None

    def sweeps(self) -> list[SweepSeen]:
        """What ran on schedule, newest due first."""
        query = Query(SWEEP.entity_set, orderby=(desc(SweepColumn.DUE_TIME),))
        rows = self.admin.send(messages.get(query)).rows
        return [_sweep(row) for row in rows if row.get(SweepColumn.DUE_TIME)]

    def told(self, person: str, since: datetime) -> list[Message]:
        """What somebody was told since then, by her bell in the app."""
        user = sample_data.row_id("systemuser", self.users[person])
        query = Query(
            APP_NOTIFICATION.entity_set,
            filter=and_(
                eq(Common.OWNER.value, Guid(user)),
                ge(Common.CREATED_ON, since.replace(microsecond=0)),
            ),
            orderby=(Common.CREATED_ON, AppNotificationColumn.TITLE),
        )
        return [_message(person, row) for row in self.admin.rows(query)]


def _user_row(person: Mapping[str, Any]) -> dict[str, Any]:
    first, _, last = person["name"].partition(" ")
    return {
        "domainname": person["user"],
        "firstname": first,
        "lastname": last,
        "jobtitle": person["title"],
    }


def _label(row: Row, lookup: LookupName) -> str:
    return str(row.get(f"{lookup.value}@{FORMATTED_VALUE}") or "")


def _sweep(row: Row) -> SweepSeen:
    due = moment(row[SweepColumn.DUE_TIME]).astimezone(ZONE)
    began, ended = row.get(SweepColumn.START_TIME), row.get(SweepColumn.END_TIME)
    return SweepSeen(
        due=f"{due:%H:%M}",
        trigger=Trigger(row[SweepColumn.TRIGGER_TYPE]).name.lower(),
        status=SweepStatus(row[SweepColumn.STATUS]).name.lower().replace("_", " "),
        total=row.get(SweepColumn.TOTAL_RECORDS) or 0,
        assigned=row.get(SweepColumn.RECORDS_SUCCEEDED_COUNT) or 0,
        unassigned=row.get(SweepColumn.RECORDS_FAILED_COUNT) or 0,
        has_duration=bool(began and ended and moment(ended) >= moment(began)),
    )


def _message(person: str, row: Row) -> Message:
    title, body = row[AppNotificationColumn.TITLE], row.get(AppNotificationColumn.BODY) or ""
    return Message(person, language_of(f"{title} {body}"), title, body)


def language_of(text: str) -> str:
    """The language that a text is written in, by its letters and its small words."""
    if re.search(r"[\u0430-\u044f]{4}", text):  # Cyrillic
        return "bg"
    said = re.findall(r"[^\W\d_]+", text.lower())
    hits = Counter({key: sum(word in _WORDS[key].split() for word in said) for key in _WORDS})
    return hits.most_common(1)[0][0]
