"""What people are told: one notification a person and kind, of one record or of all at once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.news import Change, Names, News, Role
from work_assignment.domain.runs.outcomes import Committed, Notice, Run, Untold
from work_assignment.domain.runs.overdue import Overdue
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.wording import Words, cut, words

LONGEST_TITLE = 100
LONGEST_BODY = 500
Languages = Callable[[SellerId], Language]

_NOTICES = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a02")


def english(recipient: SellerId) -> Language:
    """For whoever's language is not known."""
    return Language.ENGLISH


def untold_of(run: Run) -> Untold:
    """A run whose new owner, or from whom it took the record back, is to be told at once."""
    is_lost = run.status is RoutingStatus.UNDONE
    told = run.previous_owner if is_lost else run.owner
    if told is None:
        raise ValueError(f"run {run.id} has nobody to tell")
    return Untold(
        run.id,
        SellerId(told.id),
        run.key,
        run.record_name,
        is_lost,
        names=run.names,
        block=run.block,
    )


def late_notice(untold: Untold, language: Languages = english) -> Notice:
    """The notification of a run for whom it is marked.

    What her block brought her is told together, and under the id that it would have had then. Of
    what was taken back the id follows from the run.
    """
    for brought in block_notices(untold.block, untold.together, language):
        is_outside = brought.told_outside or untold.told_outside
        return replace(brought, run_id=untold.run_id, told_outside=is_outside)
    role = Role.TAKEN_BACK if untold.is_lost else Role.NEW_OWNER
    what = untold.run_id if untold.is_lost else untold.block or untold.run_id
    return replace(_notice(what, [_alone(untold, role)], language), run_id=untold.run_id)


def _alone(untold: Untold, role: Role) -> News:
    return News(
        untold.recipient,
        role,
        untold.run_id,
        untold.block,
        untold.key,
        replace(untold.names, record=untold.record_name),
        told_outside=untold.told_outside,
    )


def block_notices(
    block: str, committed: Iterable[Committed], language: Languages = english
) -> list[Notice]:
    """What to tell the sellers to whom a block brought records that were not theirs before.

    Each hears once: of her one record, or of how many there are. The id follows from block,
    recipient and kind, so that whoever settles the block tells the same.
    """
    return _together(block, [_brought(c) for c in committed if not _was_hers_before(c)], language)


def _was_hers_before(given: Committed) -> bool:
    return given.previous_owner == Owner("systemuser", given.seller_id)


def _brought(given: Committed) -> News:
    names = replace(given.names, record=given.record_name)
    return News(
        given.seller_id,
        Role.NEW_OWNER,
        given.run_id,
        given.block,
        given.key,
        names,
        told_outside=given.told_outside,
    )


def taken_back_notices(untold: Iterable[Untold], language: Languages = english) -> list[Notice]:
    """What to tell those from whom a block took records back: once for all that are marked.

    The id follows from the runs, as each is marked by itself.
    """
    by_block: dict[tuple[str, SellerId], list[Untold]] = {}
    for entry in untold:
        by_block.setdefault((entry.block, entry.recipient), []).append(entry)
    return [_taken_back(entries, language) for entries in by_block.values()]


def _taken_back(untold: Sequence[Untold], language: Languages) -> Notice:
    if len(untold) == 1:
        return late_notice(untold[0], language)
    news = [_alone(entry, Role.TAKEN_BACK) for entry in untold]
    what = " ".join(sorted(entry.run_id for entry in untold))
    return replace(_notice(what, news, language), run_id=untold[0].run_id)


def moved_notices(changes: Iterable[Change], language: Languages = english) -> list[Notice]:
    """What to tell those who had records before, and those who follow them: once a block."""
    by_block: dict[str, list[News]] = {}
    for change in changes:
        by_block.setdefault(change.block, []).extend(change.news())
    return [n for block, news in by_block.items() for n in _together(block, news, language)]


def overdue_notices(overdue: Iterable[Overdue], language: Languages = english) -> list[Notice]:
    """What to tell the managers of segments whose records found nobody in time: once for all.

    The id follows from the manager, and the runs and when they were due.
    """
    by_manager: dict[SellerId, list[Overdue]] = {}
    for entry in overdue:
        by_manager.setdefault(entry.manager, []).append(entry)
    return [_overdue_notice(who, found, language(who)) for who, found in sorted(by_manager.items())]


