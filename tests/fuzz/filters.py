"""Conditions: $filter texts, FetchXML and SQL, mostly right, at times broken."""

from __future__ import annotations

from random import Random
from xml.sax.saxutils import quoteattr

from tests.fuzz.names import Names
from tests.fuzz.texts import DATES, IDS, NUMBERS, at_times_broken, some_text

from work_assignment.mock_dataverse.conditions.special_operators import (
    SPECIAL_OPERATORS,
    Bare,
    Dated,
    Identified,
    Numbered,
)
from work_assignment.mock_dataverse.reading.filter_functions import FUNCTIONS
from work_assignment.mock_dataverse.tables.metadata import Column, ColumnType, Table

_CRM = "Microsoft.Dynamics.CRM."
_COMPARING = ("eq", "ne", "gt", "ge", "lt", "le")
_FETCH_PLAIN = (*_COMPARING, "neq", "in", "not-in", "between", "not-between", "null", "not-null")
_FETCH_TEXT = ("like", "not-like", "begins-with", "not-begin-with", "ends-with", "not-end-with")
_FETCH_OPERATORS = (*_FETCH_PLAIN, *_FETCH_TEXT, *sorted(SPECIAL_OPERATORS))
_LINKS = ("inner", "outer", "exists", "in", "matchfirstrowusingcrossapply")
_LINKS_IN_FILTERS = ("any", "not any", "all", "not all")
_NUMERIC = (
    ColumnType.INTEGER,
    ColumnType.BIGINT,
    ColumnType.DECIMAL,
    ColumnType.DOUBLE,
    ColumnType.MONEY,
    ColumnType.PICKLIST,
    ColumnType.STATE,
    ColumnType.STATUS,
)


def plain_value(dice: Random, names: Names, column: Column) -> str:
    """Draw the text of a value for a column, not always one that fits."""
    if dice.random() < 0.1:
        return some_text(dice)
    if column.type.is_text:
        return some_text(dice)
    if column.type is ColumnType.DATETIME:
        return dice.choice((*DATES[:4] * 4, *DATES))
    if column.type is ColumnType.BOOLEAN:
        return dice.choice(("true", "false", "1", "TRUE"))
    if column.type in _NUMERIC:
        return dice.choice((*NUMBERS[:4] * 8, *NUMBERS))
    if column.type is ColumnType.CHOICES:
        return dice.choice(("1", "1,2", "2,", "x", ""))
    return dice.choice(IDS[:3])


def literal(dice: Random, names: Names, column: Column) -> str:
    value = plain_value(dice, names, column)
    if dice.random() < 0.12:
        return "null"
    if column.type.is_text or column.type is ColumnType.CHOICES or dice.random() < 0.05:
        return "'" + value.replace("'", "''") + "'"
    return value


def filter_text(dice: Random, names: Names, table: Table, depth: int = 0) -> str:
    """Draw a $filter on the rows of a table."""
    if depth < 3 and dice.random() < 0.3:
        left = filter_text(dice, names, table, depth + 1)
        right = filter_text(dice, names, table, depth + 1)
        return dice.choice(
            (f"({left} and {right})", f"{left} or {right}", f"not ({left})", f"not {left}")
        )
    makers = (_comparison, _comparison, _text_match, _query_function, _by_path, _lambda)
    return dice.choice(makers)(dice, names, table)


def _comparison(dice: Random, names: Names, table: Table) -> str:
    column = names.column(dice, table)
    operator = dice.choice((*_COMPARING * 3, "has", "in"))
    left, right = column.wire_name, literal(dice, names, column)
    if operator == "in":
        right = f"({right},{literal(dice, names, column)})"
    chance = dice.random()
    if chance < 0.08:
        left, right = right, left
    elif chance < 0.15:
        right = names.column(dice, table, column.type).wire_name
    return f"{left} {operator} {right}"


def _text_match(dice: Random, names: Names, table: Table) -> str:
    types = () if dice.random() < 0.1 else (ColumnType.STRING,)
    column = names.column(dice, table, *types)
    value = some_text(dice).replace("'", "''")
    function = dice.choice(("contains", "startswith", "endswith") * 5 + ("substringof", "tolower"))
    ending = dice.choice(("", "", " eq true", " eq false", " ne null"))
    return f"{function}({column.wire_name},'{value}'){ending}"


