"""Laws of plan and apply, for any valid folder."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.configuration.folders import applied
from tests.configuration.memory_store import MemoryStore

from work_assignment.domain.text import fold
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import Forms, read_texts

USERS = ["ana", "ben", "cleo", "dan", "eva"]
RECORD_TYPES = ["lead", "opportunity"]

texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
names = st.sampled_from(["Alpha", "alpha two", "Ünïcode", "10:30", "no", "1.50", "x" * 100]) | texts
conditions = st.one_of(
    st.builds(lambda text: ["subject", "eq", text], texts),
    st.just(["address1_country", "not-null"]),
    st.builds(lambda low: ["estimatedamount", "between", [low, low + 5]], st.integers(0, 9)),
    st.sampled_from(
        [
            ["leadsourcecode", "in", ["Web", 7]],
            ["parentaccountid", "eq", "Larkfell"],
            ["wa_topics", "contain-values", ["Boots", 2]],
            ["address1_country", "ne", "$(subject)"],
            ["createdon", "last-x-days", 3],
            {"related": {"lookup": "parentaccountid"}},
            {"not_related": {"table": "task", "lookup": "regardingobjectid"}},
        ]
    ),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda join, parts: {join: parts},
        st.sampled_from(["all", "any"]),
        st.lists(inner, max_size=3),
    )


account_filters = st.recursive(
    st.sampled_from(
        [
            ["revenue", "gt", 1000],
            ["industrycode", "eq", "Consulting"],
            ["name", "eq", "$(subject)"],
            {"not_related": {"table": "task", "lookup": "regardingobjectid"}},
        ]
    ),
    nested,
    max_leaves=4,
)
related = st.builds(
    lambda key, inner: {key: {"lookup": "parentaccountid", "filter": inner}},
    st.sampled_from(["related", "not_related"]),
    account_filters,
)
filters = st.recursive(conditions | related, nested, max_leaves=6)


def optional(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


segments = st.builds(
    lambda required, more: {**required, **more},
    st.fixed_dictionaries({"name": names, "record_type": st.sampled_from(RECORD_TYPES)}),
    optional(
        state=st.sampled_from(["active", "paused", "inactive"]),
        filter=filters,
        allow_move_in=st.booleans(),
    ),
)
sellers = st.builds(
    lambda first, more: {"user": f"{first}@contoso.example", **more},
    st.sampled_from(USERS),
    optional(
        takes_assignments=st.booleans(),
        max_capacity=st.integers(0, 99),
        attributes=st.dictionaries(
            st.sampled_from(["Language", "Region"]),
            st.lists(st.sampled_from(["English", "english", "German", "Europe"]), max_size=3),
        ),
        working_hours=st.just([{"days": ["mon"], "from": "08:00", "to": "17:00"}]),
    ),
)
targets = st.one_of(
    st.builds(
        lambda word: {"assign_to": "sellers", "distribution": word},
        st.sampled_from(["round robin", "load balancing", "best overall"]),
    ),
    st.builds(
        lambda word: {"assign_to": "team", "distribution": word},
        st.sampled_from(["any one", "none"]),
    ),
    st.just({}),
)
rules = st.builds(
    lambda name, target, more: {"name": name, **more, **target},
    names,
    targets,
    optional(
        order=st.integers(1, 9),
        state=st.sampled_from(["active", "inactive"]),
        filter=filters,
        created_within_hours=st.integers(0, 99),
        on_no_seller=st.sampled_from(["next rule", "stop"]),
    ),
)


def folded(text: str) -> str:
    return fold(text.strip())


def distinct_segments(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = {(one["record_type"], folded(one["name"])): one for one in found}
    return [one for key, one in kept.items() if key[1] not in ("", "default")]


@st.composite
def folders(draw: st.DrawFn) -> dict[str, Any]:
    listed = distinct_segments(draw(st.lists(segments, max_size=4)))
    if draw(st.booleans()):
        for segment, priority in zip(listed, draw(st.permutations(range(1, 5))), strict=False):
            segment["priority"] = priority
    found: dict[str, Any] = {"segments": listed}
    kept = {}
    for rule in draw(st.lists(rules, max_size=4)):
        segment = draw(st.sampled_from([*listed, None]))
        record_type = segment["record_type"] if segment else draw(st.sampled_from(RECORD_TYPES))
        target = {"segment": segment["name"] if segment else "default", "record_type": record_type}
        if folded(rule["name"]):
            kept[record_type, folded(rule["name"])] = {**rule, **target}
    found["rules"] = list(kept.values())
    if draw(st.booleans()):
        found["sellers"] = list(
            {one["user"]: one for one in draw(st.lists(sellers, max_size=4))}.values()
        )
    if draw(st.booleans()):
        found["settings"] = draw(optional(default_capacity=st.integers(1, 99)))
    return found


def forms_of(folder: dict[str, Any]) -> Forms:
    return read_texts([("folder.yaml", yaml.safe_dump(folder, allow_unicode=True))])


@settings(max_examples=80, deadline=None)
@given(folders())
def test_applying_any_folder_twice_changes_nothing_the_second_time(folder: dict[str, Any]) -> None:
    store = MemoryStore()
    applied(forms_of(folder), store)
    assert plan(forms_of(folder), store).actions == ()


@settings(max_examples=60, deadline=None)
@given(folders(), folders())
def test_after_applying_a_folder_nothing_of_the_one_before_is_left_to_do(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    store = MemoryStore()
    applied(forms_of(before), store)
    applied(forms_of(after), store, force=True)
    assert plan(forms_of(after), store).actions == ()
    active = {one.row.name for one in store.stored().segments if one.row.state == "active"}
    wanted = [one for one in after["segments"] if one.get("state", "active") == "active"]
    assert active == {one["name"].strip() for one in wanted}
