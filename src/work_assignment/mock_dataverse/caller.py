"""Who a request acts as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request; ids are lower-case guids.

    `delegate_id` is set when somebody else acts as this user: the user who really sent the
    request, as in the columns `createdonbehalfby` and `modifiedonbehalfby`.
    """

    user_id: str
    business_unit_id: str
    organization_id: str
    organization_name: str
    aad_object_id: str
    delegate_id: str | None = None

    @property
    def real_user_id(self) -> str:
        """Who sent the request, whoever it acts as."""
        return self.delegate_id or self.user_id
