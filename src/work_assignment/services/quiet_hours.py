"""When somebody may be disturbed: at once, or when her working hours begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import Rulebook

_LOOKS_AHEAD = timedelta(days=60)
_LOOKS_AGAIN = timedelta(days=7)
"""For who does not work for so long."""


def quiet_until(rulebook: Rulebook, who: SellerId, now: datetime) -> datetime | None:
    """When her working hours begin, if she is not to be disturbed before."""
    seller = rulebook.definitions.sellers.get(who)
    if seller is None or not rulebook.notifications.quiet_hours:
        return None
    begin = seller.calendar.first_working_moment(now, _LOOKS_AHEAD) or now + _LOOKS_AGAIN
    return begin if begin > now else None
