"""Attacks that read: pages with every query option, single rows and what is below them."""

from __future__ import annotations

from random import Random

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.filters import fetch_text, filter_text, literal
from tests.fuzz.headers import some_headers
from tests.fuzz.names import Names
from tests.fuzz.sql_texts import sql_text
from tests.fuzz.texts import NUMBERS, at_times_broken, encoded, some_text

from work_assignment.mock_dataverse.tables.metadata import Table


def read_page(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    below = dice.choice(("",) * 30 + ("/$count",) * 4 + ("/Microsoft.Dynamics.CRM.X()",))
    query = _query(dice, names, table)
    if below:
        query = f"?$filter={encoded(dice, filter_text(dice, names, table))}"
    target = f"{SERVICE}{table.entity_set_name}{below}{query}"
    return Attack("page", "GET", target, some_headers(dice))


def read_row(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    path = row_path(dice, names, table) + _below(dice, names, table)
    target = SERVICE + encoded(dice, at_times_broken(dice, path, 0.15))
    query = _query(dice, names, table) if dice.random() < 0.4 else ""
    method = "HEAD" if dice.random() < 0.1 else "GET"
    return Attack("row", method, target + query, some_headers(dice))


def read_fetch(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    text = encoded(dice, fetch_text(dice, names, table))
    target = f"{SERVICE}{table.entity_set_name}?fetchXml={text}"
    return Attack("fetchXml", "GET", target, some_headers(dice))


def read_sql(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    text = encoded(dice, sql_text(dice, names, table))
    return Attack("sql", "GET", f"{SERVICE}{table.entity_set_name}?sql={text}", some_headers(dice))


def read_apply(dice: Random, names: Names) -> Attack:
    table = names.table(dice)
    text = encoded(dice, at_times_broken(dice, _apply(dice, names, table), 0.3))
    target = f"{SERVICE}{table.entity_set_name}?$apply={text}"
    return Attack("$apply", "GET", target, some_headers(dice))


def read_deep(dice: Random, names: Names) -> Attack:
    """Conditions nested as deep as a URL can hold."""
    depth = dice.choice((10, 29, 31, 100, 1000, 5000))
    opening, closing = dice.choice(
        (
            ("(", ")"),
            ("not (", ")"),
            ("lead_master_lead/any(x:x/", ")"),
            ("parentaccountid/", ""),
            ("not ", ""),
        )
    )
    text = (opening * depth + "subject eq 'a'" + closing * depth)[:32_000]
    joined = dice.choice((" or ", " and ")).join(["subject eq 'a'"] * min(depth, 900))
    option = dice.choice((f"$filter={text}", f"$filter={joined}", f"$expand={text}", _nested(dice)))
    return Attack("deep", "GET", f"{SERVICE}leads?{encoded(dice, option)}")


def _nested(dice: Random) -> str:
    depth = dice.choice((3, 12, 200, 1500))
    filters = "<filter>" * depth + "<condition attribute='subject' operator='null'/>"
    fetch = f"<fetch><entity name='lead'>{filters}{'</filter>' * depth}</entity></fetch>"
    links = "<link-entity name='lead' from='leadid' to='masterid'>"
    linked = (
        f"<fetch><entity name='lead'>{links * depth}{'</link-entity>' * depth}</entity></fetch>"
    )
    expand = "$expand=masterid(" * depth + ")" * depth
    return dice.choice((f"fetchXml={fetch}", f"fetchXml={linked}", expand))


def row_path(dice: Random, names: Names, table: Table) -> str:
    """Draw the path of one row: by its id or by an alternate key."""
    chance = dice.random()
    if chance < 0.93:
        return f"{table.entity_set_name}({names.id(dice, table)})"
    columns = [names.column(dice, table) for _ in range(dice.randrange(1, 3))]
    if table.keys and chance < 0.98:
        columns = [table.columns[name] for name in dice.choice(table.keys).columns]
    given = ",".join(f"{c.wire_name}={literal(dice, names, c)}" for c in columns)
    return f"{table.entity_set_name}({given})"


def _below(dice: Random, names: Names, table: Table) -> str:
    chance = dice.random()
    if chance < 0.5:
        return ""
    if chance < 0.7:
        name = names.column_name(dice, table)
        return f"/{name}{dice.choice(('', '/$value', '/$count', '/x'))}"
    navigations = names.single_navigations(table) + names.collection_navigations(table)
    if not navigations:
        return "/$ref"
    navigation = dice.choice(navigations)
    other = names.behind(table, navigation)
    endings = ("", "", "/$ref", "/$count", f"({names.id(dice, other)})", "/$value", "/name")
    return f"/{navigation}{dice.choice(endings)}"


def _query(dice: Random, names: Names, table: Table) -> str:
    count = dice.choice((0, 1, 1, 2, 2, 3))
    options = [_option(dice, names, table) for _ in range(count)]
    if dice.random() < 0.95:
        options = list(dict(options).items())
    pairs = [f"{name}={encoded(dice, text)}" for name, text in options]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _option(dice: Random, names: Names, table: Table) -> tuple[str, str]:
    name = dice.choice(
        ("$select", "$filter", "$filter", "$filter", "$expand", "$orderby", "$top", "$count", "odd")
    )
    match name:
        case "$select":
            chosen = [names.column_name(dice, table) for _ in range(dice.randrange(1, 4))]
            text = ",".join(chosen)
        case "$filter":
            text = filter_text(dice, names, table)
        case "$expand":
            text = expand_text(dice, names, table)
        case "$orderby":
            way = dice.choice(("", " asc", " desc", " down"))
            text = f"{names.column_name(dice, table)}{way},{names.column_name(dice, table)}"
        case "$top":
            text = dice.choice(NUMBERS)
        case "$count":
            text = dice.choice(("true", "false", "TRUE", "1", ""))
        case _:
            return _odd_option(dice)
    return name, at_times_broken(dice, text, 0.15)


def _odd_option(dice: Random) -> tuple[str, str]:
    name = dice.choice(
        (
            "$skip",
            "$skiptoken",
            "$deltatoken",
            "$search",
            "$compute",
            "$format",
            "$apply",
            "savedQuery",
            "userQuery",
            "fetchXml",
            "sql",
            "@p",
            "tag",
            "api-version",
            "$FILTER",
            "partitionId",
            "",
        )
    )
    cookie = (
        '<cookie pagenumber="2" pagingcookie="%3ccookie%20page%3d%221%22%3e" istracking="False"/>'
    )
    return name, dice.choice((some_text(dice), dice.choice(NUMBERS), cookie, "json"))


def expand_text(dice: Random, names: Names, table: Table, depth: int = 0) -> str:
    """Draw an $expand with options, which may expand further."""
    navigations = names.single_navigations(table) + names.collection_navigations(table)
    if not navigations:
        return "owninguser"
    navigation = dice.choice(navigations)
    other = names.behind(table, navigation)
    if dice.random() < 0.3:
        return f"{navigation}{dice.choice(('', '/$ref', '/$count'))}"
    options = [
        f"$select={names.column_name(dice, other)}",
        f"$filter={filter_text(dice, names, other, 2)}",
        f"$orderby={names.column_name(dice, other)} desc",
        f"$top={dice.choice(NUMBERS)}",
        "$count=true",
        "$levels=max",
    ]
    if depth < 2:
        options.append(f"$expand={expand_text(dice, names, other, depth + 1)}")
    chosen = dice.sample(options, dice.randrange(1, 3))
    return f"{navigation}({';'.join(chosen)})"


def _apply(dice: Random, names: Names, table: Table) -> str:
    one, two = (names.column_name(dice, table) for _ in range(2))
    how = dice.choice(("sum", "min", "max", "average", "countdistinct", "median"))
    total = f"aggregate({one} with {how} as total)"
    return dice.choice(
        (
            total,
            "aggregate($count as n)",
            f"groupby(({one}))",
            f"groupby(({one},{two}),{total})",
            f"filter({filter_text(dice, names, table, 2)})/groupby(({two}),{total})",
            f"filter({filter_text(dice, names, table, 2)})/aggregate($count as n)",
            f"groupby(({one}),aggregate($count as n,{two} with {how} as {some_text(dice)}))",
        )
    )
