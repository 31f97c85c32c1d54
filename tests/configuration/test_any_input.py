"""Whatever stands in a folder, it is used or refused in our own words, and nothing is written."""

from __future__ import annotations

import copy
import textwrap
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.configuration.folders import GOOD, good_forms
from tests.configuration.memory_store import MemoryStore

from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import read_texts
from work_assignment.services.configuration.problems import ConfigurationErrors

GOOD_FOLDER: dict[str, Any] = {}
for text in GOOD.values():
    GOOD_FOLDER.update(yaml.safe_load(textwrap.dedent(text)))

GOOD_FOLDER["segments"].append(
    {
        "name": "With related",
        "record_type": "lead",
        "state": "paused",
        "filter": {
            "any": [
                {
                    "related": {
                        "lookup": "customerid",
                        "to": "account",
                        "filter": {
                            "all": [
                                ["industrycode", "in", ["Consulting", "9"]],
                                {"not_related": {"table": "task", "lookup": "regardingobjectid"}},
                            ]
                        },
                    }
                },
                ["wa_topics", "contain-values", ["Boots", 2]],
                ["estimatedamount", "between", [1, "$(estimatedamount)"]],
                ["parentaccountid", "under", "Larkfell"],
            ]
        },
    }
)
GOOD_FOLDER["rules"].append(
    {
        "name": "To a team",
        "segment": "With related",
        "assign_to": "team",
        "match": "list",
        "list": ["Nordic"],
        "distribution": "none",
    }
)
GOOD_FOLDER["settings"].update(
    {
        "record_types": ["lead", "opportunity"],
        "eligible_roles": ["Salesperson"],
        "score_column": "wa_score",
        "owner_column": "none",
        "round_robin_scope": "assignment rule",
        "keep_self_created": True,
    }
)

fragments = st.sampled_from(
    [
        "segments",
        "rules",
        "name",
        "filter",
        ":",
        " ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!int ",
        "? ",
        "'",
        '"',
        ">",
        "#",
        "10:00",
        "1e9",
        "<<",
        "---",
        "\t",
        "\x00",
        "%",
    ]
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["all", "default", "none", "<filter/>", "<fetch>", "10:00", "$(x)", "$(subject)", "related", "lead", "team", "9" * 400]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5) | st.sampled_from(["all", "any", "name", "related", "lookup"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [path, *(found for key in keys for found in paths(value[key], (*path, key)))]


def refusals(texts: list[tuple[str, str]], store: MemoryStore) -> set[str]:
    """The files that are refused; any other way of failing fails the test."""
    try:
        plan(read_texts(texts), store)
    except ConfigurationErrors as exc:
        return {problem.place.file for problem in exc.problems}
    return set()


@settings(max_examples=200, deadline=None)
@given(st.lists(fragments, max_size=30).map("".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refusals([("any.yaml", text)], MemoryStore()) <= {"any.yaml"}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(paths(GOOD_FOLDER)[1:]), odd)
def test_any_value_in_any_place_is_used_or_refused(path: tuple[Any, ...], value: Any) -> None:
    folder = copy.deepcopy(GOOD_FOLDER)
    holder = folder
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    store = MemoryStore()
    assert refusals([("good.yaml", yaml.safe_dump(folder))], store) <= {"good.yaml"}
    assert store.writes == []


def test_the_folder_that_is_spoiled_above_is_good_as_it_is() -> None:
    assert plan(good_forms(), MemoryStore())
    assert plan(read_texts([("good.yaml", yaml.safe_dump(GOOD_FOLDER))]), MemoryStore())


def nested_segment(deep: int) -> str:
    nested = "{all: [" * deep + "[subject, eq, x]" + "]}" * deep
    return f"segments: [{{name: A, record_type: lead, filter: {nested}}}]"


def test_filters_can_be_nested() -> None:
    assert plan(read_texts([("deep.yaml", nested_segment(40))]), MemoryStore())


@pytest.mark.parametrize("deep", [60, 300, 30_000])
def test_filters_that_are_nested_too_deeply_are_refused(deep: int) -> None:
    text = nested_segment(deep)
    with pytest.raises(ConfigurationErrors, match="nested"):
        read_texts([("deep.yaml", text)])


def test_fetchxml_that_is_nested_too_deeply_is_refused() -> None:
    deep = "<filter>" * 20_000 + "</filter>" * 20_000
    with pytest.raises(ConfigurationErrors, match="nested"):
        read_texts([("deep.yaml", f"segments: [{{name: A, record_type: lead, filter: {deep}}}]")])
