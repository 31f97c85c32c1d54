"""Names of people, teams, queues and roles looked up in Dataverse; each must mean exactly one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from work_assignment.domain.defining.definition_rows import UserRow
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.text import fold
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    placed_terms,
    tree_of,
)
from work_assignment.services.configuration.filter_texts import nested_text
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, PlacedName, Problems


def attribute_text(
    placed: PlacedFilter,
    subject: str,
    known: Mapping[str, Iterable[str]],
    record: TableSchema | None,
    problems: Problems,
) -> str:
    """A filter on seller attributes as it is stored, checked against those that sellers have."""
    for leaf in placed_terms(placed):
        try:
            compile_attributes(leaf.term, subject, known, record)
        except DefinitionError as exc:
            problems.add_error(leaf.place, exc)
    try:
        return nested_text(tree_of(placed), subject)
    except DefinitionError as exc:
        problems.add_error(placed.place, exc)
        return ""


@dataclass(frozen=True, slots=True)
class NameAsked:
    """A name that a definition gives, where, and how problems name the definition."""

    place: Place
    name: str
    subject: str


def find_users(
    asked: Iterable[NameAsked], store: ConfigurationStore, problems: Problems
) -> dict[str, UserRow]:
    """Each name's user: the one of that domain name, else the only one with that e-mail address.

    A disabled user is meant only where there is no other. Keys are names in lower case. Who is not found, or not found alone, is noted.
    """
    asked = list(asked)
    rows = store.users(sorted({one.name for one in asked})) if asked else ()
    by_domain_name, by_email = defaultdict(list), defaultdict(list)
    for row in rows:
        by_domain_name[(row.domain_name or "").casefold()].append(row)
        by_email[(row.email or "").casefold()].append(row)
    found: dict[str, UserRow] = {}
    unknown: list[NameAsked] = []
    for one in asked:
        name = one.name.casefold()
        matching = by_domain_name.get(name) or by_email.get(name, [])
        matching = [row for row in matching if not row.is_disabled] or matching
        if len(matching) == 1:
            found[name] = matching[0]
        elif matching:
            said = f"{len(matching)} users have '{one.name}': say the domain name of one"
            problems.add(one.place, f"{one.subject}: {said}", _nearest_user(one.name, found))
        else:
            unknown.append(one)
    known = {*found, *store.users_like([one.name for one in unknown])} if unknown else ()
    for one in unknown:
        said = f"there is no user with domain name or e-mail address '{one.name}'"
        problems.add(one.place, f"{one.subject}: {said}", _nearest_user(one.name, known))
    return found


def _nearest_user(name: str, known: Iterable[str]) -> str | None:
    """The known user whose own part is near; what stands behind the @ is alike for everybody."""
    own = name.partition("@")[0]
    near = {user for user in known if nearest(own, [user.partition("@")[0]])}
    return nearest(name, near)


def find_rows(
    table: str, asked: Iterable[NameAsked], store: ConfigurationStore, problems: Problems
) -> dict[str, str]:
    """Each name's only row of a table, such as a team or queue; keys are folded names."""
    asked = list(asked)
    ids = store.ids_by_name(table, sorted({one.name for one in asked})) if asked else {}
    found: dict[str, str] = {}
    for one in asked:
        matching = ids.get(one.name, ())
        if len(matching) == 1:
            found[fold(one.name)] = matching[0].lower()
        elif matching:
            said = f"there are {len(matching)} {table}s named '{one.name}'; give each its own name"
            problems.add(one.place, f"{one.subject}: {said}")
        else:
            said = f"there is no {table} named '{one.name}' that records can be given to"
            suggestion = nearest(one.name, store.names(table))
            problems.add(one.place, f"{one.subject}: {said}", suggestion)
    return found


def known_names(
    asked: Iterable[PlacedName],
    existing: Collection[str],
    subject: str,
    what: str,
    problems: Problems,
) -> list[str]:
    """The names as they are spelt where they exist, in order, each once."""
    by_fold = {fold(name): name for name in existing}
    found: set[str] = set()
    for one in asked:
        name = by_fold.get(fold(one.name))
        if name is not None:
            found.add(name)
        elif one.name:
            problems.add(
                one.place,
                f"{subject}: there is no {what} '{one.name}'",
                nearest(one.name, existing),
            )
    return sorted(found)
