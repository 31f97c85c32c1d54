"""What is told outside the app: one notice by one way, as it waits to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID, uuid5

from work_assignment.domain.defining.notifications import Channel, Kind, Language
from work_assignment.domain.records import RecordKey, SellerId

_DELIVERIES = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a11")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice for one person by one way; `id` follows from both, so that twice is the same.

    `records` are the first of those that it tells of, `count` how many there are in all; `tries`
    are those that failed before. `opens` is what the link to them is called.
    """

    id: str
    channel: Channel
    kind: Kind
    recipient: SellerId
    title: str
    body: str
    language: Language = Language.ENGLISH
    records: tuple[RecordKey, ...] = ()
    count: int = 0
    tries: int = 0
    opens: str = ""

    @property
    def record(self) -> RecordKey | None:
        """The record that it tells of, where it is one."""
        return self.records[0] if self.count == 1 and self.records else None

    def page(self, dataverse_url: str) -> str | None:
        """The page that shows the record, or the list of those of its table.

        By Microsoft Learn, "Open apps, forms, views, dialogs, and reports with a URL".
        """
        if not self.records:
            return None
        first = self.records[0]
        asked = {"pagetype": "entitylist", "etn": first.table}
        if self.count == 1:
            asked = {"pagetype": "entityrecord", "etn": first.table, "id": first.id}
        return f"{dataverse_url.rstrip('/')}/main.aspx?{urlencode(asked)}"


def delivery_id(notice_id: str, channel: Channel) -> str:
    """The id of a notice's delivery by one way."""
    return str(uuid5(_DELIVERIES, f"{notice_id} {channel.value}"))
