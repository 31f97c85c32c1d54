"""$expand: related rows embedded in a page, read with one query for each navigation property."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from ..conditions.comparisons import Fragment, among
from ..faults import bad_request, not_emulated, unknown_property
from ..tables.metadata import Catalog, Column, ColumnType, ManyToMany, OneToMany, Table
from .options import Expand, Options
from .paging import inner_cookie, outer_cookie
from .preferences import LARGEST_PAGE
from .query import RowQuery
from .render import JsonObject, Values
from .select import selected_columns, with_column
from .source import PartnerSide, partner_side

_PRINCIPALS = frozenset({"systemuser", "team"})
_SAFE_IN_QUERY = "$'(),/:;=@*!-._~"


def needed_columns(catalog: Catalog, table: Table, options: Options) -> Iterator[str]:
    """The stored columns that expanding takes, whether they are shown or not."""
    yield table.primary_id
    for item in options.expand:
        column = _lookup_behind(catalog, table, item.navigation)
        if column is not None:
            yield column.logical_name
            if column.is_polymorphic:
                yield f"{column.logical_name}__type"


def add_expanded(
    query: RowQuery,
    options: Options,
    rows: Sequence[Values],
    shown: Sequence[JsonObject],
    *,
    is_nested: bool = False,
) -> None:
    """Put what $expand asks for into the rendered rows of a query. One $expand inside another
    changes how all of them are answered (Learn: Join tables using OData)."""
    is_nested = is_nested or any(item.options.expand for item in options.expand)
    _check_nesting(query.reader.catalog, query.table, options, is_nested)
    for item in options.expand:
        _Expansion(query, item, rows, shown, is_nested).add()


def query_text(given: Sequence[tuple[str, str]]) -> str:
    """Write query options as a URL carries them."""
    return "&".join(f"{quote(n, safe='$@')}={quote(v, safe=_SAFE_IN_QUERY)}" for n, v in given)


class _Expansion:
    """One navigation property, for all rows of a page at once."""

    def __init__(
        self,
        parents: RowQuery,
        item: Expand,
        rows: Sequence[Values],
        shown: Sequence[JsonObject],
        is_nested: bool,
    ) -> None:
        self.reader = parents.reader
        self.catalog = parents.reader.catalog
        self.table = parents.table
        self.positions = parents.renderer.positions
        self.item = item
        self.rows = rows
        self.shown = shown
        self.is_nested = is_nested

    def add(self) -> None:
        name, navigation = self.table.logical_name, self.item.navigation
        owner = self.table.columns.get(navigation)
        if owner is not None and owner.type is ColumnType.OWNER:
            self._add_owner(owner)
            return
        single = self.catalog.single_valued(name, navigation)
        if single is not None:
            self._add_single(single)
            return
        children = self.catalog.collection_valued(name, navigation)
        many = self.catalog.many_valued(name, navigation)
        if self.item.is_reference and (children is not None or many is not None):
            self._refuse_reference()
        elif children is not None:
            self._add_children(children)
        elif many is not None:
            self._add_partners(many, partner_side(many, name, navigation))
        else:
            raise unknown_property(navigation, name)

    # single-valued

    def _add_owner(self, owner: Column) -> None:
        """Embed the owner, of which as a principal only its id can be shown."""
        for name in self.item.options.select or ():
            if name != "ownerid":
                raise unknown_property(name, "principal")
        if self.item.options.orderby or self.item.options.top is not None:
            raise _too_many_options()
        for nested in self.item.options.expand:
            raise unknown_property(nested.navigation, "principal")
        if self.item.options.filter is not None:
            raise not_emulated("$filter in $expand=ownerid")
        kind = self.positions[f"{owner.logical_name}__type"]
        for row, shown in zip(self.rows, self.shown, strict=True):
            owner_id = row[self.positions[owner.logical_name]]
            shown[self.item.navigation] = owner_id and self._principal(row[kind], owner_id)

    def _principal(self, table: str, owner_id: str) -> JsonObject:
        if self.item.is_reference:
            return {"@odata.id": self.reader.link(self.catalog.tables[table], owner_id)}
        key = self.catalog.tables[table].primary_id
        return {
            "@odata.type": f"#Microsoft.Dynamics.CRM.{table}",
            key: owner_id,
            "ownerid": owner_id,
        }

    def _add_single(self, relation: OneToMany) -> None:
        options = self.item.options
        if options.orderby or options.top is not None:
            raise _too_many_options()
        target = self.catalog.tables[relation.referenced_table]
        keys = [self._key(relation, row) for row in self.rows]
        if self.item.is_reference:
            self._add_references(relation, target, keys)
            return
        found = self._targets(target, {*keys} - {None})
        for key, shown in zip(keys, self.shown, strict=True):
            shown[self.item.navigation] = None if key is None else found.get(key)

    def _add_references(
        self, relation: OneToMany, target: Table, keys: Sequence[str | None]
    ) -> None:
        """Embed addresses; the lookup itself is shown too, if it points at that table."""
        lookup = self.table.columns[relation.referencing_column].wire_name
        for key, shown in zip(keys, self.shown, strict=True):
            shown.setdefault(lookup, key)
            shown[self.item.navigation] = key and {"@odata.id": self.reader.link(target, key)}

    def _key(self, relation: OneToMany, row: Values) -> str | None:
        """The id that a lookup holds, if it points at the table of this relationship."""
        column = self.table.columns[relation.referencing_column]
        if column.is_polymorphic:
            kind = row[self.positions[f"{column.logical_name}__type"]]
            if kind != relation.referenced_table:
                return None
        value: str | None = row[self.positions[column.logical_name]]
        return value

    def _targets(self, target: Table, ids: set[str | None]) -> dict[str, JsonObject]:
        columns = selected_columns(self.catalog, target, self.item.options.select)
        query = self._query(target, columns)
        key = query.source.base.sql(target.primary_id)
        query.restrict(among(key, sorted(filter(None, ids))))
        rows = query.rows()
        position = query.renderer.positions[target.primary_id]
        shown = self._rendered(query, rows)
        return {row[position]: embedded for row, embedded in zip(rows, shown, strict=True)}

    # collections

    def _refuse_reference(self) -> None:
        raise bad_request("Expand with $ref is only supported on lookup type navigation property.")

    def _add_children(self, relation: OneToMany) -> None:
        target = self.catalog.tables[relation.referencing_table]
        columns = selected_columns(self.catalog, target, self.item.options.select)
        if not self.is_nested:
            columns = with_column(columns, target, relation.referencing_column)
        query = self._query(target, columns)
        query.beside = query.source.base.sql(relation.referencing_column)
        if target.columns[relation.referencing_column].is_polymorphic:
            kind = query.source.base.sql(f"{relation.referencing_column}__type")
            query.restrict(Fragment(f"{kind} = ?", (self.table.logical_name,)))
        self._add_collections(query)

    def _add_partners(self, relation: ManyToMany, side: PartnerSide) -> None:
        target = self.catalog.tables[side.table]
        columns = selected_columns(self.catalog, target, self.item.options.select)
        query = self._query(target, columns)
        query.beside = query.source.across(relation, side)
        self._add_collections(query)

    def _add_collections(self, query: RowQuery) -> None:
        """Read the related rows of all parents and hand each parent its own."""
        key = self.positions[self.table.primary_id]
        query.restrict(among(query.beside or "", [row[key] for row in self.rows]))
        found: dict[str, list[Values]] = {}
        for row in query.rows():
            found.setdefault(query.beside_value(row), []).append(row)
        pages = [self._page(found.get(row[key], [])) for row in self.rows]
        shown_rows = self._rendered(
            query, [row for rows, _ in pages for row in rows], with_versions=not self.is_nested
        )
        embedded = iter(shown_rows)
        for parent, shown, (rows, has_more) in zip(self.rows, self.shown, pages, strict=True):
            shown[self.item.navigation] = [next(embedded) for _ in rows]
            link = self._next_link(query, parent[key], rows, has_more)
            if link:
                shown[f"{self.item.navigation}@odata.nextLink"] = link

    def _page(self, rows: list[Values]) -> tuple[list[Values], bool]:
        """Cut the related rows of one parent: by $top, or by page size where expands are nested."""
        limit = self.reader.prefer.max_page_size if self.is_nested else self.item.options.top
        limit = LARGEST_PAGE if limit is None else min(limit, LARGEST_PAGE)
        return rows[:limit], self.is_nested and len(rows) > limit

    def _next_link(
        self, query: RowQuery, parent_id: str, rows: Sequence[Values], has_more: bool
    ) -> str | None:
        """Write the address of the collection. Dataverse prints it after every first-level
        collection, although that is complete (Learn: Join tables using OData)."""
        if self.is_nested and not has_more:
            return None
        given = list(self.item.given)
        if has_more:
            first, last = query.position(rows[0]), query.position(rows[-1])
            given.append(("$skiptoken", outer_cookie(2, inner_cookie(1, query.sort, first, last))))
        address = f"{self.reader.link(self.table, parent_id)}/{self.item.navigation}"
        return f"{address}?{query_text(given)}" if given else address

    # shared

    def _query(self, target: Table, columns: Sequence[Column]) -> RowQuery:
        options = self.item.options
        needed = needed_columns(self.catalog, target, options)
        return RowQuery(self.reader, target, columns, options, needed)

    def _rendered(
        self, query: RowQuery, rows: Sequence[Values], *, with_versions: bool = False
    ) -> list[JsonObject]:
        """Render related rows; only those of a collection bear their versions."""
        shown = query.render(rows)
        add_expanded(query, self.item.options, rows, shown, is_nested=True)
        key = query.table.primary_id
        for embedded in shown:
            if not with_versions:
                del embedded["@odata.etag"]
            if query.table.logical_name in _PRINCIPALS:
                embedded["ownerid"] = embedded[key]
        return shown


def _lookup_behind(catalog: Catalog, table: Table, navigation: str) -> Column | None:
    relation = catalog.single_valued(table.logical_name, navigation)
    return None if relation is None else table.columns[relation.referencing_column]


def _check_nesting(catalog: Catalog, table: Table, options: Options, is_nested: bool) -> None:
    """Refuse what Dataverse refuses of nested expands, whether or not there are rows."""
    for item in options.expand:
        is_many = catalog.many_valued(table.logical_name, item.navigation) is not None
        if is_many and is_nested:
            raise bad_request(
                f"The many-to-many navigation property '{item.navigation}' "
                "cannot be combined with nested $expand options."
            )
        if is_nested and (item.options.orderby or item.options.top is not None):
            raise _too_many_options()


def _too_many_options() -> Exception:
    return bad_request(
        "Only $select and $filter clause can be provided while doing $expand on many-to-one "
        "relationship or nested one-to-many relationship."
    )
