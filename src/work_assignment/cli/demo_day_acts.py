"""The script of a day at Bergluft Touren, act by act: what happens, and what has to come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from work_assignment.cli.demo_day_book import Book, language_name
from work_assignment.cli.demo_day_stage import NOBODY, Stage, SweepSeen
from work_assignment.dataverse.names import ACCOUNT, LEAD, OPPORTUNITY, TableName
from work_assignment.domain.statuses import RoutingStatus

SATURDAY, SUNDAY = date(2026, 3, 28), date(2026, 3, 29)
"""In the night between them the clocks of Europe go forward, from 02:00 to 03:00."""
AT_NIGHT = ("Anna Berg", "Bruno Sommer", "Clara Hill")
_TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times"}


@dataclass
class Day:
    """The stage, the book that all is written into, and since when things are new."""

    stage: Stage
    book: Book
    since: datetime = field(init=False)

    def begin(self, on: date, clock: str, headline: str) -> None:
        """Let time pass until then."""
        self.stage.go_to(on, clock)
        self.book.step(headline)
        self.since = self.stage.now()

    def has(self, lead: str, status: RoutingStatus) -> None:
        """A lead's newest outcome is of this kind."""
        claim = f"{lead}: {_said(status)}"
        self.book.expect(claim, _said(status), lambda: _said(self.stage.status(lead)))

    def belongs(self, name: str, person: str, table: TableName = LEAD) -> None:
        """A record is somebody's, or nobody's."""
        claim = f"{name} is {person}'s"
        self.book.expect(claim, person, lambda: self.stage.owner(name, table))

    def hears(
        self, person: str, about: Sequence[str], *, times: int = 1, shown: bool = True
    ) -> None:
        """Somebody is told just so many times by now, in her language, and of what."""
        language = self.stage.languages[person]
        wanted = ([language] * times, [True] * len(about))

        def heard() -> tuple[list[str], list[bool]]:
            told = self.stage.told(person, self.since)
            named = [any(message.speaks_of(word) for message in told) for word in about]
            return [message.language for message in told], named

        of = " and ".join(about)
        claim = f"{person} is told {_TIMES[times]}, in {language_name(language)}, of {of}"
        self.book.expect(claim, wanted, heard)
        for message in self.stage.told(person, self.since) if shown else ():
            self.book.heard(message)

    def is_quiet_about(self, lead: str) -> None:
        """When the app has done all it had to do, nobody was told anything of a lead."""
        self.stage.finish()
        claim = f"nobody is told anything of {lead}"
        self.book.expect(claim, [], lambda: self.told_of(lead))

    def told_of(self, lead: str) -> list[str]:
        """Who was told of a lead by now."""
        return [
            person
            for person in self.stage.users
            if any(message.speaks_of(lead) for message in self.stage.told(person, self.since))
        ]

    def event(self, what: str, lead: str, before: str = "") -> None:
        """What has become of a lead, for the table at the end."""
        self.book.event(what, lead, before, self.stage.owner(lead), self.told_of(lead))


def _said(status: RoutingStatus | None) -> str:
    return f"{status.reason} ({status.value})" if status else "no outcome yet"


def evening(day: Day) -> None:
    day.begin(SATURDAY, "17:00", "Two bookings come in; Camille may have two open ones")
    for name in ("Ski week Engadin", "Hut tour Karwendel"):
        day.stage.booking(name)
        day.belongs(name, "Camille Laurent", OPPORTUNITY)
    day.hears("Camille Laurent", ["Ski week Engadin", "Hut tour Karwendel"], times=2)


def leads_at_night(day: Day) -> None:
    day.begin(SATURDAY, "22:40", "Three leads come in; nobody works before 09:00")
    for name in AT_NIGHT:
        day.stage.lead(name, budgetamount=4000)
    for name in AT_NIGHT:
        day.has(name, RoutingStatus.NO_AVAILABILITY)
        day.event("waits", name)
    day.book.expect(
        "they are due within 24 hours: on Sunday at 23:40, as the clocks go forward",
        ["Sunday 23:40"] * len(AT_NIGHT),
        lambda: [_due(day, name) for name in AT_NIGHT],
    )


def _due(day: Day, name: str) -> str:
    run = day.stage.run(name)
    return f"{run.due:%A %H:%M}" if run and run.due else "no due time"


