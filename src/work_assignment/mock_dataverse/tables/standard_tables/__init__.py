"""The tables that every Dynamics 365 Sales organization has, one module a group."""

from __future__ import annotations

from ..definitions import Definitions, together
from .activities import ACTIVITIES
from .automation import AUTOMATION
from .customers import CUSTOMERS
from .leads import LEAD
from .marketing import MARKETING
from .opportunities import OPPORTUNITY
from .people import PEOPLE
from .regions import TERRITORY
from .scheduling import SCHEDULING
from .security import SECURITY
from .suggestions import SALES_SUGGESTION

# Tables whose rows Dataverse writes itself, by the messages that it refuses (Learn, table reference:
# the messages a table supports).
_ALL_WRITES = frozenset({"Create", "Update", "Delete"})
_READS = frozenset({"Retrieve", "RetrieveMultiple"})
REFUSED_MESSAGES: dict[str, frozenset[str]] = {
    "sdkmessage": _ALL_WRITES,
    "sdkmessagefilter": _ALL_WRITES,
    "calendarrule": _ALL_WRITES | _READS,
    "privilege": _ALL_WRITES,
    "organization": frozenset({"Create", "Delete"}),
    "usersettings": frozenset({"Create", "Delete"}),
    "systemuser": frozenset({"Delete"}),
}


def standard_definitions() -> Definitions:
    """Return every standard table with its relationships."""
    return together(
        (
            LEAD,
            OPPORTUNITY,
            CUSTOMERS,
            SALES_SUGGESTION,
            MARKETING,
            TERRITORY,
            ACTIVITIES,
            PEOPLE,
            SECURITY,
            SCHEDULING,
            AUTOMATION,
        )
    )
