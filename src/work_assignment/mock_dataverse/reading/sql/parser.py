"""SQL text -> SELECT statement, by way of sqlglot; whatever is not listed here is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from ...faults import Fault, bad_request
from ..aggregates import Method
from ..preferences import LARGEST_PAGE
from .condition_parser import read_condition, read_name
from .refusals import construct_refused, only, refused, written
from .tree import Join, Name, Order, Output, Statement, TableName

_DIALECT = "tsql"
_FIRST_WORD = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/|\()*(\w*)", re.DOTALL)
_ALIAS = re.compile(r"[^\W\d]\w*")
_AGGREGATES: dict[type[exp.Expr], Method] = {
    exp.Sum: Method.SUM,
    exp.Avg: Method.AVERAGE,
    exp.Min: Method.MINIMUM,
    exp.Max: Method.MAXIMUM,
}
_SET_OPERATIONS = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def parse_sql(text: str) -> Statement:
    """Parse one SELECT; anything else is refused by name."""
    found = _FIRST_WORD.match(text)
    first = found[1].upper() if found else ""
    if first not in ("SELECT", "WITH"):
        raise refused(f"'{first or text.strip()[:20]}', where a single SELECT has to stand")
    try:
        return _statement(_tree(text))
    except RecursionError as exc:
        raise bad_request("The SQL query is nested too deeply.") from exc


def _tree(text: str) -> exp.Select:
    dialect = Dialect.get_or_raise(_DIALECT)
    try:
        tokens = dialect.tokenize(text)
        _check_tokens(tokens)
        (tree,) = dialect.parser().parse(tokens, text)
    except SqlglotError as exc:
        raise _unreadable(exc) from exc
    for kind, words in _SET_OPERATIONS.items():
        if isinstance(tree, kind):
            raise refused(words)
    if not isinstance(tree, exp.Select):
        raise refused("something else than a single SELECT")
    return tree


def _check_tokens(tokens: list[Token]) -> None:
    for token in tokens[:-1]:
        if token.token_type is TokenType.SEMICOLON:
            raise refused("several statements")
        if token.token_type is TokenType.LIMIT:
            raise refused("LIMIT; T-SQL has TOP for it")
    if tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()


def _unreadable(exc: SqlglotError) -> Fault:
    if isinstance(exc, ParseError) and exc.errors:
        error = exc.errors[0]
        problem = str(error["description"]).partition(" but got <")[0].rstrip(".")
        place = f"line {error['line']}, column {error['col']}: {problem}"
        return bad_request(f"The SQL query cannot be read at {place}.")
    return bad_request("The SQL query cannot be read: a text or a name in it does not end.")


def _statement(tree: exp.Select) -> Statement:
    only(tree, "expressions", "distinct", "from_", "joins", "where", "group", "order", "limit",
          "offset")  # fmt: skip
    source = tree.args.get("from_")
    if source is None or not tree.expressions:
        raise refused("no FROM" if source is None else "no columns")
    where, group, order = (tree.args.get(name) for name in ("where", "group", "order"))
    offset = _offset(tree.args.get("offset"))
    if offset is not None and order is None:
        raise refused("OFFSET without ORDER BY")
    return Statement(
        outputs=tuple(_outputs(tree)),
        table=_table(source.this),
        joins=tuple(_joins(tree)),
        where=None if where is None else read_condition(where.this, "WHERE"),
        groups=() if group is None else tuple(_groups(group)),
        orders=() if order is None else tuple(_orders(order)),
        distinct=_is_distinct(tree.args.get("distinct")),
        limit=_limit(tree.args.get("limit")),
        offset=offset or 0,
    )


# select list


def _outputs(tree: exp.Select) -> Iterator[Output]:
    for node in tree.expressions:
        alias = None
        if isinstance(node, exp.Alias):
            alias, node = node.alias, node.this
            if _ALIAS.fullmatch(alias) is None:
                raise refused(f"the alias '{alias}', which is no name")
        yield _output(node, alias)


def _output(node: exp.Expr, alias: str | None) -> Output:
    if isinstance(node, exp.Column):
        return Output(read_name(node, "the select list"), alias)
    method, name = _aggregate(node)
    if alias is None:
        raise refused(f"the aggregate {written(node)} without an alias")
    return Output(name, alias, method)


def _aggregate(node: exp.Expr) -> tuple[Method, Name | None]:
    argument = node.this
    if isinstance(node, exp.Count):
        only(node, "this")
        if isinstance(argument, exp.Star):
            return Method.ROWS, None
        if isinstance(argument, exp.Distinct):
            only(argument, "expressions")
            if len(argument.expressions) == 1:
                return Method.COUNT_DISTINCT, read_name(argument.expressions[0], "COUNT")
        return Method.COUNT, read_name(argument, "COUNT")
    method = _AGGREGATES.get(type(node))
    if method is None:
        raise construct_refused(node, "the select list")
    only(node, "this")
    return method, read_name(argument, f"the aggregate {type(node).__name__.upper()}")


def _is_distinct(node: exp.Expr | None) -> bool:
    if node is not None:
        only(node)
    return node is not None


# tables


def _table(node: exp.Expr) -> TableName:
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise construct_refused(node, "FROM")
    only(node, "this", "alias")
    alias = node.args.get("alias")
    if alias is not None:
        only(alias, "this")
    return TableName(node.name.lower(), node.alias or node.name)


def _joins(tree: exp.Select) -> Iterator[Join]:
    for node in tree.args.get("joins") or ():
        side, kind = node.side.upper(), node.kind.upper()
        if side in ("RIGHT", "FULL") or kind not in ("", "INNER", "OUTER"):
            raise refused(f"{' '.join(filter(None, (side, kind)))} JOIN; INNER and LEFT are there")
        if isinstance(node.this, exp.Lateral):
            raise refused("APPLY")
        only(node, "this", "side", "kind", "on")
        if node.args.get("on") is None:
            raise refused("CROSS JOIN: tables joined without ON")
        yield Join(_table(node.this), side == "LEFT", read_condition(node.args["on"], "ON"))


# groups, order, limits


def _groups(node: exp.Expr) -> Iterator[Name]:
    only(node, "expressions")
    for column in node.expressions:
        yield read_name(column, "GROUP BY")


def _orders(node: exp.Expr) -> Iterator[Order]:
    only(node, "expressions")
    for ordered in node.expressions:
        only(ordered, "this", "desc", "nulls_first")
        descending = bool(ordered.args.get("desc"))
        if bool(ordered.args.get("nulls_first")) == descending:
            raise refused("NULLS FIRST or NULLS LAST")
        yield Order(read_name(ordered.this, "ORDER BY"), descending)


def _limit(node: exp.Expr | None) -> int | None:
    if node is None:
        return None
    if isinstance(node, exp.Fetch):
        only(node, "direction", "count", "limit_options")
        options = node.args.get("limit_options")
        if options is not None:
            only(options, "rows")
        return _whole(node.args.get("count"), "FETCH", LARGEST_PAGE)
    only(node, "expression")
    return _whole(node.expression, "TOP", LARGEST_PAGE)


def _offset(node: exp.Expr | None) -> int | None:
    if node is None:
        return None
    only(node, "expression")
    return _whole(node.expression, "OFFSET", None)


def _whole(node: exp.Expr | None, clause: str, most: int | None) -> int:
    text = node.name if isinstance(node, exp.Literal) and not node.is_string else ""
    if re.fullmatch("[0-9]{1,9}", text) is None or (most is not None and int(text) > most):
        bounds = "" if most is None else f" from 0 to {most}"
        raise refused(f"{clause} with something else than a whole number{bounds}")
    return int(text)
