"""How sweeps are shown: what one did, the list of them, what came back when one was undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any

from work_assignment.cli.tables import with_details
from work_assignment.domain.runs.sweeps import Sweep, Trigger
from work_assignment.domain.runs.undoing import Left, Why
from work_assignment.services.sweep_reports import SweepReport
from work_assignment.services.undoing import UndoReport

_REASONS = 15
_NAMED = 5
_COUNTS = range(4, 8)
_TRIGGERS = {Trigger.MANUAL: "by hand", Trigger.SCHEDULED: "scheduled"}


def swept(report: SweepReport) -> Iterator[str]:
    """What a sweep did, with the reasons why records stay unassigned, the most frequent first."""
    sweep = report.sweep
    cost = f", {report.requests:,} requests" if report.requests else ""
    yield f"{sweep.name}: {sweep.status.value} in {report.seconds:.1f} s{cost}"
    if sweep.message:
        yield f"  {sweep.message}."
    figures = {"records": sweep.counts.total, "assigned": report.assigned}
    if report.by_hand:
        figures["kept with whom they are"] = report.by_hand
    figures["unassigned"] = report.unassigned.total()
    if report.unchanged:
        figures["as they were"] = report.unchanged
    if report.passed_by:
        figures["not looked at"] = report.passed_by.total()
    if report.left:
        figures["left waiting"] = report.left
    yield from _figures(figures)
    for why, count in report.passed_by.most_common(_REASONS):
        yield f"    not looked at: {count}, as {why}"
    reasons = report.unassigned.most_common()
    width = max((len(str(count)) for _, count in reasons), default=0)
    for reason, count in reasons[:_REASONS]:
        yield f"    {count:>{width}}  {reason}"
    if len(reasons) > _REASONS:
        yield f"    and {len(reasons) - _REASONS} more reasons"
    yield f"  id: {sweep.id}"


def _figures(figures: dict[str, int]) -> Iterator[str]:
    words, digits = max(map(len, figures)), max(len(str(count)) for count in figures.values())
    for word, count in figures.items():
        yield f"  {word:<{words}}  {count:>{digits}}"


def listed(sweeps: Sequence[Sweep]) -> Iterator[str]:
    """Sweeps in columns, each with its name, when it was due, and its id for other commands."""
    if not sweeps:
        yield "There has been no sweep."
        return
    rows = [_HEADINGS, *(_row(sweep) for sweep in sweeps)]
    details = [tuple(_details(sweep)) for sweep in sweeps]
    yield from with_details(rows, details, to_the_right=_COUNTS)


_HEADINGS = (
    "began (UTC)",
    "took",
    "trigger",
    "status",
    "records",
    "assigned",
    "unassigned",
    "undone",
)


def _row(sweep: Sweep) -> tuple[str, ...]:
    return (
        sweep.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        _took(sweep),
        _TRIGGERS[sweep.trigger],
        sweep.status.value,
        str(sweep.counts.total),
        str(sweep.counts.succeeded),
        str(sweep.counts.failed),
        str(sweep.undone) if sweep.is_undone else "",
    )


def _details(sweep: Sweep) -> Iterator[str]:
    due = sweep.due_at.astimezone(UTC).strftime(", due %Y-%m-%d %H:%M") if sweep.due_at else ""
    yield f"{sweep.name}{due}"
    if sweep.message:
        yield f"{sweep.message.rstrip('.')}."
    yield f"id: {sweep.id}"


def _took(sweep: Sweep) -> str:
    seconds = _seconds(sweep)
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _seconds(sweep: Sweep) -> float | None:
    """How long it took; None for one that goes on."""
    if sweep.ended_at is None:
        return None
    return max((sweep.ended_at - sweep.started_at).total_seconds(), 0.0)


def undone(report: UndoReport, *, is_dry: bool) -> Iterator[str]:
    """What came back, and what was left and why, with the first few names."""
    verb = "would come back" if is_dry else "came back"
    yield f"{report.sweep.name}: {_records(report.came_back)} {verb}"
    if report.before:
        yield f"  {_records(report.before)} had come back before"
    for why in Why:
        entries = [entry for entry in report.left if entry.why is why]
        count = report.reasons[why]
        if count:
            yield f"  {_records(count)} left, {why.value}: {_names(entries, count)}"
    if report.is_empty and not report.ended_early:
        yield "  It had assigned none."
    if report.ended_early:
        yield f"  It ended early: {report.ended_early}."
        yield f"  For the others, again: wa sweep undo {report.sweep.id}"
    elif not report.is_complete:
        yield "  Try again for what could not be written."


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _names(entries: Sequence[Left], count: int) -> str:
    named = [
        entry.swept.record_name + (f" ({entry.detail})" if entry.detail else "")
        for entry in entries[:_NAMED]
    ]
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return ", ".join(named) + more


def sweep_data(sweep: Sweep) -> dict[str, Any]:
    """A sweep as plain data: words in place of numbers, counts and how long it took."""
    row = asdict(sweep)
    for inward in ("cursor", "version", "idle", "fault"):
        del row[inward]
    counts: dict[str, int] = row.pop("counts")
    named = {
        "status": sweep.status.value,
        "trigger": sweep.trigger.name.lower(),
        "kind": sweep.kind.name.lower(),
    }
    return row | counts | named | {"seconds": _seconds(sweep)}


def swept_data(report: SweepReport) -> dict[str, Any]:
    """What a sweep did, as plain data."""
    return {
        "sweep": sweep_data(report.sweep),
        "seconds": round(report.seconds, 2),
        "assigned": report.assigned,
        "by_hand": report.by_hand,
        "left_waiting": report.left,
        "left_because": dict(report.waits.most_common()),
        "reserved_until": report.reserved_until and report.reserved_until.isoformat(),
        "requests": report.requests,
        "unassigned": dict(report.unassigned.most_common()),
        "unchanged": report.unchanged,
        "not_looked_at": dict(report.passed_by.most_common()),
    }


def undone_data(report: UndoReport, *, is_dry: bool) -> dict[str, Any]:
    """What came back and what did not, as plain data; of very many the first are listed."""
    return {
        "sweep": sweep_data(report.sweep),
        "dry_run": is_dry,
        "came_back": [
            {"name": swept.record_name, "record": asdict(swept.key)} for swept in report.back
        ],
        "came_back_count": report.came_back,
        "came_back_before": report.before,
        "ended_early": report.ended_early,
        "left_count": report.reasons.total(),
        "left": [
            {
                "name": entry.swept.record_name,
                "record": asdict(entry.swept.key),
                "why": entry.why.value,
                "detail": entry.detail,
            }
            for entry in report.left
        ],
    }