def retries_at_night(day: Day) -> None:
    headlines = {
        "01:00": "The segment's schedule has them tried again; nobody works yet",
        "03:00": "02:30 does not exist tonight: what was due then runs now, once",
        "05:00": "Tried again; nobody works yet",
    }
    for number, (clock, headline) in enumerate(headlines.items(), start=2):
        day.begin(SUNDAY, clock, headline)
        _ran(day, clock, assigned=0)
        day.book.expect(
            f"each of them was tried {_TIMES[number]} by now",
            [number] * len(AT_NIGHT),
            lambda: [_attempts(day, name) for name in AT_NIGHT],
        )
        for name in AT_NIGHT:
            day.event("tried again", name, NOBODY)
    day.stage.finish()
    day.book.expect(
        "the history has three runs, and no more",
        ["05:00", "03:00", "01:00"],
        lambda: [sweep.due for sweep in day.stage.sweeps()],
    )


def _attempts(day: Day, name: str) -> int:
    run = day.stage.run(name)
    return run.attempts if run else 0


def _ran(day: Day, due: str, *, assigned: int) -> None:
    """The newest run of the history was due then, took all up, and assigned so many."""
    took = len(AT_NIGHT)
    wanted = SweepSeen(due, "scheduled", "succeeded", took, assigned, took - assigned, True)
    day.book.expect(
        f"the history has the run {wanted}",
        wanted,
        lambda: next(iter(day.stage.sweeps()), None),
    )


def morning(day: Day) -> None:
    day.begin(SUNDAY, "08:00", "Work begins within the hour: the schedule finds sellers")
    _ran(day, "08:00", assigned=len(AT_NIGHT))
    owners = Counter(day.stage.owner(name) for name in AT_NIGHT)
    day.book.expect(
        "Jonas Weber and Emily Clarke take turns: one has two leads, the other one",
        ([1, 2], ["Emily Clarke", "Jonas Weber"]),
        lambda: (sorted(owners.values()), sorted(owners)),
    )
    for person, count in owners.items():
        day.hears(person, [f"{count} leads"] if count > 1 else [_lead_of(day, person)])
    for name in AT_NIGHT:
        day.event("assigned", name, NOBODY)


def _lead_of(day: Day, person: str) -> str:
    """A lead of the night that somebody has; any, where nobody has what she should."""
    return next((name for name in AT_NIGHT if day.stage.owner(name) == person), AT_NIGHT[0])


def budget(day: Day) -> None:
    lead = _lead_of(day, "Jonas Weber")
    day.begin(SUNDAY, "10:15", f"{lead} has 80,000 to spend: that is a large account")
    day.stage.change(LEAD, lead, budgetamount=80_000)
    day.belongs(lead, "Elitsa Dimitrova")
    day.book.expect(
        "the log has it: from Enquiries to Large accounts, and Jonas Weber's before",
        ("Enquiries", "Large accounts", "Jonas Weber"),
        lambda: _move(day, lead),
    )
    day.hears("Jonas Weber", [lead, "Elitsa Dimitrova"])
    day.hears("Elitsa Dimitrova", [lead, "Large accounts"])
    day.event("moved", lead, "Jonas Weber")


def _move(day: Day, lead: str) -> tuple[str, str, str]:
    run = day.stage.run(lead)
    return (run.previous_segment, run.segment, run.previous_owner) if run else ("", "", "")


def no_room(day: Day) -> None:
    day.begin(SUNDAY, "11:00", "Two companies ask; Camille has no room for another record")
    for name in ("Dorn Optik", "Eder Druck"):
        day.stage.lead(name, numberofemployees=250)
        day.has(name, RoutingStatus.NO_CAPACITY)
        day.event("waits", name)
        day.stage.go_on(seconds=1)


def deal_won(day: Day) -> None:
    day.begin(SUNDAY, "11:30", "Camille wins a deal: the lead that waits longest is hers")
    day.stage.win("Camille Laurent", "Ski week Engadin")
    day.belongs("Dorn Optik", "Camille Laurent")
    day.hears("Camille Laurent", ["Dorn Optik"])
    day.event("assigned", "Dorn Optik", NOBODY)
    day.stage.finish()
    day.belongs("Eder Druck", NOBODY)
    day.has("Eder Druck", RoutingStatus.NO_CAPACITY)


