"""What a sweep would take of a real environment, estimated: nothing here was measured.

Dataverse's own time for each change of an owner rules there. It is not published; tens to hundreds
of milliseconds are usual. Execution time is limited to 1,200 s in each 300 s and web server (Service
protection API limits), and each inner operation counts towards the tenant's requests of a day, of
which users without a licence share 500,000 at least (Requests limits and allocations).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SERVER_MS = (40, 100, 250)
WIDTHS = (1, 4, 8)
DAILY_REQUESTS = 500_000
WINDOW_S, EXECUTION_S = 300, 1_200


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long so many owner changes take at a server time, so many under way at a time."""

    owner_changes: int
    server_ms: int
    width: int

    @property
    def seconds(self) -> float:
        return self.owner_changes * self.server_ms / 1000 / self.width

    @property
    def web_servers(self) -> int:
        """How many web servers must share the work for the limit on execution time to be kept."""
        busy = self.owner_changes * self.server_ms / 1000
        windows = max(1.0, self.seconds / WINDOW_S)
        return max(1, -int(-busy // (EXECUTION_S * windows)))


def estimates(owner_changes: int) -> Iterator[Estimate]:
    for server_ms in SERVER_MS:
        for width in WIDTHS:
            yield Estimate(owner_changes, server_ms, width)


def entitlement(operations: int) -> float:
    """The share of a day's requests that so many inner operations use."""
    return operations / DAILY_REQUESTS
