"""A folder's forms compared with Dataverse: `plan` resolves names and says what would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import uuid4

from work_assignment.domain.defining.definition_rows import (
    Kind,
    RuleRow,
    SegmentRow,
    SellerRow,
    SettingsRow,
    Stored,
    StoredDefinitions,
)
from work_assignment.domain.text import fold
from work_assignment.services.configuration.folder import Forms
from work_assignment.services.configuration.planning import Plan, PlanBuilder, Removal
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Problems
from work_assignment.services.configuration.resolved import Resolved, resolve
from work_assignment.services.configuration.rule_forms import RuleForm
from work_assignment.services.configuration.rule_links import link_rules
from work_assignment.services.configuration.segment_forms import ACTIVE, INACTIVE, SegmentForm


def plan(
    forms: Forms, store: ConfigurationStore, *, new_id: Callable[[], str] = lambda: str(uuid4())
) -> Plan:
    """Compare a folder with Dataverse. Nothing is written.

    Raises ConfigurationErrors naming every table, column, choice, row and user that is not there.
    """
    problems = Problems()
    stored = store.stored()
    forms = _linked(forms, stored, problems)
    resolved = resolve(forms, stored, store, problems)
    problems.raise_any()
    return _Comparison(forms, stored, resolved, new_id).plan()


def _linked(forms: Forms, stored: StoredDefinitions, problems: Problems) -> Forms:
    """Rules of a folder without segments are for the segments that Dataverse has."""
    if forms.rules is None or forms.segments is not None:
        return forms
    segments = [(one.row.name, one.row.record_type) for one in stored.segments]
    return replace(forms, rules=link_rules(forms.rules, segments, problems))


class _Comparison:
    """Compares section by section; everything that is named is resolved, so nothing can go wrong."""

    def __init__(
        self,
        forms: Forms,
        stored: StoredDefinitions,
        resolved: Resolved,
        new_id: Callable[[], str],
    ) -> None:
        self._forms = forms
        self._stored = stored
        self._resolved = resolved
        self._builder = PlanBuilder(new_id)

    def plan(self) -> Plan:
        for user in self._resolved.users.values():
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
            row = self._segment_row(form)
            key = _key(row)
            kept.add(key)
            ids[key] = self._builder.put(row, existing.get(key), _name(row), guarded=True)
        self._deactivate(Kind.SEGMENT, existing, kept)
        return ids

    def _segment_row(self, form: SegmentForm) -> SegmentRow:
        return SegmentRow(
            name=form.name,
            record_type=form.record_type,
            priority=form.priority,
            state=form.state,
            filter=self._resolved.filter_text(form),
            allow_move_in=form.allow_move_in,
            reassign_on_move=form.reassign_on_move,
            schedule=form.schedule,
            manager_id=self._resolved.manager_id(form),
        )

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
        return RuleRow(
            name=form.name,
            record_type=record_type,
            segment_id=segment_ids[record_type, fold(form.segment)] if form.segment else None,
            order=form.order,
            state=form.state,
            filter=self._resolved.filter_text(form),
            created_within_hours=form.created_within_hours,
            assign_to=form.assign_to,
            match=form.match,
            list=self._resolved.list_text(form),
            seller_filter=self._resolved.seller_filter_text(form),
            attributes=self._resolved.attribute_texts.get(form),
            distribution=form.distribution,
            capacity=form.capacity,
            available_within_hours=form.available_within_hours,
            on_no_seller=form.on_no_seller,
        )

    def _deactivate(
        self,
        kind: Kind,
        existing: Mapping[tuple[str, str], Stored[SegmentRow] | Stored[RuleRow]],
        kept: set[tuple[str, str]],
    ) -> None:
        """Take out of use what the folder does not have, be it active or paused."""
        used = {key: one for key, one in existing.items() if one.row.state != INACTIVE}
        leaving = [one for key, one in used.items() if key not in kept]
        for one in leaving:
            self._builder.remove(one, {"state": INACTIVE}, _name(one.row), guarded=True)
        self._builder.note_removal(Removal(kind, len(leaving), len(used)))

    def _compare_sellers(self) -> None:
        existing = {one.row.user_id: one for one in self._stored.sellers}
        for user_id, (form, user) in self._resolved.sellers.items():
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
        leaving = [one for one in active if one.row.user_id not in self._resolved.sellers]
        for one in leaving:
            self._builder.remove(one, {"takes_assignments": False}, one.row.name, guarded=False)
        self._builder.note_removal(Removal(Kind.SELLER, len(leaving), len(active)))

    def _compare_holdings(self) -> None:
        """Attributes, values, and who has which; users that the folder does not list are left."""
        links = self._resolved.holdings.settle(self._stored, self._builder)
        self._builder.link(links - self._stored.links)
        listed = {link for link in self._stored.links if link[1] in self._resolved.sellers}
        self._builder.unlink(listed - links)

    def _with_settings(self) -> Plan:
        settings, existing = self._resolved.settings, self._stored.settings
        if settings is not None or (existing is None and self._builder.has_actions):
            row = settings or SettingsRow()
            row_id = self._builder.put(row, existing, row.name, guarded=True)
            return self._builder.plan(row_id, existing.version if existing else None)
        if existing is None:
            return self._builder.plan("", None)
        return self._builder.plan(existing.id, existing.version)


def _key(row: SegmentRow | RuleRow) -> tuple[str, str]:
    return row.record_type, fold(row.name)


def _name(row: SegmentRow | RuleRow) -> str:
    return f"{row.name} ({row.record_type})"
