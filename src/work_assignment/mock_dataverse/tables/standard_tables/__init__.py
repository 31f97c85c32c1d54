"""The tables that every Dynamics 365 Sales organization has, one module a group."""

from __future__ import annotations

from ..definitions import Definitions, together
from .activities import ACTIVITIES
from .activity_parties import ACTIVITY_PARTY
from .automation import AUTOMATION
from .bulk_deletions import BULK_DELETE_OPERATION
from .change_tracking import with_change_tracking
from .customers import CUSTOMERS
from .leads import LEAD
from .marketing import MARKETING
from .opportunities import OPPORTUNITY
from .people import PEOPLE
from .queries import QUERIES
from .regions import TERRITORY
from .scheduling import SCHEDULING
from .security import SECURITY
from .sharing import PRINCIPAL_OBJECT_ACCESS
from .suggestions import SALES_SUGGESTION
from .templates import TEMPLATE

# Tables whose rows Dataverse writes itself, by the messages that it refuses (Learn, table reference:
# the messages a table supports).
_ALL_WRITES = frozenset({"Create", "Update", "Delete"})
_READS = frozenset({"Retrieve", "RetrieveMultiple"})
REFUSED_MESSAGES: dict[str, frozenset[str]] = {
    "sdkmessage": _ALL_WRITES,
    "sdkmessagefilter": _ALL_WRITES,
    "calendarrule": _ALL_WRITES | _READS,
    "privilege": _ALL_WRITES,
    "activityparty": _ALL_WRITES | {"Retrieve"},
    "principalobjectaccess": _ALL_WRITES | {"Retrieve"},
    "bulkdeleteoperation": frozenset({"Create", "Update"}),
    "organization": frozenset({"Create", "Delete"}),
    "usersettings": frozenset({"Create", "Delete"}),
    "systemuser": frozenset({"Delete"}),
}


def standard_definitions() -> Definitions:
    """Return every standard table with its relationships."""
    definitions = together(
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
            ACTIVITY_PARTY,
            PRINCIPAL_OBJECT_ACCESS,
            BULK_DELETE_OPERATION,
            SCHEDULING,
            QUERIES,
            TEMPLATE,
            AUTOMATION,
        )
    )
    return with_change_tracking(definitions)
