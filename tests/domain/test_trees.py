"""Trees of rows: above, below, any case, circles in the data."""

from __future__ import annotations

from work_assignment.domain.filtering.trees import Tree

TREE = Tree({"B": "A", "c": "b", "d": "b", "x": "y"})


def test_a_row_is_above_its_children_and_theirs() -> None:
    assert TREE.is_above("a", "b")
    assert TREE.is_above("a", "d")
    assert not TREE.is_above("d", "a")
    assert not TREE.is_above("c", "d")
    assert not TREE.is_above("y", "a")


def test_a_row_is_not_above_itself_nor_is_a_stranger() -> None:
    assert not TREE.is_above("a", "a")
    assert not TREE.is_above("stranger", "a")
    assert TREE.above("stranger") == TREE.below("stranger") == frozenset()


def test_ids_are_the_same_in_any_case() -> None:
    assert TREE.is_above("A", "C")
    assert TREE.below("A") == {"b", "c", "d"}
    assert TREE.above("D") == {"a", "b"}


def test_rows_above_each_other_in_a_circle_are_walked_once() -> None:
    circle = Tree({"a": "c", "b": "a", "c": "b", "tail": "a", "self": "self"})

    assert circle.above("tail") == {"a", "b", "c"}
    assert circle.above("a") == {"b", "c"}
    assert circle.below("a") == {"b", "c", "tail"}
    assert not circle.is_above("self", "self")


def test_a_long_chain_is_no_trouble() -> None:
    chain = Tree({str(n): str(n - 1) for n in range(1, 20_001)})

    assert chain.is_above("0", "20000")
    assert len(chain.below("0")) == 20_000