def _query_function(dice: Random, names: Names, table: Table) -> str:
    column = names.column(dice, table)
    name = dice.choice(sorted(FUNCTIONS))
    value = literal(dice, names, column)
    given = dice.choice(
        (
            "",
            f",PropertyValue={value}",
            f",PropertyValue={dice.choice(NUMBERS)}",
            f",PropertyValue1={dice.choice(NUMBERS)},PropertyValue2={dice.choice(NUMBERS)}",
            f",PropertyValues=['{some_text(dice)}','2']",
            f",PropertyValues=[{value}]",
        )
    )
    return f"{_CRM}{name}(PropertyName='{column.wire_name}'{given})"


def _by_path(dice: Random, names: Names, table: Table) -> str:
    navigations = names.single_navigations(table)
    if not navigations:
        return _comparison(dice, names, table)
    navigation = dice.choice(navigations)
    return f"{navigation}/{_comparison(dice, names, names.behind(table, navigation))}"


def _lambda(dice: Random, names: Names, table: Table) -> str:
    navigations = names.collection_navigations(table)
    if not navigations:
        return _comparison(dice, names, table)
    navigation = dice.choice(navigations)
    inner = f"x/{_comparison(dice, names, names.behind(table, navigation))}"
    if dice.random() < 0.2:
        return f"{navigation}/any()"
    return f"{navigation}/{dice.choice(('any', 'all'))}(x:{inner})"


def fetch_text(dice: Random, names: Names, table: Table) -> str:
    """Draw FetchXML for a table."""
    is_aggregate = dice.random() < 0.25
    attributes = _totals if is_aggregate else _attributes
    parts = [attributes(dice, names, table), _fetch_filter(dice, names, table)]
    parts += [_link(dice, names, table) for _ in range(dice.choice((0, 0, 1, 2)))]
    if not is_aggregate and dice.random() < 0.4:
        order = f"<order attribute='{names.column(dice, table).logical_name}' descending='true'/>"
        parts.append(order)
    dice.shuffle(parts)
    settings = dice.choice(
        (
            "",
            "top='5'",
            f"top='{dice.choice(NUMBERS)}'",
            f"count='2' page='{dice.choice((1, 2, dice.choice(NUMBERS)))}' returntotalrecordcount='true'",
            "distinct='true'",
            f"count='2' page='2' paging-cookie={quoteattr(some_text(dice))}",
            "latematerialize='true' no-lock='true'",
            "datasource='retained'",
        )
    )
    if is_aggregate:
        settings = "aggregate='true'" + dice.choice(
            ("", "", f" aggregatelimit='{dice.choice(NUMBERS)}'")
        )
    text = (
        f"<fetch {settings}><entity name='{table.logical_name}'>{''.join(parts)}</entity></fetch>"
    )
    if dice.random() < 0.05:
        text = dice.choice(_BOMBS) + text
    return at_times_broken(dice, text, 0.2)


_BOMBS = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>",
    "<!DOCTYPE x [<!ENTITY xxe SYSTEM 'file:///etc/passwd'>]>",
    "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'>",
    "<?xml version='1.0' encoding='UTF-16'?>",
    "<?xml version='1.1'?><?php x?>",
    "<a>" * 3000,
)


def _attributes(dice: Random, names: Names, table: Table) -> str:
    if dice.random() < 0.1:
        return "<all-attributes/>"
    extra = f"alias={quoteattr(_xml(some_text(dice)))}" if dice.random() < 0.05 else ""
    columns = {names.column(dice, table).logical_name for _ in range(dice.randrange(1, 3))}
    return "".join(f"<attribute name='{column}' {extra}/>" for column in sorted(columns))


def _totals(dice: Random, names: Names, table: Table) -> str:
    """Groups, and what is reckoned for each."""
    numbers = (ColumnType.INTEGER, ColumnType.MONEY, ColumnType.DATETIME, ColumnType.STRING)
    parts = []
    if dice.random() < 0.6:
        column = names.column(dice, table, *numbers)
        way = ""
        if column.type is ColumnType.DATETIME:
            way = f"dategrouping='{dice.choice(_GROUPS)}'"
        parts.append(f"<attribute name='{column.logical_name}' alias='g' groupby='true' {way}/>")
    for number in range(dice.randrange(1, 3)):
        column = names.column(dice, table, *numbers)
        how = "x" if dice.random() < 0.03 else dice.choice(_AGGREGATES)
        name = column.logical_name
        parts.append(f"<attribute name='{name}' alias='a{number}' aggregate='{how}'/>")
    return "".join(parts)