def _overdue_notice(manager: SellerId, overdue: Sequence[Overdue], language: Language) -> Notice:
    in_order = sorted(overdue, key=lambda entry: (entry.run.due_at, entry.run.id))
    said, segments = words(language), {entry.segment for entry in in_order}
    tables, count = [entry.run.key.table for entry in in_order], len(in_order)
    form = "one" if said.is_one(count) else "many" if len(segments) == 1 else "of_segments"
    title = said.fitting(
        LONGEST_TITLE,
        f"overdue.{form}",
        in_order[0].segment,
        count=count,
        one=said.noun("one", tables),
        counted=said.noun("counted", tables),
    )
    what = " ".join(f"{entry.run.id}:{entry.run.due_at.isoformat()}" for entry in in_order)
    return Notice(
        id=_notice_id(what, manager, Kind.OVERDUE),
        recipient=manager,
        title=title,
        body=cut(said.listed([entry.run.record_name for entry in in_order]), LONGEST_BODY),
        records=tuple(entry.run.key for entry in in_order),
        action=said.say("open"),
        kind=Kind.OVERDUE,
        language=language,
        told_outside=all(entry.run.told_outside for entry in in_order),
    )


def _together(what: str, news: Iterable[News], language: Languages) -> list[Notice]:
    by_person: dict[tuple[SellerId, Kind], list[News]] = {}
    for entry in news:
        by_person.setdefault((entry.recipient, entry.role.kind), []).append(entry)
    return [_notice(what, by_person[person], language) for person in sorted(by_person)]


def _notice(what: str, news: Sequence[News], language: Languages) -> Notice:
    in_order = sorted(news, key=lambda entry: (entry.names.record.casefold(), entry.key.id))
    first = in_order[0]
    spoken = language(first.recipient)
    said = words(spoken)
    title, body = _one(said, first) if len(in_order) == 1 else _many(said, in_order)
    return Notice(
        id=_notice_id(what, first.recipient, first.role.kind),
        recipient=first.recipient,
        title=cut(title, LONGEST_TITLE),
        body=cut(body, LONGEST_BODY),
        records=tuple(entry.key for entry in in_order),
        action=said.say("open"),
        block_runs=tuple(entry.run_id for entry in in_order),
        kind=first.role.kind,
        language=spoken,
        told_outside=any(entry.told_outside for entry in news),
    )


_SECTIONS = {
    Role.NEW_OWNER: "assigned",
    Role.LOST: "lost",
    Role.KEPT: "kept",
    Role.FOLLOWED: "followed",
    Role.TAKEN_BACK: "taken_back",
}


def _one(said: Words, news: News) -> tuple[str, str]:
    section = _SECTIONS[news.role]
    new = said.noun("new", [news.key.table])
    name = said.named(news.names.record)
    return said.say(f"{section}.one", new=new, name=name), _why(said, news)


def _why(said: Words, news: News) -> str:
    names, section = news.names, _SECTIONS[news.role]
    rule, segment = said.quoted(names.rule), said.quoted(names.segment)
    match news.role:
        case Role.NEW_OWNER:
            found = "by_rule_of_segment" if names.segment else "by_rule"
            return said.say(
                f"{section}.{found if names.rule else 'plain'}", rule=rule, segment=segment
            )
        case Role.TAKEN_BACK:
            return said.say(f"{section}.plain")
        case Role.KEPT:
            return _new_segment(said, section, names)
        case Role.FOLLOWED if news.stays:
            return _new_segment(said, section, names)
        case _:
            owner = said.named(names.owner)
            return said.say(
                f"changed_hands.{_reason(news)}", owner=owner, rule=rule, segment=segment
            )


def _new_segment(said: Words, section: str, names: Names) -> str:
    if not names.segment:
        return said.say(f"{section}.out_of_segments")
    return said.say(f"{section}.into_segment", segment=said.quoted(names.segment))


def _reason(news: News) -> str:
    """Which of the texts says why a record has another owner."""
    if not news.names.owner:
        return "unknown"
    if news.has_moved and news.names.segment:
        return "into_segment"
    return "by_rule" if news.names.rule else "plain"


def _many(said: Words, news: Sequence[News]) -> tuple[str, str]:
    roles = {entry.role for entry in news}
    section = _SECTIONS[news[0].role] if len(roles) == 1 else "moved"
    tables = [entry.key.table for entry in news]
    title = said.say(
        f"{section}.many",
        count=len(news),
        counted=said.noun("counted", tables),
        plural=said.noun("plural", tables),
    )
    return title, said.listed([entry.names.record for entry in news])


def _notice_id(what: str, recipient: SellerId, kind: Kind) -> str:
    return str(uuid5(_NOTICES, f"{what} {recipient} {kind.value}"))
