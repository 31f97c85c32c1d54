"""A folder's forms compared with Dataverse: `plan` resolves names and says what would change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from uuid import uuid4

from work_assignment.domain.definition_rows import (
    Kind,
    RuleRow,
    SegmentRow,
    SellerRow,
    SettingsRow,
    Stored,
    StoredDefinitions,
    UserRow,
)
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.text import fold
from work_assignment.domain.working_times import read_time_zone
from work_assignment.services.configuration.filter_forms import PlacedFilter, json_text
from work_assignment.services.configuration.folder import Forms
from work_assignment.services.configuration.holdings import Holdings, held_in_dataverse
from work_assignment.services.configuration.planning import Plan, PlanBuilder, Removal
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.resolution import (
    FilterAsked,
    FilterResolver,
    UserAsked,
    attribute_text,
    find_users,
)
from work_assignment.services.configuration.rule_forms import RuleForm, link_rules
from work_assignment.services.configuration.segment_forms import (
    ACTIVE,
    INACTIVE,
    SegmentForm,
)
from work_assignment.services.configuration.seller_forms import SellerForm

_USERS = "systemuser"


def plan(
    forms: Forms, store: ConfigurationStore, *, new_id: Callable[[], str] = lambda: str(uuid4())
) -> Plan:
    """Compare a folder with Dataverse. Nothing is written.

    Raises ConfigurationErrors naming every column, choice, row and user that is not there.
    """
    problems = Problems()
    stored = store.stored()
    forms = _linked(forms, stored, problems)
    comparison = _Comparison(forms, stored, store, problems, new_id)
    problems.raise_any()
    return comparison.plan()


def _linked(forms: Forms, stored: StoredDefinitions, problems: Problems) -> Forms:
    """Rules of a folder without segments are for the segments that Dataverse has."""
    if forms.rules is None or forms.segments is not None:
        return forms
    segments = [(one.row.name, one.row.record_type) for one in stored.segments]
    return replace(forms, rules=link_rules(forms.rules, segments, problems))


class _Comparison:
    """Resolves everything at the start, noting problems; then nothing can go wrong."""

    def __init__(
        self,
        forms: Forms,
        stored: StoredDefinitions,
        store: ConfigurationStore,
        problems: Problems,
        new_id: Callable[[], str],
    ) -> None:
        self._forms = forms
        self._stored = stored
        self._builder = PlanBuilder(new_id)
        self._users = find_users(_users_asked(forms), store, problems)
        self._sellers = _seller_users(forms.sellers or (), self._users, problems)
        self._holdings = (
            held_in_dataverse(stored)
            if forms.sellers is None
            else Holdings.of(forms.sellers, self._users)
        )
        resolver = FilterResolver(_filters_asked(forms), store, _zone(forms, stored), problems)
        self._texts = {asked: resolver.fetchxml(asked) for asked in _filters_asked(forms)}
        self._attribute_texts = {
            form: attribute_text(
                form.attributes,
                f"{form.subject}, attributes",
                self._holdings.known,
                problems,
            )
            for form in forms.rules or ()
            if form.attributes is not None
        }

    def plan(self) -> Plan:
        for user in self._users.values():
            self._builder.know(user.id, user.name)
        if self._forms.sellers is not None:
            self._compare_holdings()
        segment_ids = self._compare_segments()
        if self._forms.rules is not None:
            self._compare_rules(self._forms.rules, segment_ids)
        if self._forms.sellers is not None:
            self._compare_sellers()
        return self._with_settings()

    def _compare_segments(self) -> dict[tuple[str, str], str]:
        """The ids of all segments that rules can be for, by record type and folded name."""
        existing = {_key(one.row): one for one in self._stored.segments}
        ids = {key: one.id for key, one in existing.items()}
        for one in self._stored.segments:
            self._builder.know(one.id, _name(one.row))
        if self._forms.segments is None:
            return ids
        kept = set()
        for form in self._forms.segments:
            row = SegmentRow(
                name=form.name,
                record_type=form.record_type,
                priority=form.priority,
                state=form.state,
                filter=self._text(form.record_type, form.filter, form.subject),
                allow_move_in=form.allow_move_in,
                reassign_on_move=form.allow_move_in,
            )
            key = _key(row)
            kept.add(key)
            ids[key] = self._builder.put(row, existing.get(key), _name(row), guarded=True)
        self._deactivate(Kind.SEGMENT, existing, kept)
        return ids

    def _compare_rules(
        self, forms: tuple[RuleForm, ...], segment_ids: Mapping[tuple[str, str], str]
    ) -> None:
        existing = {_key(one.row): one for one in self._stored.rules}
        kept = set()
        for form in forms:
            row = self._rule_row(form, segment_ids)
            key = _key(row)
            kept.add(key)
            self._builder.put(row, existing.get(key), _name(row), guarded=True)
        self._deactivate(Kind.RULE, existing, kept)

    def _rule_row(self, form: RuleForm, segment_ids: Mapping[tuple[str, str], str]) -> RuleRow:
        record_type = form.record_type or ""
        listed = {self._users[placed.name.casefold()].id for placed in form.list}
        return RuleRow(
            name=form.name,
            record_type=record_type,
            segment_id=segment_ids[record_type, fold(form.segment)] if form.segment else None,
            order=form.order,
            state=form.state,
            filter=self._text(record_type, form.filter, form.subject),
            created_within_hours=form.created_within_hours,
            assign_to="sellers",
            match=form.match,
            list=json_text(sorted(listed)) if listed else None,
            seller_filter=self._text(_USERS, form.seller_filter, f"{form.subject}, seller_filter"),
            attributes=self._attribute_texts.get(form),
            distribution=form.distribution,
            capacity=form.capacity,
            available_within_hours=form.available_within_hours,
            on_no_seller=form.on_no_seller,
        )

    def _text(self, table: str, placed: PlacedFilter | None, subject: str) -> str | None:
        return None if placed is None else self._texts[FilterAsked(table, placed, subject)]

    def _deactivate(
        self,
        kind: Kind,
        existing: Mapping[tuple[str, str], Stored[SegmentRow] | Stored[RuleRow]],
        kept: set[tuple[str, str]],
    ) -> None:
        active = {key: one for key, one in existing.items() if one.row.state == ACTIVE}
        leaving = [one for key, one in active.items() if key not in kept]
        for one in leaving:
            self._builder.remove(one, {"state": INACTIVE}, _name(one.row), guarded=True)
        self._builder.note_removal(Removal(kind, len(leaving), len(active)))

    def _compare_sellers(self) -> None:
        existing = {one.row.user_id: one for one in self._stored.sellers}
        for user_id, (form, user) in self._sellers.items():
            row = SellerRow(
                name=user.name,
                user_id=user_id,
                state=ACTIVE,
                takes_assignments=form.takes_assignments,
                max_capacity=form.max_capacity,
                working_hours=form.working_hours,
                time_off=form.time_off,
            )
            self._builder.put(row, existing.get(user_id), user.name, guarded=False)
        active = [
            one
            for one in existing.values()
            if one.row.takes_assignments and one.row.state == ACTIVE
        ]
        leaving = [one for one in active if one.row.user_id not in self._sellers]
        for one in leaving:
            self._builder.remove(one, {"takes_assignments": False}, one.row.name, guarded=False)
        self._builder.note_removal(Removal(Kind.SELLER, len(leaving), len(active)))

    def _compare_holdings(self) -> None:
        """Attributes, values, and who has which; users that the folder does not list are left."""
        links = self._holdings.settle(self._stored, self._builder)
        self._builder.link(links - self._stored.links)
        listed = {link for link in self._stored.links if link[1] in self._sellers}
        self._builder.unlink(listed - links)

    def _with_settings(self) -> Plan:
        settings, existing = self._forms.settings, self._stored.settings
        if settings is not None or (existing is None and self._builder.has_actions):
            row = SettingsRow() if settings is None else settings.row
            row_id = self._builder.put(row, existing, row.name, guarded=True)
            return self._builder.plan(row_id, existing.version if existing else None)
        if existing is None:
            return self._builder.plan("", None)
        return self._builder.plan(existing.id, existing.version)


def _key(row: SegmentRow | RuleRow) -> tuple[str, str]:
    return row.record_type, fold(row.name)


def _name(row: SegmentRow | RuleRow) -> str:
    return f"{row.name} ({row.record_type})"


def _users_asked(forms: Forms) -> Iterator[UserAsked]:
    for seller in forms.sellers or ():
        yield UserAsked(seller.place, seller.user, seller.subject)
    for rule in forms.rules or ():
        for placed in rule.list:
            yield UserAsked(placed.place, placed.name, rule.subject)


def _seller_users(
    forms: tuple[SellerForm, ...], users: Mapping[str, UserRow], problems: Problems
) -> dict[str, tuple[SellerForm, UserRow]]:
    """The sellers by user id; one user cannot be two sellers under two names."""
    found: dict[str, tuple[SellerForm, UserRow]] = {}
    for form in forms:
        user = users.get(form.user.casefold())
        if user is None:
            continue
        if user.id in found:
            other: Place = found[user.id][0].place
            problems.add(form.place, f"{form.subject}: is the same user as the seller at {other}")
        found.setdefault(user.id, (form, user))
    return found


def _filters_asked(forms: Forms) -> Iterator[FilterAsked]:
    defined: tuple[SegmentForm | RuleForm, ...] = (*(forms.segments or ()), *(forms.rules or ()))
    for form in defined:
        if form.filter is not None and form.record_type is not None:
            yield FilterAsked(form.record_type, form.filter, form.subject)
    for rule in forms.rules or ():
        if rule.seller_filter is not None:
            yield FilterAsked(_USERS, rule.seller_filter, f"{rule.subject}, seller_filter")


def _zone(forms: Forms, stored: StoredDefinitions) -> tzinfo:
    """The time zone that dates in filters are meant in."""
    row = forms.settings.row if forms.settings else stored.settings.row if stored.settings else None
    try:
        return read_time_zone((row and row.evaluation_time_zone) or "UTC", "settings")
    except DefinitionError:
        return UTC  # stored by somebody else; the rulebook's reader says so and does the same
