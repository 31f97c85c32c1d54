"""Short constructors for columns, so that a table reads like its page in the table reference."""

from __future__ import annotations

from collections.abc import Mapping

from .definitions import REFERENTIAL, Link, Part
from .metadata import (
    CascadeDelete,
    CascadeRows,
    Cascades,
    Column,
    ColumnType,
    DateBehavior,
    Option,
)

LARGEST_INTEGER = 2_147_483_647
LARGEST_MONEY = 922_337_203_685_477.0
LARGEST_DECIMAL = 100_000_000_000.0
LARGEST_BIGINT = 9_223_372_036_854_775_807

# What happens to a row happens to all that belongs to it (Learn: parental table relationships).
PARENTAL = Cascades(*[CascadeRows.CASCADE] * 5)


def text(
    schema_name: str,
    label: str,
    length: int,
    *,
    required: bool = False,
    secret: bool = False,
    computed: bool = False,
) -> Part:
    """Build a single line of text; a `secret` one can be written and never read."""
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.STRING,
            label,
            max_length=length,
            system_required=required,
            valid_for_read=not secret,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def memo(schema_name: str, label: str, length: int = 2000, *, computed: bool = False) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.MEMO,
            label,
            max_length=length,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def whole(
    schema_name: str,
    label: str,
    minimum: int = 0,
    maximum: int = LARGEST_INTEGER,
    *,
    computed: bool = False,
    default: int | None = None,
) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.INTEGER,
            label,
            minimum=minimum,
            maximum=maximum,
            default=default,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def decimal(
    schema_name: str, label: str, minimum: float, maximum: float, precision: int = 2
) -> Part:
    return _number(ColumnType.DECIMAL, schema_name, label, minimum, maximum, precision)


def double(
    schema_name: str, label: str, minimum: float, maximum: float, precision: int = 2
) -> Part:
    return _number(ColumnType.DOUBLE, schema_name, label, minimum, maximum, precision)


def money(schema_name: str, label: str, minimum: float = 0.0, precision: int = 2) -> Part:
    """Build an amount; `define` adds its counterpart in base currency."""
    return _number(ColumnType.MONEY, schema_name, label, minimum, LARGEST_MONEY, precision)


def _number(
    kind: ColumnType, schema_name: str, label: str, minimum: float, maximum: float, precision: int
) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            kind,
            label,
            minimum=minimum,
            maximum=maximum,
            precision=precision,
        )
    )


def yes_no(
    schema_name: str,
    label: str,
    no: str = "No",
    yes: str = "Yes",
    *,
    default: bool = False,
    computed: bool = False,
) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.BOOLEAN,
            label,
            options=(Option(1, yes), Option(0, no)),
            default=default,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def choice(
    schema_name: str, label: str, labels: Mapping[int, str], default: int | None = None
) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.PICKLIST,
            label,
            options=tuple(Option(value, text) for value, text in labels.items()),
            default=default,
        )
    )


def choices(schema_name: str, label: str, labels: Mapping[int, str]) -> Part:
    """Build a column that takes several of its options at once."""
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.CHOICES,
            label,
            options=tuple(Option(value, text) for value, text in labels.items()),
        )
    )


def moment(schema_name: str, label: str, *, computed: bool = False) -> Part:
    """Build a date and time in UTC."""
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.DATETIME,
            label,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def day(schema_name: str, label: str) -> Part:
    """Build a date without a time."""
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.DATETIME,
            label,
            date_behavior=DateBehavior.DATE_ONLY,
            date_only_format=True,
        )
    )


def identifier(schema_name: str, label: str, *, computed: bool = False) -> Part:
    """Build a guid that is no lookup."""
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.UNIQUEIDENTIFIER,
            label,
            valid_for_create=not computed,
            valid_for_update=not computed,
        )
    )


def lookup(
    schema_name: str,
    label: str,
    target: str,
    relationship: str,
    *,
    navigation: str | None = None,
    collection: str | None = None,
    cascade: CascadeDelete = CascadeDelete.REMOVE_LINK,
    required: bool = False,
    computed: bool = False,
    is_hierarchical: bool = False,
    cascades: Cascades = REFERENTIAL,
) -> Part:
    """Build a lookup of one table; its navigation property is the logical name if not given."""
    link = Link(
        target,
        relationship,
        navigation or schema_name.lower(),
        collection or relationship,
        cascade,
        is_hierarchical,
        cascades,
    )
    return Part(_lookup_column(schema_name, label, (target,), required, computed), (link,))


def half_customer(schema_name: str, label: str, target: str) -> Part:
    """Build the lookup that has a customer of one table, beside the customer itself.

    Dataverse fills it in; it takes part in no relationship and has no navigation property.
    """
    column = _lookup_column(schema_name, label, (target,), required=False, computed=True)
    return Part(column)


def _lookup_column(
    schema_name: str, label: str, targets: tuple[str, ...], required: bool, computed: bool
) -> Column:
    return Column(
        schema_name.lower(),
        schema_name,
        ColumnType.LOOKUP,
        label,
        targets=targets,
        system_required=required,
        valid_for_create=not computed,
        valid_for_update=not computed,
    )


def any_of(
    schema_name: str,
    label: str,
    collections: Mapping[str, str],
    *,
    suffix: str = "",
    cascade: CascadeDelete = CascadeDelete.CASCADE,
    kind: ColumnType = ColumnType.LOOKUP,
    cascades: Cascades = REFERENTIAL,
) -> Part:
    """Build a lookup of several tables: `{target: collection}`, bound by `column_target[suffix]`."""
    logical_name = schema_name.lower()
    links = tuple(
        Link(
            target,
            collection,
            f"{logical_name}_{target}{suffix}",
            collection,
            cascade,
            cascades=cascades,
        )
        for target, collection in collections.items()
    )
    column = Column(logical_name, schema_name, kind, label, targets=tuple(collections))
    return Part(column, links)


def customer(
    schema_name: str, label: str, accounts: str, contacts: str, *, cascade: CascadeDelete
) -> Part:
    """Build a lookup of account or contact, given the names of its two relationships."""
    return any_of(
        schema_name,
        label,
        {"account": accounts, "contact": contacts},
        cascade=cascade,
        kind=ColumnType.CUSTOMER,
        cascades=PARENTAL,
    )