_AGGREGATES = ("count", "countcolumn", "sum", "avg", "min", "max", "rowaggregate")


_GROUPS = ("day", "week", "month", "quarter", "year", "fiscal-period", "fiscal-year", "era")


def _fetch_filter(dice: Random, names: Names, table: Table, depth: int = 0) -> str:
    parts = [_condition(dice, names, table) for _ in range(dice.randrange(1, 3))]
    if depth < 2 and dice.random() < 0.3:
        parts.append(_fetch_filter(dice, names, table, depth + 1))
    if dice.random() < 0.15:
        parts.append(_link(dice, names, table, depth + 1, in_filter=True))
    return f"<filter type='{'xor' if dice.random() < 0.02 else dice.choice(('and', 'or'))}'>{''.join(parts)}</filter>"


def _condition(dice: Random, names: Names, table: Table) -> str:
    column = names.column(dice, table)
    operator = dice.choice(_fitting(column) if dice.random() < 0.9 else _FETCH_OPERATORS)
    start = f"<condition attribute='{column.logical_name}' operator='{operator}'"
    value = plain_value(dice, names, column)
    if dice.random() < 0.05:
        return f"{start} valueof='{names.column(dice, table).logical_name}'/>"
    special = SPECIAL_OPERATORS.get(operator)
    if operator in ("null", "not-null") or isinstance(special, Bare):
        return f"{start}/>"
    if isinstance(special, Numbered):
        value = dice.choice((*NUMBERS, "1", "2", "2026"))
    if "between" not in operator and "in" not in operator.split("-") and dice.random() < 0.8:
        return f"{start} value={quoteattr(_xml(value))}/>"
    count = 2 if "between" in operator else dice.randrange(4)
    values = [_xml(plain_value(dice, names, column)) for _ in range(count)]
    inner = "".join(f"<value>{quoteattr(text)[1:-1]}</value>" for text in values)
    return f"{start}>{inner}</condition>"


def _fitting(column: Column) -> tuple[str, ...]:
    """The operators that make sense for a column."""
    if column.type is ColumnType.DATETIME:
        people = ("user", "business", "team")
        kinds = (Bare, Numbered, Dated)
        dates = [n for n, o in SPECIAL_OPERATORS.items() if isinstance(o, kinds)]
        return (*_FETCH_PLAIN, *(n for n in dates if not any(word in n for word in people)))
    if column.type.is_lookup:
        about = (
            name
            for name, operator in SPECIAL_OPERATORS.items()
            if isinstance(operator, Identified) or "eq-user" in name
        )
        return ("eq", "ne", "in", "not-in", "null", "not-null", *about)
    if column.type is ColumnType.CHOICES:
        return ("eq", "in", "contain-values", "not-contain-values", "null", "not-null")
    return (*_FETCH_PLAIN, *_FETCH_TEXT) if column.type.is_text else _FETCH_PLAIN


def _xml(text: str) -> str:
    """Take out what no XML can hold; broken XML is made elsewhere."""
    return "".join(letter for letter in text if letter >= " " and letter not in "\ufffe\uffff")


def _link(
    dice: Random, names: Names, table: Table, depth: int = 0, *, in_filter: bool = False
) -> str:
    navigations = names.single_navigations(table) + names.collection_navigations(table)
    if not navigations:
        return ""
    navigation = dice.choice(navigations)
    other = names.behind(table, navigation)
    single = names.catalog.single_valued(table.logical_name, navigation)
    collection = names.catalog.collection_valued(table.logical_name, navigation)
    start, end = table.primary_id, other.primary_id
    if single is not None:
        start = single.referencing_column
    elif collection is not None:
        end = collection.referencing_column
    inner = _fetch_filter(dice, names, other, 2) if dice.random() < 0.6 else ""
    if depth < 2 and dice.random() < 0.2:
        inner += _link(dice, names, other, depth + 1)
    kind = dice.choice(_LINKS_IN_FILTERS if in_filter else _LINKS)
    if dice.random() < 0.03:
        kind = dice.choice((*_LINKS, *_LINKS_IN_FILTERS))
    return (
        f"<link-entity name='{other.logical_name}' from='{end}' to='{start}' link-type='{kind}'"
        f" alias='l{dice.randrange(10**6)}'>{inner}</link-entity>"
    )
