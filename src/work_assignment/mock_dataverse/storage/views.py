"""The views that an organization has before anybody makes one: the open records of main tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..well_known import stable_id

_MAIN = 0  # a view for all users: savedquery.querytype
_VIEWS = (
    ("account", "accountid", "name", "Active Accounts", "00000000-0000-0000-00aa-000010001002"),
    ("contact", "contactid", "fullname", "Active Contacts", None),
    ("lead", "leadid", "fullname", "Open Leads", None),
    (
        "opportunity",
        "opportunityid",
        "name",
        "Open Opportunities",
        "00000000-0000-0000-00aa-000010003001",
    ),
)
"""Two of the ids are those of every real organization (Learn: Retrieve and execute predefined
queries)."""


def standard_views() -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of `savedquery`, each with the name of its table."""
    for table, key, column, name, known_id in _VIEWS:
        fetch = (
            f'<fetch version="1.0" mapping="logical"><entity name="{table}">'
            f'<attribute name="{column}"/><attribute name="{key}"/><order attribute="{column}"/>'
            '<filter type="and"><condition attribute="statecode" operator="eq" value="0"/></filter>'
            "</entity></fetch>"
        )
        yield (
            "savedquery",
            {
                "savedqueryid": known_id or stable_id("savedquery", name),
                "name": name,
                "fetchxml": fetch,
                "returnedtypecode": table,
                "querytype": _MAIN,
                "isdefault": 1,
                "ismanaged": 1,
            },
        )
