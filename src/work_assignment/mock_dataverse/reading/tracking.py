"""Answers with change tracking: all rows and a delta link, then what changed since a token.

The rows come in the order of their versions, then what was deleted (Learn: Use change tracking to
synchronize data with external systems). One counter serves all versions and transactions commit
one after the other, so that whoever knows all versions up to a number has missed none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..conditions.comparisons import Fragment, quoted, select
from ..faults import bad_request
from ..storage.versions import current_version
from ..tables.metadata import Table
from .expand import query_text
from .limits import COUNT_LIMIT
from .options import Options, OrderTerm, parse_options
from .paging import encoded, is_tracking_token
from .preferences import LARGEST_PAGE
from .query import Reader, RowQuery
from .render import VERSION, JsonObject
from .select import context_columns, selected_columns
from .tracking_tokens import DeltaToken, Place, read_delta_token, read_place, write_place

_DELTA = "$deltatoken"
_OPTIONS = frozenset({"$select", "$count", "$skiptoken"})


def is_tracking(reader: Reader, query: Mapping[str, str]) -> bool:
    """Tell whether a request is about changes: by preference, by token, or as a further page."""
    token = query.get("$skiptoken")
    return (
        reader.prefer.track_changes
        or _DELTA in query
        or (token is not None and is_tracking_token(token))
    )


def read_changes(reader: Reader, table: Table, query: Mapping[str, str], root: str) -> JsonObject:
    """Answer one page: of all rows, or with a token of the changes since then."""
    rest = _checked(table, query)
    options = parse_options(rest, _OPTIONS)
    since = read_delta_token(reader, query[_DELTA]).version if _DELTA in query else None
    place = None if options.skiptoken is None else read_place(options.skiptoken)
    until = current_version(reader.db) if place is None else place.until
    changes = _Changes(reader, table, options, since, until)
    page = changes.page(place)
    selection = context_columns(reader.catalog, table, options)
    delta = "" if since is None else "/$delta"
    body: JsonObject = {
        "@odata.context": f"{root}$metadata#{table.entity_set_name}{selection}{delta}"
    }
    if options.count:
        body["@odata.count"] = min(changes.count(), COUNT_LIMIT)
    address = f"{root}{table.entity_set_name}?"
    if page.following is not None:
        token = {"$skiptoken": write_place(page.following)}
        body["@odata.nextLink"] = address + query_text([*({**query} | token).items()])
    else:
        given = [(name, rest[name]) for name in rest if name != "$skiptoken"]
        token_text = encoded(str(DeltaToken(until, reader.now)))
        link = "&".join(filter(None, (query_text(given), f"{_DELTA}={token_text}")))
        body["@odata.deltaLink"] = address + link
    return {**body, "value": page.shown}


def count_changes(reader: Reader, table: Table, query: Mapping[str, str]) -> int:
    """Answer `{set}/$count?$deltatoken=...`: how many rows were changed or deleted."""
    parse_options(_checked(table, query), ())
    since = read_delta_token(reader, query[_DELTA]).version
    return _Changes(reader, table, Options(), since, current_version(reader.db)).count()


def _checked(table: Table, query: Mapping[str, str]) -> dict[str, str]:
    """Return the options without the token; those that tracking does not have are refused."""
    if not table.tracks_changes:
        raise bad_request(f"Change tracking is not enabled for the entity '{table.logical_name}'.")
    rest = {name: value for name, value in query.items() if name != _DELTA}
    for name in rest:
        if name not in _OPTIONS:
            raise bad_request(
                f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
            )
    return rest


@dataclass(frozen=True, slots=True)
class _Page:
    shown: list[JsonObject]
    following: Place | None


class _Changes:
    """The changes of one table after a version (None: all rows) and up to another."""

    def __init__(
        self, reader: Reader, table: Table, options: Options, since: int | None, until: int
    ) -> None:
        self._reader = reader
        self._table = table
        self._since = since
        self._until = until
        columns = selected_columns(reader.catalog, table, options.select)
        ordered = Options(orderby=(OrderTerm((VERSION,)),))
        self._query = RowQuery(reader, table, columns, ordered, (table.primary_id,))
        version = self._query.source.base.sql(VERSION)
        self._query.restrict(Fragment(f"{version} > ? AND {version} <= ?", (since or 0, until)))

    def page(self, place: Place | None) -> _Page:
        """Read changed rows from a place on, then the deleted ones, up to the size of a page."""
        size = self._reader.prefer.max_page_size or LARGEST_PAGE
        number = 1 if place is None else place.page
        shown: list[JsonObject] = []
        if place is None or not place.is_deleted:
            start = None if place is None else self._position(place)
            rows = self._query.rows(limit=size + 1, start=start)
            shown = self._query.render(rows[:size])
            if len(rows) > size:
                last = self._query.position(rows[size - 1])
                version, row_id = int(last[VERSION] or 0), str(last[self._table.primary_id])
                return _Page(shown, Place(number + 1, self._until, version, row_id))
        if self._since is None:
            return _Page(shown, None)
        after = place.version if place is not None and place.is_deleted else self._since
        room = size - len(shown)
        deleted = self._deleted(after, room + 1)
        shown += [self._tombstone(row_id) for row_id, _ in deleted[:room]]
        if len(deleted) <= room:
            return _Page(shown, None)
        reached = deleted[room - 1][1] if room else after
        return _Page(shown, Place(number + 1, self._until, reached, None))

    def count(self) -> int:
        """Count changed and deleted rows."""
        unlimited = -1
        changed = self._query.count(unlimited)
        if self._since is None:
            return changed
        return changed + len(self._deleted(self._since, unlimited))

    def _position(self, place: Place) -> dict[str, str | int | None]:
        return {VERSION: place.version, self._table.primary_id: place.row_id}

    def _deleted(self, after: int, limit: int) -> list[tuple[str, int]]:
        """List deleted rows by version; a row that was created anew is among the changed ones."""
        table, key = quoted(self._table.logical_name), quoted(self._table.primary_id)
        still_there = select("1", table, f'{key} = gone."id"')
        statement = select(
            '"id", "version"',
            '"__deleted" AS gone',
            f'"table" = ? AND "version" > ? AND "version" <= ? AND NOT EXISTS ({still_there})',
            'ORDER BY "version" LIMIT ?',
        )
        params = (self._table.logical_name, after, self._until, limit)
        return [(row[0], row[1]) for row in self._reader.db.execute(statement, params)]

    def _tombstone(self, row_id: str) -> JsonObject:
        return {
            "@odata.context": (
                f"{self._reader.root}$metadata#{self._table.entity_set_name}/$deletedEntity"
            ),
            "id": row_id,
            "reason": "deleted",
        }
