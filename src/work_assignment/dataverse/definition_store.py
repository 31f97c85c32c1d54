"""The rulebook read from Dataverse: active segments and rules, sellers, attributes, settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import TypeVar

from work_assignment.dataverse import mapping
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import InvalidRequest, NotFound
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    SELLER,
    SELLER_ATTRIBUTE_VALUE,
    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER,
    SETTING,
    SYSTEM_USER,
    AssignmentRuleColumn,
    Common,
    RoutedColumn,
    SegmentColumn,
    SellerAttributeColumn,
    SellerAttributeValueColumn,
    SellerColumn,
    SettingColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.queries import Expand, Guid, Query, eq, in_chunks
from work_assignment.dataverse.schemas import read_schema, wire_name
from work_assignment.domain.assignment import define
from work_assignment.domain.attributes import Attributes
from work_assignment.domain.conditions import Columns, columns_read
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.facts import Rulebook
from work_assignment.domain.filters import Term, read_fetchxml, terms
from work_assignment.domain.rules import AssignmentRule
from work_assignment.domain.schemas import TableSchema
from work_assignment.domain.segments import Segment
from work_assignment.domain.sellers import Seller
from work_assignment.domain.working_times import read_time_zone

_DEFAULT_CAPACITY = 50
_ACTIVE = eq(Common.STATE, 0)
Usable = TypeVar("Usable")


class DefinitionStore:
    """Reads definitions. `schemas` are those of the record types, as of the last reading."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self.schemas: dict[str, TableSchema] = {}

    def rulebook(self) -> Rulebook:
        """Read everything that decides; what cannot be used is kept as a fault of its own."""
        setting = next(iter(self._rows(SETTING.entity_set)), {})
        zone, faults = _zone(setting)
        segment_rows = self._rows(SEGMENT.entity_set, active=True)
        rule_rows = self._rows(ASSIGNMENT_RULE.entity_set, active=True)
        types = {str(row.get(SegmentColumn.RECORD_TYPE)) for row in (*segment_rows, *rule_rows)}
        self.schemas = {name: schema for name in sorted(types) if (schema := self._schema(name))}
        users = read_schema(self._client, SYSTEM_USER.logical_name, with_labels=False)
        segments = _usable(
            lambda row: mapping.segment_from_row(row, self._kinds(row), zone), segment_rows, faults
        )
        rules = _usable(
            lambda row: mapping.rule_from_row(row, self._kinds(row), users.kinds, zone),
            rule_rows,
            faults,
        )
        sellers = self._sellers(setting, users, _user_columns(rule_rows), faults)
        routed = [segment for segment in segments if segment.record_type in self.schemas]
        followed = [rule for rule in rules if rule.record_type in self.schemas]
        faults += [entry.fault for entry in segments if entry.fault is not None]
        faults += [entry.fault for entry in rules if entry.fault is not None]
        return Rulebook(
            stamp=str(setting.get(SettingColumn.DEFINITIONS_VERSION) or ""),
            definitions=define(routed, followed, sellers),
            columns=_columns(self.schemas, routed, followed),
            faults=tuple(faults),
        )

    def _rows(self, entity_set: str, *, active: bool = False) -> list[Row]:
        return list(self._client.rows(Query(entity_set, filter=_ACTIVE if active else None)))

    def _schema(self, table: str) -> TableSchema | None:
        try:
            schema = read_schema(self._client, table, with_labels=False)
        except (NotFound, InvalidRequest):
            return None  # its segments and rules say so themselves
        return schema if RoutedColumn.ASSIGNMENT_RESULT in schema.columns else None

    def _kinds(self, row: Row) -> Columns | None:
        schema = self.schemas.get(str(row.get(SegmentColumn.RECORD_TYPE)))
        return schema.kinds if schema else None

    def _sellers(
        self,
        setting: Row,
        schema: TableSchema,
        columns: frozenset[str],
        faults: list[DefinitionError],
    ) -> list[Seller]:
        given = setting.get(SettingColumn.DEFAULT_CAPACITY)
        default = _DEFAULT_CAPACITY if given is None else given
        rows = self._rows(SELLER.entity_set, active=True)
        ids = [row.get(SellerColumn.SYSTEM_USER.value) for row in rows]
        users = self._users(schema, columns, [user_id for user_id in ids if user_id])
        attributes = self._attributes()

        def seller(row: Row) -> Seller:
            user_id = row.get(SellerColumn.SYSTEM_USER.value) or ""
            user, held = users.get(user_id, {}), attributes.get(user_id, {})
            return mapping.seller_from_row(row, user, schema, held, default)

        return _usable(seller, rows, faults)

    def _users(
        self, schema: TableSchema, columns: frozenset[str], ids: Sequence[str]
    ) -> dict[str, Row]:
        known = sorted(column for column in columns if column in schema.columns)
        select = (SystemUserColumn.FULL_NAME, *(wire_name(name, schema) for name in known))
        found: dict[str, Row] = {}
        for chunk in in_chunks(SYSTEM_USER.primary_id, list(map(Guid, ids))):
            query = Query(SYSTEM_USER.entity_set, tuple(dict.fromkeys(select)), chunk)
            found |= {row[SYSTEM_USER.primary_id]: row for row in self._client.rows(query)}
        return found

    def _attributes(self) -> dict[str, Attributes]:
        """Each user's values by attribute name."""
        attribute = SellerAttributeValueColumn.SELLER_ATTRIBUTE
        query = Query(
            SELLER_ATTRIBUTE_VALUE.entity_set,
            select=(SellerAttributeValueColumn.NAME,),
            expand=(
                Expand(attribute.navigation, select=(SellerAttributeColumn.NAME,)),
                Expand(SELLER_ATTRIBUTE_VALUE_SYSTEM_USER, select=(SYSTEM_USER.primary_id,)),
            ),
        )
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in self._client.rows(query):
            name = (row.get(attribute.navigation) or {}).get(SellerAttributeColumn.NAME)
            for user in row.get(SELLER_ATTRIBUTE_VALUE_SYSTEM_USER) or () if name else ():
                held = found[user[SYSTEM_USER.primary_id]]
                held[str(name)].append(row[SellerAttributeValueColumn.NAME])
        return {
            user: {name: tuple(sorted(values)) for name, values in held.items()}
            for user, held in found.items()
        }


