"""Events read by plain code, for there may be many; what cannot happen is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.errors import nearest
from work_assignment.domain.filtering.rows import id_column
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, Value
from work_assignment.domain.text import fold
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.cases.events import (
    AssignedByHand,
    Changed,
    Closed,
    Event,
    LookedAtAgain,
    New,
    RowChanged,
    Sweep,
    TimePasses,
)
from work_assignment.services.cases.json_items import below
from work_assignment.services.cases.live_rows import LiveRows
from work_assignment.services.cases.owners import OWNER, AmbiguousName, Owners, owner_columns
from work_assignment.services.cases.people import People
from work_assignment.services.cases.values import labels_of, said

_KINDS = ("new", "changed", "assigned_by_hand", "closed", "sweep", "resegment", "force", "at")
_NEW_KEYS = ("type", "id", "columns", "created_at", "owner", "score")
_CHANGED_KEYS = ("id", "type", "columns")
_BY_HAND_KEYS = ("id", "type", "owner")
_ID_KEYS = ("id", "type")
_SWEEP_KEYS = ("segment", "record_type", "type")
_CREATED = "createdon"
STANDARD_TYPES = ("lead", "opportunity")
"""The types that are routed where settings name none."""


@dataclass(frozen=True)
class Setting:
    """What events may name: people, related rows, segments, and the record types that are routed.

    `default_type` is that of records that name none, `types` None are any; `known_types` are those
    that definitions and settings name.
    """

    people: People
    rows: LiveRows
    segments: Collection[str]
    types: Collection[str] | None
    default_type: str
    known_types: Collection[str]

    def related_tables(self, row_id: str) -> list[str]:
        """The tables with a related row of an id; people do not change."""
        is_person = any(row_id in self.people.names(target) for target in Target)
        return [] if is_person else self.rows.tables_with(row_id)

    def near_miss(self, record_type: str) -> str | None:
        """The known type that is meant by a word which is none: `leads`, `Lead`, `sales order`."""
        if record_type in self.known_types:
            return None
        written = _letters(record_type)
        for known in sorted(self.known_types):
            word = _letters(known)
            plurals = {word + "s", word + "es", f"{word.removesuffix('y')}ies"}
            if written == word or written in plurals:
                return known
        return None


def _letters(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())


@dataclass(slots=True)
class _Seen:
    """A record that earlier events have named."""

    type: str
    is_open: bool = True


@dataclass
class EventReader:
    """Reads events one after the other; it remembers what there is by then."""

    setting: Setting
    notes: Notes
    at: datetime
    _records: dict[str, _Seen] = field(default_factory=dict)
    _owners: dict[str, Owner] = field(default_factory=dict)

    def read(self, raw: object, path: str) -> tuple[Event, ...]:
        """Read `events`."""
        found = []
        for number, entry in enumerate(self.notes.listed(raw, path)):
            event = self._event(entry, f"{path}[{number}]")
            if event is not None:
                found.append(event)
        return tuple(found)

    def _event(self, raw: object, path: str) -> Event | None:
        if not isinstance(raw, dict) or len(raw) != 1:
            self.notes.add(path, f"an event has one key of {', '.join(_KINDS)}")
            return None
        ((kind, body),) = raw.items()
        read = _READERS.get(kind)
        if read is None:
            self.notes.add(path, f"there is no event '{kind}'", nearest(kind, _KINDS))
            return None
        return read(self, body, below(path, kind))

    def _body(self, raw: object, path: str, known: tuple[str, ...]) -> Mapping[str, object] | None:
        """What an event says; None, and a note, when it is no mapping."""
        if not isinstance(raw, dict):
            self.notes.add(path, f"it is a mapping, not {said(raw)}")
            return None
        self.notes.check_keys(raw, known, path)
        return raw

    # records

    def _new(self, raw: object, path: str) -> New | None:
        body = self._body(raw, path, _NEW_KEYS)
        if body is None:
            return None
        own_id = self.notes.id_of(body, path)
        record_type = self._type(body, path, self.setting.default_type)
        self._check_routed(record_type, path)
        if own_id and (own_id in self._records or self.setting.rows.tables_with(own_id)):
            self.notes.add(below(path, "id"), f"'{own_id}' is there already")
        schema = self.notes.schema(record_type, below(path, "type"))
        columns = self.notes.columns(body.get("columns"), schema, below(path, "columns"))
        created_at = self._created_at(body, columns, path)
        owner = self._owner(body, path) if body.get("owner") is not None else None
        self._check_given(columns, record_type, own_id, owner, path)
        self._records[own_id] = _Seen(record_type)
        whole = {
            **owner_columns(owner),
            "createdby": owner.id if owner and owner.type == Target.SELLERS.table else None,
            **columns,
            _CREATED: created_at,
            id_column(record_type): own_id,
        }
        labels = labels_of(whole, schema)
        score = self._score(body.get("score"), below(path, "score"))
        return New(record_type, own_id, whole, created_at, owner, score, labels)

    def _created_at(
        self, body: Mapping[str, object], columns: Mapping[str, Value], path: str
    ) -> datetime:
        """When a record was created: the event says it, or its column, or it is now."""
        said_in = columns.get(_CREATED)
        place = below(below(path, "columns"), _CREATED)
        by_column = self._moment(said_in, place)
        if body.get("created_at") is None:
            return by_column or self.at
        found = self._moment(body["created_at"], below(path, "created_at"))
        if found and by_column and found != by_column:
            self.notes.add(place, f"'{_CREATED}' is said by 'created_at', and otherwise")
        return found or self.at

    def _moment(self, raw: object, path: str) -> datetime | None:
        if raw is None or isinstance(raw, datetime):
            return raw
        return self.notes.time(raw, path)

    def _type(self, body: Mapping[str, object], path: str, default: str) -> str:
        record_type = body.get("type")
        if record_type is None:
            return default
        if isinstance(record_type, str) and record_type:
            return record_type
        self.notes.add(below(path, "type"), f"'type' is a text, not {said(record_type)}")
        return default

    def _check_routed(self, record_type: str, path: str) -> None:
        types = self.setting.types
        if types is None and self.notes.tables is None:
            self._check_spelt(record_type, path)
        if types is not None and record_type not in types:
            self.notes.add(
                below(path, "type"),
                f"settings have no {record_type} in their record_types",
                nearest(record_type, types),
            )

    def _check_spelt(self, record_type: str, path: str) -> None:
        meant = self.setting.near_miss(record_type)
        if meant is not None:
            said_of = f"there is no record type '{record_type}'"
            self.notes.add(below(path, "type"), said_of, meant)

    def _owner(self, body: Mapping[str, object], path: str) -> Owner:
        owner_id = self.notes.id_of(body, path, "owner")
        if owner_id not in self._owners:
            self._owners[owner_id] = self._found_owner(owner_id, below(path, "owner"))
        return self._owners[owner_id]

    def _found_owner(self, named: str, path: str) -> Owner:
        try:
            return Owners(self.setting.people, self.setting.rows).find(named)
        except AmbiguousName as exc:
            self.notes.add(path, str(exc), exc.ids[0])
            return Owner(Target.SELLERS.table, named)

    def _check_agrees(self, body: Mapping[str, object], own_id: str, known: str, path: str) -> None:
        """Refuse a type that is not that of what is known by the id."""
        record_type = self._type(body, path, known)
        if record_type != known:
            said_of = f"'{own_id}' is of type {known}, not {record_type}"
            self.notes.add(below(path, "type"), said_of, known)

    def _check_given(
        self,
        columns: Mapping[str, Value],
        record_type: str,
        own_id: str,
        owner: Owner | None,
        path: str,
    ) -> None:
        """Refuse columns that say other than the event does."""
        for name, stated, key in (
            (id_column(record_type), own_id, "id"),
            (OWNER, owner.id if owner else None, "owner"),
        ):
            if columns.get(name, stated) != stated:
                place = below(below(path, "columns"), name)
                self.notes.add(place, f"'{name}' is said by '{key}', and otherwise")

    def _score(self, raw: object, path: str) -> Decimal | int | None:
        if raw is None or (isinstance(raw, int | Decimal) and not isinstance(raw, bool)):
            return raw
        self.notes.add(path, f"a score is a number, not {said(raw)}")
        return None

    def _changed(self, raw: object, path: str) -> Changed | RowChanged | None:
        body = self._body(raw, path, _CHANGED_KEYS)
        if body is None:
            return None
        own_id = self.notes.id_of(body, path)
        if not own_id:
            return None
        seen = self._records.get(own_id)
        if seen is None:
            return self._row_changed(own_id, body, path)
        self._check_agrees(body, own_id, seen.type, path)
        schema, columns = self._new_columns(body, seen.type, path)
        for name in (id_column(seen.type), OWNER):
            if name in columns:
                place = below(below(path, "columns"), name)
                hint = "; say assigned_by_hand" if name == OWNER else ""
                self.notes.add(place, f"'{name}' is not changed so{hint}")
        return Changed(own_id, columns, labels_of(columns, schema))

    def _new_columns(
        self, body: Mapping[str, object], table: str, path: str
    ) -> tuple[TableSchema | None, dict[str, Value]]:
        place = below(path, "columns")
        if body.get("columns") is None:
            self.notes.add(path, "'columns' is missing")
        schema = self.notes.schema(table, place)
        return schema, self.notes.columns(body.get("columns"), schema, place)

    def _row_changed(self, own_id: str, body: Mapping[str, object], path: str) -> RowChanged | None:
        tables = self.setting.related_tables(own_id)
        if len(tables) > 1 and body.get("type") in tables:
            tables = [self._type(body, path, tables[0])]
        if len(tables) == 1:
            self._check_agrees(body, own_id, tables[0], path)
            _, columns = self._new_columns(body, tables[0], path)
            return RowChanged(tables[0], own_id, columns)
        if tables:
            said_of = f"'{own_id}' is the id of rows of {' and '.join(tables)}"
        else:
            said_of = f"there is no record or related row '{own_id}' yet"
        self.notes.add(below(path, "id"), said_of, self._nearest(own_id))
        return None

    def _nearest(self, own_id: str) -> str | None:
        return nearest(own_id, self._records)

    def _assigned_by_hand(self, raw: object, path: str) -> AssignedByHand | None:
        body = self._body(raw, path, _BY_HAND_KEYS)
        if body is None:
            return None
        own_id, owner = self.notes.id_of(body, path), self._owner(body, path)
        seen = self._records.get(own_id)
        record_type = self._type(body, path, seen.type if seen else self.setting.default_type)
        if seen is None:
            self._check_spelt(record_type, path)
            self._records[own_id] = _Seen(record_type)
        else:
            self._check_agrees(body, own_id, seen.type, path)
        return AssignedByHand(record_type, own_id, owner)

    def _closed(self, raw: object, path: str) -> Closed | None:
        body = self._body(raw, path, _ID_KEYS)
        if body is None:
            return None
        own_id = self.notes.id_of(body, path)
        seen = self._records.get(own_id)
        if own_id and (seen is None or not seen.is_open):
            said_of = "is closed already" if seen else "is no record yet"
            place = below(path, "id")
            self.notes.add(place, f"'{own_id}' {said_of}", None if seen else self._nearest(own_id))
        if seen is not None:
            self._check_agrees(body, own_id, seen.type, path)
            seen.is_open = False
        return Closed(own_id)

    def _resegment(self, raw: object, path: str) -> LookedAtAgain | None:
        return self._looked_at_again(raw, path, is_forced=False)

    def _force(self, raw: object, path: str) -> LookedAtAgain | None:
        return self._looked_at_again(raw, path, is_forced=True)

    def _looked_at_again(self, raw: object, path: str, *, is_forced: bool) -> LookedAtAgain | None:
        body = self._body(raw, path, _ID_KEYS)
        if body is None:
            return None
        own_id = self.notes.id_of(body, path)
        seen = self._records.get(own_id)
        if own_id and seen is None:
            place = below(path, "id")
            self.notes.add(place, f"'{own_id}' is no record yet", self._nearest(own_id))
        if seen is not None:
            self._check_agrees(body, own_id, seen.type, path)
        return LookedAtAgain(own_id, is_forced)

    # the rest

    def _sweep(self, raw: object, path: str) -> Sweep | None:
        body = self._body({} if raw is None else raw, path, _SWEEP_KEYS)
        if body is None:
            return None
        name, record_type = body.get("segment"), self._swept_type(body, path)
        if name is None:
            return Sweep(None, record_type)
        known = {fold(segment): segment for segment in (*self.setting.segments, DEFAULT_SEGMENT)}
        if not isinstance(name, str) or fold(name) not in known:
            place = below(path, "segment")
            suggestion = nearest(name, known.values()) if isinstance(name, str) else None
            self.notes.add(place, f"there is no segment {said(name)}", suggestion)
            return Sweep(None)
        return Sweep(fold(name), record_type)

    def _swept_type(self, body: Mapping[str, object], path: str) -> str | None:
        """The type that is swept, under either key."""
        keys = [key for key in ("record_type", "type") if body.get(key) is not None]
        given = [body[key] for key in keys]
        if len(given) > 1 and given[0] != given[1]:
            self.notes.add(below(path, "type"), "'type' is said by 'record_type', and otherwise")
        for key in keys[:1]:
            record_type, place = body[key], below(path, key)
            if not isinstance(record_type, str):
                self.notes.add(place, f"'{key}' is a text, not {said(record_type)}")
                return None
            known = {*self.setting.known_types, *(seen.type for seen in self._records.values())}
            if record_type not in known:
                said_of = f"there is no record type '{record_type}'"
                self.notes.add(place, said_of, nearest(record_type, known))
            return record_type
        return None

    def _time_passes(self, raw: object, path: str) -> TimePasses | None:
        at = self.notes.time(raw, path)
        if at is None:
            return None
        if at < self.at:
            self.notes.add(path, f"it is {_written(self.at)} already; time does not go back")
        self.at = max(self.at, at)
        return TimePasses(at)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_READERS: dict[str, Callable[[EventReader, object, str], Event | None]] = {
    "new": EventReader._new,
    "changed": EventReader._changed,
    "assigned_by_hand": EventReader._assigned_by_hand,
    "closed": EventReader._closed,
    "sweep": EventReader._sweep,
    "resegment": EventReader._resegment,
    "force": EventReader._force,
    "at": EventReader._time_passes,
}
