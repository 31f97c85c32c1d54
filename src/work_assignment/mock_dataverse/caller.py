"""Who a request acts as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request; ids are lower-case guids."""

    user_id: str
    business_unit_id: str
    organization_id: str
    organization_name: str
    aad_object_id: str