def _usable(
    read: Callable[[Row], Usable], rows: Iterable[Row], faults: list[DefinitionError]
) -> list[Usable]:
    """What can be read of the rows; a row that cannot is a fault and must not stop the others."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except DefinitionError as exc:
            faults.append(exc)
    return found


def _zone(setting: Row) -> tuple[tzinfo, list[DefinitionError]]:
    name = setting.get(SettingColumn.EVALUATION_TIME_ZONE) or "UTC"
    try:
        return read_time_zone(name, "settings, evaluation_time_zone"), []
    except DefinitionError as exc:
        return read_time_zone("UTC", "settings"), [exc]


def _user_columns(rule_rows: Iterable[Row]) -> frozenset[str]:
    """The columns of users that seller filters read; a broken filter is its rule's own fault."""
    found: set[str] = set()
    for row in rule_rows:
        text = row.get(AssignmentRuleColumn.SELLER_FILTER)
        try:
            tree = read_fetchxml(text, "") if text else Term("", "")
        except DefinitionError:
            continue
        found.update(term.column for term in terms(tree) if term.column)
    return frozenset(found)


def _columns(
    schemas: Iterable[str], segments: Iterable[Segment], rules: Iterable[AssignmentRule]
) -> dict[str, frozenset[str]]:
    read: dict[str, set[str]] = {table: set() for table in schemas}
    for segment in segments:
        read[segment.record_type] |= columns_read(segment.filter)
    for rule in rules:
        read[rule.record_type] |= columns_read(rule.filter)
    return {table: frozenset(columns) for table, columns in read.items()}
