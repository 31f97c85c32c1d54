"""Queries for `sql=`: some as they should be, some that ask for what is not there, some broken."""

from __future__ import annotations

from random import Random

from tests.fuzz.filters import plain_value
from tests.fuzz.names import Names, row_id
from tests.fuzz.texts import NUMBERS, at_times_broken

from work_assignment.mock_dataverse.tables.metadata import ColumnType, Table

_FORBIDDEN = ("; DELETE FROM lead", "UNION SELECT name FROM sqlite_master", "-- x", "/* x")


def sql_text(dice: Random, names: Names, table: Table) -> str:
    """Draw a query for `sql=`; half of them are as they should be."""
    if dice.random() < 0.5:
        return _meant_sql(dice, names, table)
    columns = ", ".join(names.column(dice, table).logical_name for _ in range(2))
    column = names.column(dice, table)
    value = plain_value(dice, names, column).replace("'", "''")
    where = dice.choice(
        (
            "",
            f"WHERE {column.logical_name} = '{value}'",
            f"WHERE {column.logical_name} LIKE '{value}' OR NOT {column.logical_name} IS NULL",
            f"WHERE {column.logical_name} IN ('{value}', 1, NULL)",
            f"WHERE {column.logical_name} BETWEEN {dice.choice(NUMBERS)} AND 5",
            "WHERE EXISTS (SELECT 1 FROM sqlite_master)",
        )
    )
    ending = dice.choice(
        (
            "",
            f"ORDER BY {column.logical_name} DESC",
            f"GROUP BY {column.logical_name}",
            f"ORDER BY 1 OFFSET {dice.choice(NUMBERS)} ROWS FETCH NEXT 5 ROWS ONLY",
            *(_FORBIDDEN if dice.random() < 0.1 else ("",)),
        )
    )
    chosen = dice.choice((columns, columns, "*", "COUNT(*) AS n", "DISTINCT " + columns))
    top = dice.choice(("", "TOP 3 ", f"TOP {dice.choice(NUMBERS)} " if dice.random() < 0.2 else ""))
    text = f"SELECT {top}{chosen} FROM {table.logical_name} {where} {ending}"  # noqa: S608 - the attack
    return at_times_broken(dice, text, 0.3)


def _meant_sql(dice: Random, names: Names, table: Table) -> str:
    kinds = (ColumnType.STRING, ColumnType.INTEGER, ColumnType.DATETIME)
    column = names.column(dice, table, *kinds)
    name, key = column.logical_name, table.primary_id
    value = {ColumnType.STRING: "'abc'", ColumnType.INTEGER: "7"}.get(column.type, "'2026-03-04'")
    where = dice.choice(
        (
            "",
            f"WHERE {key} = '{row_id(1)}' OR {key} IN ('{row_id(2)}', '{row_id(3)}')",
            f"WHERE NOT ({name} IS NULL)",
            *(
                (f"WHERE {name} = {value}", f"WHERE {name} < {value}")
                if column.type in kinds
                else ()
            ),
        )
    )
    chosen, ending = dice.choice(
        (
            (f"TOP 3 {key}, {name}", f"ORDER BY {name} DESC"),
            (f"{name}, {key}", f"ORDER BY {key} OFFSET 2 ROWS FETCH NEXT 5 ROWS ONLY"),
            (f"DISTINCT {name}", ""),
            ("COUNT(*) AS n", ""),
            (f"{name}, COUNT(*) AS n", f"GROUP BY {name}"),
        )
    )
    return f"SELECT {chosen} FROM {table.logical_name} {where} {ending}"  # noqa: S608 - no attack
