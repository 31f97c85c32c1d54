"""YAML is read without its surprises."""

from __future__ import annotations

import pytest

from work_assignment.services.configuration.problems import ConfigurationErrors, Problems
from work_assignment.services.configuration.yaml_items import plain, read_yaml


def read(text: str, *, as_written: bool = False) -> object:
    problems = Problems()
    item = read_yaml(text, "f.yaml", problems)
    problems.raise_any()
    return None if item is None else plain(item, as_written=as_written)


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationErrors) as caught:
        read(text)
    return str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("0123", "0123"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("-7", -7),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("2026-01-01", "2026-01-01"),
        ("08:00", "08:00"),
        ('"17:00"', "17:00"),
        ("~", None),
        ("", None),
    ],
)
def test_bare_words_are_what_they_look_like(text: str, value: object) -> None:
    assert read(f"a: {text}") == {"a": value}


def test_numbers_can_be_had_as_they_are_written() -> None:
    assert read("[1.50, 7, true, a]", as_written=True) == ["1.50", "7", True, "a"]


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("{on: 1, 2: b, null: c}") == {"on": 1, "2": "b", "null": "c"}


def test_an_empty_file_holds_nothing() -> None:
    assert read("# nothing\n") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a:\n  b: 17:00",
            'f.yaml:2: YAML may read 17:00 as a number of base 60: write it in quotes, "17:00"',
        ),
        ("a: 1\nb: 2\na: 3", "f.yaml:3: the key 'a' stands here twice (line 1)"),
        ("a: [1", "f.yaml:1: this is no YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: *x", "f.yaml:1: this is no YAML: found undefined alias 'x'"),
        ("a: 1\n---\nb: 2", "f.yaml:2: this is no YAML: but found another document"),
        ("a: 1\nb: \x01", "f.yaml:2: this is no YAML: a character that may not be there"),
        ("? [a, b]\n: c", "f.yaml:1: a key is a single word or text"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "f.yaml:1: the tag tag:yaml.org,2002:python/object/apply:os.system is not supported",
        ),
        ("a: !mine b", "f.yaml:1: the tag !mine is not supported"),
        ("a: !!int b", "f.yaml:1: 'b' is not what its tag tag:yaml.org,2002:int says"),
        ("a: !!bool b", "f.yaml:1: 'b' is not what its tag tag:yaml.org,2002:bool says"),
        ("a: " + "9" * 5000, "f.yaml:1: the number is too long"),
        ("&a [*a]", "f.yaml:1: values are nested more than 110 deep, or in themselves"),
        ("[" * 100_000, "f.yaml: lists and mappings are nested too deeply"),
        ("a" * 5_000_001, "f.yaml: the file has more than 5000000 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str) -> None:
    assert refusal(text).startswith(problem)


def test_aliases_stand_for_what_they_name() -> None:
    assert read("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_aliases_cannot_make_a_file_huge() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert refusal("\n".join(lines)).endswith("the file holds more than 200000 values")
