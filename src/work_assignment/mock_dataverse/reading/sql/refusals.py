"""What `sql` does not take, by the name that a person knows the construct by."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from ...faults import Fault, bad_request

_LONGEST = 80
_CLAUSES: Mapping[str, str] = {
    "with_": "a common table expression (WITH)",
    "having": "HAVING",
    "into": "SELECT INTO",
    "for_": "FOR",
    "options": "OPTION",
    "laterals": "APPLY",
    "pivots": "PIVOT",
    "sample": "TABLESAMPLE",
    "hints": "a table hint",
    "db": "a schema before the name of a table",
    "catalog": "a database before the name of a table",
    "limit_options": "TOP with PERCENT or WITH TIES",
    "method": "NATURAL JOIN",
    "using": "JOIN with USING",
    "rollup": "ROLLUP",
    "cube": "CUBE",
    "grouping_sets": "GROUPING SETS",
    "expressions": "a function with several arguments",
    "big_int": "COUNT_BIG",
    "query": "a subquery",
}
_CONSTRUCTS: tuple[tuple[tuple[type[exp.Expr], ...], str], ...] = (
    ((exp.Star,), "SELECT *; name the columns"),
    ((exp.Exists,), "EXISTS"),
    ((exp.Query,), "a subquery"),
    ((exp.Window,), "a window function (OVER)"),
    ((exp.Case, exp.If), "CASE"),
    ((exp.Parameter, exp.Placeholder), "a variable"),
    ((exp.Escape,), "ESCAPE"),
    ((exp.Rollup,), "ROLLUP"),
    ((exp.Cube,), "CUBE"),
    ((exp.Boolean,), "the constant TRUE or FALSE; compare with 1 or 0"),
)


def only(node: exp.Expr, *names: str) -> None:
    """Refuse the parts of a node that are not listed, by their names in the syntax tree."""
    for name, value in node.args.items():
        if value and name not in names:
            raise refused(_CLAUSES.get(name, name.strip("_").upper()))


def construct_refused(node: exp.Expr, place: str) -> Fault:
    """Refuse a node of the syntax tree; `place` says where it stands."""
    for kinds, words in _CONSTRUCTS:
        if isinstance(node, kinds):
            return refused(f"{words} in {place}")
    if isinstance(node, exp.Literal | exp.Null | exp.National):
        return refused(f"a constant in {place}, where a column has to stand")
    if isinstance(node, exp.Column):
        return refused(f"the column {written(node)} in {place} without a comparison")
    if isinstance(node, exp.Func):
        return refused(f"the function {written(node).partition('(')[0]} in {place}")
    return refused(f"the expression {written(node)} in {place}")


def written(node: exp.Expr) -> str:
    """The SQL of a node, for messages."""
    text = node.sql("tsql", unsupported_level=ErrorLevel.IGNORE)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def refused(what: str) -> Fault:
    return bad_request(f"The SQL query is not supported: it uses {what}.")
