"""Those who are told, where nothing is known of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.recipients import Recipient


class Everybody:
    """Takes everybody for somebody who is there, reads English and wants to hear everything."""

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        """All of them."""
        return {who: Recipient(who) for who in ids}


EVERYBODY = Everybody()
