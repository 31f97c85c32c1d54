"""Assignment rules as a folder writes them, checked as far as that goes without Dataverse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import (
    LONGEST_HOURS,
    NONE,
    Fields,
    subject_of,
)
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    check_attribute,
    read_filter,
)
from work_assignment.services.configuration.problems import Place, PlacedName, Problems
from work_assignment.services.configuration.segment_forms import (
    ACTIVE,
    INACTIVE,
    read_record_type,
)
from work_assignment.services.configuration.yaml_items import Item, MapItem

_KEYS = (
    "name",
    "segment",
    "record_type",
    "order",
    "state",
    "filter",
    "created_within_hours",
    "assign_to",
    "match",
    "list",
    "seller_filter",
    "attributes",
    "distribution",
    "capacity",
    "available_within_hours",
    "on_no_seller",
)
_ASSIGN_TO = ("sellers", "team", "queue")
_ALSO_ASSIGN_TO = {"seller": "sellers", "teams": "team", "queues": "queue"}
_DISTRIBUTIONS = {
    "sellers": ("round robin", "load balancing", "best overall"),
    "team": ("any one", "none"),
    "queue": ("any one", "none"),
}
_ONLY_SELLERS_HAVE = ("attributes", "capacity", "available_within_hours")
_NEEDS_MATCH = {"list": "list", "seller_filter": "attributes", "attributes": "attributes"}


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule. `segment` None is the default segment; without `record_type` and `order` they follow
    from the segment and the position, once that is known. `list` names users, teams or queues.
    """

    place: Place
    name: str
    segment: str | None
    segment_place: Place
    record_type: str | None
    record_type_place: Place
    order: int | None
    state: str
    filter: PlacedFilter | None
    created_within_hours: int | None
    assign_to: str
    assign_to_place: Place
    match: str
    list: tuple[PlacedName, ...]
    seller_filter: PlacedFilter | None
    attributes: PlacedFilter | None
    distribution: str
    capacity: bool
    available_within_hours: int | None
    on_no_seller: str

    @property
    def subject(self) -> str:
        return f"rule '{self.name}'"


def read_rules(items: Iterable[Item], problems: Problems) -> tuple[RuleForm, ...]:
    """Read the entries of `rules`; which segments they are for is for `rule_links` to say."""
    forms = []
    for item in items:
        if isinstance(item, MapItem):
            forms.append(_read_rule(item, problems))
        else:
            problems.add(item.place, "a rule is a mapping with a name and a segment")
    return tuple(forms)


def _read_rule(item: MapItem, problems: Problems) -> RuleForm:
    fields = Fields(item, subject_of(item, "rule"), _KEYS, problems)
    segment = fields.text("segment")
    assign_to = fields.word("assign_to", _ASSIGN_TO, also=_ALSO_ASSIGN_TO)
    match = _read_match(fields)
    _check_match(fields, match, assign_to)
    if assign_to != "sellers":
        _refuse_what_sellers_have(fields, assign_to)
    return RuleForm(
        place=item.place,
        name=fields.text("name"),
        segment=None if fold(segment) == DEFAULT_SEGMENT else segment,
        segment_place=fields.place_of("segment"),
        record_type=read_record_type(fields) if fields.item("record_type") else None,
        record_type_place=fields.place_of("record_type"),
        order=fields.whole("order", None, least=1),
        state=fields.word("state", (ACTIVE, INACTIVE), ("shadow",)),
        filter=read_filter(fields.item("filter"), fields.subject, problems),
        created_within_hours=fields.whole("created_within_hours", most=LONGEST_HOURS),
        assign_to=assign_to,
        assign_to_place=fields.place_of("assign_to"),
        match=match,
        list=fields.names("list"),
        seller_filter=read_filter(
            fields.item("seller_filter"),
            f"{fields.subject}, seller_filter",
            problems,
            table=Target(assign_to).table,
        ),
        attributes=read_filter(
            fields.item("attributes"), f"{fields.subject}, attributes", problems, check_attribute
        ),
        distribution=_read_distribution(fields, assign_to),
        capacity=fields.flag("capacity", default=False),
        available_within_hours=fields.whole("available_within_hours", most=LONGEST_HOURS),
        on_no_seller=fields.word("on_no_seller", ("next rule", "stop")),
    )


def _read_match(fields: Fields) -> str:
    """The word, or what follows from the first key that needs one."""
    if fields.item("match") is not None:
        return fields.word("match", ("any", "attributes", "list"))
    given = (needed for key, needed in _NEEDS_MATCH.items() if fields.item(key) is not None)
    return next(given, "any")


def _read_distribution(fields: Fields, assign_to: str) -> str:
    """One of the words for whom the rule is for; a word for others is told so."""
    fitting = _DISTRIBUTIONS[assign_to]
    for other, words in _DISTRIBUTIONS.items():
        for word in words:
            if word not in fitting and fields.says("distribution", word):
                fields.problem(
                    "distribution",
                    f"'distribution: {word}' goes with assign_to: {other}; "
                    f"with assign_to: {assign_to} it is one of {', '.join(fitting)}",
                )
                return fitting[0]
    return fields.word("distribution", fitting)


def _refuse_what_sellers_have(fields: Fields, assign_to: str) -> None:
    """Refuse what asks for something that teams and queues do not have."""
    for key in _ONLY_SELLERS_HAVE:
        if fields.item(key) and not (fields.says(key, NONE) or fields.says(key, "false")):
            what = {"attributes": "seller attributes", "capacity": "capacity"}.get(
                key, "working hours"
            )
            fields.problem(
                key, f"'{key}' goes with assign_to: sellers; a {assign_to} has no {what}"
            )


def _check_match(fields: Fields, match: str, assign_to: str) -> None:
    for key, needed in _NEEDS_MATCH.items():
        if fields.item(key) is not None and match != needed:
            fields.problem(key, f"'{key}' goes with match: {needed}, not with match: {match}")
    if match != "any" and not any(
        fields.item(key) for key, needed in _NEEDS_MATCH.items() if needed == match
    ):
        for_attributes = (
            "attributes or seller_filter" if assign_to == "sellers" else "seller_filter"
        )
        wanted = "list" if match == "list" else for_attributes
        fields.problem("match", f"match: {match} needs {wanted}")
