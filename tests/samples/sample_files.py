"""The samples' YAML files, and a small decider that runs their records through the real decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from work_assignment.domain.deciding.assignment import decide_block
from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.defining.sellers import Seller, Standing
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import ALWAYS, Condition, compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.schemas import (
    ColumnKinds,
    ColumnSchema,
    TableSchema,
    Vocabulary,
)
from work_assignment.domain.hours.working_times import read_calendar
from work_assignment.domain.records import Record, RecordId, RuleId, SegmentId, SellerId
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.tables.metadata import Catalog, ColumnType
from work_assignment.packaged_solution import product_solution

BEGINNING = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
KINDS = {
    ColumnType.STRING: ColumnKind.TEXT,
    ColumnType.MEMO: ColumnKind.TEXT,
    ColumnType.INTEGER: ColumnKind.NUMBER,
    ColumnType.MONEY: ColumnKind.NUMBER,
    ColumnType.BOOLEAN: ColumnKind.YES_NO,
    ColumnType.PICKLIST: ColumnKind.CHOICE,
    ColumnType.DATETIME: ColumnKind.MOMENT,
}


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def load_folder(folder: Path) -> dict[str, Any]:
    """All files of a definitions folder as one document."""
    merged: dict[str, Any] = {}
    for file in sorted(folder.glob("*.yaml")):
        document = load(file)
        assert not set(document) & set(merged), f"{file} says again what another file says"
        merged |= document
    return merged


@cache
def catalog(*solutions: Path) -> Catalog:
    """The tables of an organisation with the product's solution, and others on top."""
    return build_catalog([product_solution(), *solutions])


def columns_of(table: str, tables: Catalog) -> ColumnKinds:
    """The columns that a filter may name, with their kinds."""
    columns = tables.tables[table].columns
    return {name: KINDS[c.type] for name, c in columns.items() if c.type in KINDS}


def conditions(form: Any) -> Iterable[list[Any]]:
    """Every [column, operator, ...] of a nested filter."""
    if isinstance(form, list):
        yield form
        return
    for parts in form.values():
        for part in parts:
            yield from conditions(part)


def definitions(
    folder: Mapping[str, Any], users: Sequence[Mapping[str, Any]], tables: Catalog
) -> Definitions:
    """Make definitions of what a folder says; everything has been active from the beginning."""
    segments = [_segment(form, tables) for form in folder["segments"]]
    types = {segment.name: segment.record_type for segment in segments}
    by_user = {seller["user"]: seller for seller in folder["sellers"]}
    default = folder["settings"]["default_capacity"]
    sellers = [
        _seller(by_user[user["domainname"]], user, default)
        for user in users
        if user["domainname"] in by_user
    ]
    rules = [_rule(form, types[form["segment"]], tables) for form in folder["rules"]]
    return define(segments, rules, sellers)


def decide_all(made: Definitions, records: Sequence[Record], at: datetime) -> list[Decision]:
    """Decide records one after the other, with sellers who have nothing yet."""
    standings = {seller: Standing(seller) for seller in made.sellers}
    return decide_block(records, made, standings, at=at, since={})


def record(number: int, table: str, columns: Mapping[str, Any], at: datetime) -> Record:
    """A record that was created a moment after the one before it."""
    return Record(
        table,
        RecordId(f"{number:08d}"),
        at - timedelta(minutes=30) + timedelta(milliseconds=number),
        {name: _value(value) for name, value in columns.items()},
    )


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return next(iter(value.values()))
    return Decimal(str(value)) if isinstance(value, float) else value


def _segment(form: Mapping[str, Any], tables: Catalog) -> Segment:
    return Segment(
        id=SegmentId(form["name"]),
        name=form["name"],
        record_type=form["record_type"],
        priority=form["priority"],
        active_since=BEGINNING,
        filter=_filter(form, "filter", columns_of(form["record_type"], tables)),
    )


def _rule(form: Mapping[str, Any], record_type: str, tables: Catalog) -> AssignmentRule:
    return AssignmentRule(
        id=RuleId(form["name"]),
        name=form["name"],
        segment_id=SegmentId(form["segment"]),
        record_type=record_type,
        order=form["order"],
        active_since=BEGINNING,
        filter=_filter(form, "filter", columns_of(record_type, tables)),
        created_within=_hours(form.get("created_within_hours")),
        match=_match(form, columns_of("systemuser", tables)),
        distribution=Distribution(form["distribution"]),
        uses_capacity=form.get("capacity", False),
        available_within=_hours(form.get("available_within_hours")),
        on_no_seller=OnNoSeller(form.get("on_no_seller", "next rule")),
    )


def _match(form: Mapping[str, Any], user_columns: ColumnKinds) -> SellerMatch:
    attributes = form.get("attributes")
    return SellerMatch(
        listed=tuple(form["list"]) if form["match"] == "list" else None,
        columns=_filter(form, "seller_filter", user_columns),
        attributes=compile_attributes(read_nested(attributes, form["name"]), form["name"])
        if attributes
        else ALWAYS,
    )


def _filter(form: Mapping[str, Any], key: str, columns: ColumnKinds) -> Condition:
    if key not in form:
        return ALWAYS
    where = f"{form['name']}, {key}"
    known = {name: ColumnSchema(kind) for name, kind in columns.items()}
    table = TableSchema("filtered", "filtered", "filteredid", None, known)
    return compile_filter(read_nested(form[key], where), where, Vocabulary("filtered", table))


def _hours(hours: int | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


def _seller(form: Mapping[str, Any], user: Mapping[str, Any], default: int) -> Seller:
    return Seller(
        id=SellerId(form["user"]),
        name=form["user"],
        max_capacity=form.get("max_capacity", default),
        takes_assignments=form.get("takes_assignments", True),
        columns={name: value for name, value in user.items() if isinstance(value, str)},
        attributes={name: tuple(values) for name, values in form["attributes"].items()},
        calendar=read_calendar(form.get("working_hours"), form.get("time_off"), form["user"]),
    )
