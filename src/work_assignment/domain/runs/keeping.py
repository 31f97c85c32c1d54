"""How long the run log is kept, and what is old by then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the settings' row says of it; `version` is the row's, `cleared_at` the last clearing."""

    row_id: str
    version: str
    days: int
    cleared_at: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Whether nothing has been cleared today."""
        return self.cleared_at is None or self.cleared_at.date() < now.date()

    def old_before(self, now: datetime) -> datetime:
        """What was last touched before this moment goes."""
        return now.replace(microsecond=0) - timedelta(days=self.days)
