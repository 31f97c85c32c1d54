"""Predefined queries: the views of a table that all users see, and those that a user has saved."""

from __future__ import annotations

from ..columns import lookup, memo, text, whole, yes_no
from ..definitions import Part, together
from ..system_columns import ORGANIZATION_OWNED
from ..table_builder import define

_LONGEST = 1_073_741_823


def _query_columns() -> tuple[Part, ...]:
    return (
        text("Name", "Name", 200, required=True),
        memo("Description", "Description"),
        memo("FetchXml", "Fetch XML", _LONGEST),
        memo("LayoutXml", "Layout XML", _LONGEST),
        memo("LayoutJson", "Layout JSON", _LONGEST),
        memo("ColumnSetXml", "Column Set XML", _LONGEST),
        memo("ConditionalFormatting", "Conditional Formatting", _LONGEST),
        text("ReturnedTypeCode", "Returned Type Code", 64, required=True),
        whole("QueryType", "Query Type"),
        memo("OfflineSqlQuery", "Offline SQL Query", _LONGEST),
    )


_SAVED_QUERY = define(
    "SavedQuery",
    1039,
    "savedqueries",
    "View",
    "Views",
    (
        *_query_columns(),
        yes_no("IsDefault", "Is Default"),
        yes_no("IsQuickFindQuery", "Is Quick Find"),
        yes_no("IsUserDefined", "Is User Defined"),
        yes_no("CanBeDeleted", "Can Be Deleted", default=True),
        yes_no("IsManaged", "Is Managed", computed=True),
        text("QueryApi", "Query API", 128),
        text("QueryAppUsage", "Query App Usage", 128),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
)

_USER_QUERY = define(
    "UserQuery",
    4230,
    "userqueries",
    "Saved View",
    "Saved Views",
    (
        *_query_columns(),
        lookup("ParentQueryId", "Parent Query", "savedquery", "userquery_parent_query"),
    ),
    name="Name",
)

QUERIES = together((_SAVED_QUERY, _USER_QUERY))
