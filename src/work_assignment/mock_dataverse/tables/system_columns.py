"""The columns that Dataverse itself adds to a table: who, when, owner, state, currency, version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .columns import (
    LARGEST_BIGINT,
    LARGEST_DECIMAL,
    LARGEST_INTEGER,
    LARGEST_MONEY,
    lookup,
    moment,
    whole,
)
from .definitions import Link, Part
from .metadata import CascadeDelete, Column, ColumnType, Option

USER_OWNED = "UserOwned"
ORGANIZATION_OWNED = "OrganizationOwned"
BUSINESS_OWNED = "BusinessOwned"
UNOWNED = "None"

# Relationships older than the naming rule, by (table, column): Learn, table reference.
_OWNER_RELATIONSHIPS = {
    ("lead", "owninguser"): "lead_owning_user",
    ("lead", "owningteam"): "lead_owning_team",
    ("lead", "owningbusinessunit"): "business_unit_leads",
    ("opportunity", "owninguser"): "opportunity_owning_user",
    ("opportunity", "owningteam"): "team_opportunities",
    ("opportunity", "owningbusinessunit"): "business_unit_opportunities",
    ("account", "owninguser"): "user_accounts",
    ("account", "owningteam"): "team_accounts",
    ("account", "owningbusinessunit"): "business_unit_accounts",
    ("contact", "owninguser"): "contact_owning_user",
    ("contact", "owningteam"): "team_contacts",
    ("contact", "owningbusinessunit"): "business_unit_contacts",
}
_BASE_NAMED = frozenset({"lead", "opportunity", "account", "contact", "systemuser"})


@dataclass(frozen=True, slots=True)
class State:
    """One state with its status reasons, of which the first is the default."""

    value: int
    label: str
    reasons: tuple[tuple[int, str], ...]


ACTIVE_INACTIVE = (
    State(0, "Active", ((1, "Active"),)),
    State(1, "Inactive", ((2, "Inactive"),)),
)


def with_system_columns(
    table: str, ownership: str, states: tuple[State, ...], parts: Iterable[Part]
) -> tuple[Part, ...]:
    """Return a table's own columns followed by Dataverse's; one listed by the table itself wins."""
    own = tuple(parts)
    columns = {part.column.logical_name: part for part in [*_system_parts(table, ownership), *own]}
    if states:
        for part in state_parts(states):
            columns.setdefault(part.column.logical_name, part)
    for part in money_parts(table, own):
        columns.setdefault(part.column.logical_name, part)
    names = [part.column.logical_name for part in own]
    ordered = names + [name for name in columns if name not in set(names)]
    return tuple(columns[name] for name in ordered)


def state_parts(states: tuple[State, ...]) -> tuple[Part, Part]:
    """Build statecode and statuscode; the first state is the default."""
    initial = states[0]
    state = Column(
        "statecode",
        "StateCode",
        ColumnType.STATE,
        "Status",
        options=tuple(
            Option(state.value, state.label, default_status=state.reasons[0][0]) for state in states
        ),
        default=initial.value,
    )
    status = Column(
        "statuscode",
        "StatusCode",
        ColumnType.STATUS,
        "Status Reason",
        options=tuple(
            Option(value, label, state=state.value)
            for state in states
            for value, label in state.reasons
        ),
        default=initial.reasons[0][0],
    )
    return Part(state), Part(status)


def _system_parts(table: str, ownership: str) -> Iterator[Part]:
    yield moment("CreatedOn", "Created On", computed=True)
    yield _user(table, "CreatedBy", "Created By")
    yield _user(table, "CreatedOnBehalfBy", "Created By (Delegate)")
    yield moment("ModifiedOn", "Modified On", computed=True)
    yield _user(table, "ModifiedBy", "Modified By")
    yield _user(table, "ModifiedOnBehalfBy", "Modified By (Delegate)")
    yield _create_only(
        whole("ImportSequenceNumber", "Import Sequence Number", -LARGEST_INTEGER - 1)
    )
    yield _create_only(moment("OverriddenCreatedOn", "Record Created On"))
    yield whole("TimeZoneRuleVersionNumber", "Time Zone Rule Version Number", -1)
    yield whole("UTCConversionTimeZoneCode", "UTC Conversion Time Zone Code", -1)
    yield version_part()
    if ownership == USER_OWNED:
        yield from _owner_parts(table)
    elif ownership == ORGANIZATION_OWNED and table != "organization":
        yield lookup(
            "OrganizationId",
            "Organization Id",
            "organization",
            f"organization_{table}",
            cascade=CascadeDelete.NO_CASCADE,
            computed=True,
        )


def version_part() -> Part:
    """Build the row version, from which Dataverse makes the ETag."""
    return Part(
        Column(
            "versionnumber",
            "VersionNumber",
            ColumnType.BIGINT,
            "Version Number",
            minimum=-LARGEST_BIGINT,
            maximum=LARGEST_BIGINT,
            valid_for_create=False,
            valid_for_update=False,
        )
    )


def _create_only(part: Part) -> Part:
    return replace(part, column=replace(part.column, valid_for_update=False))


def _user(table: str, schema_name: str, label: str) -> Part:
    old_style = table in _BASE_NAMED and not schema_name.endswith("OnBehalfBy")
    name = f"lk_{table}{'base' if old_style else ''}_{schema_name.lower()}"
    return lookup(
        schema_name,
        label,
        "systemuser",
        name,
        cascade=CascadeDelete.NO_CASCADE,
        computed=True,
    )


def _owner_parts(table: str) -> Iterator[Part]:
    owner = Column("ownerid", "OwnerId", ColumnType.OWNER, "Owner", targets=("systemuser", "team"))
    collection = f"owner_{table}"
    # Of two relationships behind one navigation property, the catalog keeps the last: the user's.
    yield Part(
        owner,
        tuple(
            Link(target, collection, "ownerid", collection, CascadeDelete.RESTRICT)
            for target in ("team", "systemuser")
        ),
    )
    for schema_name, label, target, prefix in (
        ("OwningUser", "Owning User", "systemuser", "user"),
        ("OwningTeam", "Owning Team", "team", "team"),
        ("OwningBusinessUnit", "Owning Business Unit", "businessunit", "business_unit"),
    ):
        name = _OWNER_RELATIONSHIPS.get((table, schema_name.lower()), f"{prefix}_{table}")
        yield lookup(
            schema_name, label, target, name, cascade=CascadeDelete.NO_CASCADE, computed=True
        )


def money_parts(table: str, own: tuple[Part, ...]) -> Iterator[Part]:
    """Yield what amounts bring along: base amounts, the currency and its rate."""
    amounts = [part.column for part in own if part.column.type is ColumnType.MONEY]
    if not amounts:
        return
    for amount in amounts:
        if not amount.logical_name.endswith("_base"):
            yield Part(_base_amount(amount))
    yield lookup(
        "TransactionCurrencyId",
        "Currency",
        "transactioncurrency",
        f"transactioncurrency_{table}",
        cascade=CascadeDelete.RESTRICT,
    )
    yield Part(
        Column(
            "exchangerate",
            "ExchangeRate",
            ColumnType.DECIMAL,
            "Exchange Rate",
            minimum=0.000000000001,
            maximum=LARGEST_DECIMAL,
            precision=12,
            valid_for_create=False,
            valid_for_update=False,
        )
    )


def _base_amount(amount: Column) -> Column:
    return replace(
        amount,
        logical_name=f"{amount.logical_name}_base",
        schema_name=f"{amount.schema_name}_Base",
        label=f"{amount.label} (Base)",
        minimum=-LARGEST_MONEY,
        maximum=LARGEST_MONEY,
        precision=4,
        system_required=False,
        valid_for_create=False,
        valid_for_update=False,
    )
