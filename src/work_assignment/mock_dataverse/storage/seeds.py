"""The rows that an organization has before anybody writes one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ..tables.metadata import Catalog, Table
from ..tables.sdk_messages import FIRED_MESSAGES, messages_of
from ..tables.values import stored_moment
from ..well_known import (
    ADMINISTRATOR_AAD_ID,
    ADMINISTRATOR_DOMAIN_NAME,
    ADMINISTRATOR_ID,
    BUSINESS_UNIT_ID,
    CURRENCY_ID,
    ORGANIZATION_ID,
    ORGANIZATION_NAME,
    ROLES,
    SYSTEM_ADMINISTRATOR_ROLE,
    filter_id,
    message_id,
    role_id,
    stable_id,
)
from .privileges import Privilege, all_privileges, privileges_of
from .rows import empty_row, has_row, insert_row, next_version
from .schema import stored_columns
from .views import standard_views

_GOES_WITH_A_TABLE = (
    'DELETE FROM "sdkmessagefilter" WHERE "primaryobjecttypecode" = ?',
    'DELETE FROM "principalobjectaccess" WHERE "objecttypecode" = ?',
    'DELETE FROM "__deleted" WHERE "table" = ?',
)


def seed(db: sqlite3.Connection, catalog: Catalog, now: datetime) -> None:
    """Insert the rows that are missing; those that are there stay as they are."""
    moment = stored_moment(now)
    for table_name, values in _rows(catalog):
        _insert_missing(db, catalog.tables[table_name], values, moment)
    for privilege in all_privileges(catalog):
        _seed_privilege(db, catalog, privilege, moment)


def seed_table(db: sqlite3.Connection, catalog: Catalog, table: Table, now: datetime) -> None:
    """Insert what goes with a new table: the filters of its messages, and its privileges."""
    moment = stored_moment(now)
    for table_name, values in _filters(table):
        _insert_missing(db, catalog.tables[table_name], values, moment)
    for privilege in privileges_of(table):
        _seed_privilege(db, catalog, privilege, moment)


def remove_table_rows(db: sqlite3.Connection, table: Table) -> None:
    """Delete what went with a table; activities share privileges, which stay."""
    for statement in _GOES_WITH_A_TABLE:
        db.execute(statement, (table.logical_name,))
    if table.is_activity:
        return
    for privilege in privileges_of(table):
        values = (privilege.privilege_id,)
        db.execute('DELETE FROM "roleprivileges" WHERE "privilegeid" = ?', values)
        db.execute('DELETE FROM "privilege" WHERE "privilegeid" = ?', values)


def _insert_missing(
    db: sqlite3.Connection, table: Table, values: dict[str, Any], moment: str
) -> bool:
    """Insert a row unless it is there; tell whether it was missing."""
    if has_row(db, table, values[table.primary_id]):
        return False
    insert_row(db, table, _completed(db, table, values, moment))
    return True


def _seed_privilege(
    db: sqlite3.Connection, catalog: Catalog, privilege: Privilege, moment: str
) -> None:
    """Insert a privilege and grant it; what was taken from a role later on stays taken."""
    row = {
        "privilegeid": privilege.privilege_id,
        "name": privilege.name,
        "accessright": privilege.access_right,
        **dict.fromkeys(("canbebasic", "canbelocal", "canbedeep", "canbeglobal"), 1),
    }
    if not _insert_missing(db, catalog.tables["privilege"], row, moment):
        return
    for role, depth in privilege.held_by.items():
        granted = {
            "roleprivilegeid": stable_id("roleprivileges", role, privilege.name),
            "roleid": role,
            "privilegeid": privilege.privilege_id,
            "privilegedepthmask": int(depth),
        }
        _insert_missing(db, catalog.tables["roleprivileges"], granted, moment)


def _completed(
    db: sqlite3.Connection, table: Table, values: dict[str, Any], moment: str
) -> dict[str, Any]:
    row = empty_row(table)
    defaults = {
        column.logical_name: int(column.default)
        for column in table.columns.values()
        if column.default is not None
    }
    common = {
        "createdon": moment,
        "createdby": ADMINISTRATOR_ID,
        "modifiedon": moment,
        "modifiedby": ADMINISTRATOR_ID,
        "organizationid": ORGANIZATION_ID,
        "businessunitid": BUSINESS_UNIT_ID,
        "versionnumber": next_version(db),
    }
    known = set(stored_columns(table))
    row.update(defaults)
    row.update({name: value for name, value in common.items() if name in known})
    row.update(values)
    return row


def _rows(catalog: Catalog) -> Iterator[tuple[str, dict[str, Any]]]:
    yield (
        "transactioncurrency",
        {
            "transactioncurrencyid": CURRENCY_ID,
            "currencyname": "US Dollar",
            "isocurrencycode": "USD",
            "currencysymbol": "$",
            "exchangerate": 1.0,
        },
    )
    yield (
        "organization",
        {
            "organizationid": ORGANIZATION_ID,
            "name": ORGANIZATION_NAME,
            "basecurrencyid": CURRENCY_ID,
            "currencydecimalprecision": 2.0,
        },
    )
    yield "businessunit", {"businessunitid": BUSINESS_UNIT_ID, "name": ORGANIZATION_NAME}
    yield from _people()
    yield from standard_views()
    yield from _messages(catalog)


def _people() -> Iterator[tuple[str, dict[str, Any]]]:
    yield (
        "systemuser",
        {
            "systemuserid": ADMINISTRATOR_ID,
            "firstname": "System",
            "lastname": "Administrator",
            "fullname": "System Administrator",
            "domainname": ADMINISTRATOR_DOMAIN_NAME,
            "internalemailaddress": ADMINISTRATOR_DOMAIN_NAME,
            "azureactivedirectoryobjectid": ADMINISTRATOR_AAD_ID,
        },
    )
    yield "usersettings", {"systemuserid": ADMINISTRATOR_ID}
    for name in ROLES:
        yield (
            "role",
            {
                "roleid": role_id(name),
                "name": name,
                "parentrootroleid": role_id(name),
            },
        )
    yield (
        "systemuserroles",
        {
            "systemuserroleid": stable_id("systemuserroles", ADMINISTRATOR_ID),
            "systemuserid": ADMINISTRATOR_ID,
            "roleid": role_id(SYSTEM_ADMINISTRATOR_ROLE),
        },
    )


def _messages(catalog: Catalog) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in FIRED_MESSAGES:
        yield (
            "sdkmessage",
            {
                "sdkmessageid": message_id(message),
                "name": message,
                "categoryname": message,
            },
        )
    for table in catalog:
        yield from _filters(table)


def _filters(table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in messages_of(table):
        yield (
            "sdkmessagefilter",
            {
                "sdkmessagefilterid": filter_id(message, table.logical_name),
                "sdkmessageid": message_id(message),
                "primaryobjecttypecode": table.logical_name,
                "secondaryobjecttypecode": "none",
            },
        )