def partner_asks(day: Day) -> None:
    day.begin(SUNDAY, "11:50", "A partner's lead comes in; the partner desk is closed on Sundays")
    day.stage.lead("Falk Reisen", leadsourcecode=4)
    day.has("Falk Reisen", RoutingStatus.NO_AVAILABILITY)
    day.book.expect(
        "it is due within three hours", "Sunday 14:50", lambda: _due(day, "Falk Reisen")
    )
    day.event("waits", "Falk Reisen")


def country(day: Day) -> None:
    club, leads = "Wanderclub Isar", ("Greta Lang", "Hugo Stein")
    day.begin(SUNDAY, "12:30", f"Two leads of the account {club} come in")
    for name in leads:
        account = f"/{ACCOUNT.entity_set}({day.stage.records[club]})"
        day.stage.lead(name, **{"parentaccountid@odata.bind": account})
        day.has(name, RoutingStatus.ASSIGNED)
        day.hears(day.stage.owner(name), [name], shown=False)
        day.event("assigned", name)
    before = {name: day.stage.owner(name) for name in leads}
    day.begin(SUNDAY, "12:45", f"{club} moves to France, and its leads with it")
    day.stage.change(ACCOUNT, club, address1_country="France")
    for name in leads:
        day.belongs(name, "Luc Moreau")
    day.hears("Luc Moreau", ["2 prospects"])
    for name, owner in before.items():
        day.hears(owner, [name, "Luc Moreau"])
    for name, owner in before.items():
        day.event("moved", name, owner)


def changes_of_mind(day: Day) -> None:
    lead = _lead_of(day, "Emily Clarke")
    day.begin(SUNDAY, "13:30", f"{lead}'s budget is 90,000 now")
    day.stage.change(LEAD, lead, budgetamount=90_000)
    day.belongs(lead, "Elitsa Dimitrova")
    for person in ("Emily Clarke", "Elitsa Dimitrova"):
        day.hears(person, [lead], shown=False)
    day.event("moved", lead, "Emily Clarke")
    day.begin(SUNDAY, "13:40", "... or 4,000 after all")
    day.stage.change(LEAD, lead, budgetamount=4000)
    day.book.expect(
        f"{lead} is back in Enquiries, with one of its sellers",
        ("Enquiries", True),
        lambda: (_move(day, lead)[1], day.stage.owner(lead) in ("Jonas Weber", "Emily Clarke")),
    )
    owner = day.stage.owner(lead)
    for person in ("Elitsa Dimitrova", owner):
        day.hears(person, [lead], shown=False)
    day.event("moved", lead, "Elitsa Dimitrova")
    day.begin(SUNDAY, "13:50", "... no, 90,000: that is once too often")
    day.stage.change(LEAD, lead, budgetamount=90_000)
    day.has(lead, RoutingStatus.LEFT_ALONE)
    _says_why(day, lead)
    day.belongs(lead, owner)
    day.is_quiet_about(lead)
    day.event("left alone", lead, owner)


def _says_why(day: Day, lead: str) -> None:
    run = day.stage.run(lead)
    reason = run.reason if run else ""
    day.book.expect(
        "the log says why", True, lambda: "2 changes of segment or owner within 8 hours" in reason
    )
    day.book.say(reason)


def overdue(day: Day) -> None:
    manager = "Sabine Keller"
    day.begin(SUNDAY, "15:00", "The partner's lead is overdue: the manager is told")
    day.hears(manager, ["Partner enquiries", "Falk Reisen"])
    day.event("overdue", "Falk Reisen", NOBODY)
    first_told = day.since
    day.begin(SUNDAY, "15:10", "Ten minutes later she is not told again")
    day.stage.finish()
    day.since = first_told
    day.hears(manager, ["Falk Reisen"], shown=False)
    given_up = day.stage.work.given_up if day.stage.work else list[str]
    day.book.expect("the app gave nothing up all day", [], given_up)


ACTS: tuple[Callable[[Day], None], ...] = (
    evening,
    leads_at_night,
    retries_at_night,
    morning,
    budget,
    no_room,
    deal_won,
    partner_asks,
    country,
    changes_of_mind,
    overdue,
)
"""The day in order; each begins where the one before ended."""
