"""A CRM export is read as it is, and what is wrong with it is named by file, line and column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.samples.crm_files import FILES, write_export

from work_assignment.services.crm_export import (
    DealStage,
    account_columns,
    domain_names,
    export_definitions,
    opportunity_columns,
    read_export,
)
from work_assignment.services.csv_table import CsvError

PIPELINE = "sales_pipeline.csv"


def refused(folder: Path) -> CsvError:
    with pytest.raises(CsvError) as caught:
        read_export(folder)
    return caught.value


def test_a_good_export_is_read_into_typed_values(tmp_path: Path) -> None:
    export = read_export(write_export(tmp_path))
    assert [len(part) for part in (export.accounts, export.products, export.sellers)] == [4, 4, 4]
    won, engaging, *_ = export.opportunities
    assert (won.id, won.seller.manager) == ("AAA1", "Celia Rouche")
    assert won.product.list_price == Decimal(550)
    assert (won.stage, won.engaged_on, won.closed_on) == (
        DealStage.WON,
        date(2016, 10, 20),
        date(2017, 3, 1),
    )
    assert won.close_value == Decimal(1054)
    assert won.account is not None
    assert won.account.revenue == Decimal("1100.04")
    assert (engaging.account, engaging.close_value, engaging.closed_on) == (None, None, None)


def test_open_opportunities_are_those_in_the_first_two_stages(tmp_path: Path) -> None:
    export = read_export(write_export(tmp_path))
    assert [deal.id for deal in export.open_opportunities()] == ["AAA2", "AAA3", "AAA5"]


def test_what_an_account_does_not_say_is_empty(tmp_path: Path) -> None:
    dunmore = read_export(write_export(tmp_path)).accounts[2]
    assert (dunmore.year_established, dunmore.revenue, dunmore.employees) == (None, None, None)
    assert dunmore.subsidiary_of == "Brightwell"
    assert dunmore.sector == "technolgy"


def test_a_product_spelt_without_its_space_is_found(tmp_path: Path) -> None:
    assert read_export(write_export(tmp_path)).opportunities[1].product.name == "GTX Pro"


def test_a_product_spelt_without_spaces_that_could_be_two_is_refused(tmp_path: Path) -> None:
    more = ("GTX Pro,GTX,4821", "GTX Pro,GTX,4821\nGT XPro,GTX,4900")
    error = refused(write_export(tmp_path, "products.csv", more))
    (problem,) = error.problems
    assert (error.file, problem.line, problem.column) == (PIPELINE, 3, "product")
    assert problem.what.startswith("there is no product 'GTXPro'; did you mean 'GT")


def test_an_exact_product_name_wins_over_the_spelling_without_spaces(tmp_path: Path) -> None:
    more = ("GTX Pro,GTX,4821", "GTX Pro,GTX,4821\nGTXPro,GTX,4900")
    export = read_export(write_export(tmp_path, "products.csv", more))
    assert export.opportunities[1].product.name == "GTXPro"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_any_kind_and_a_byte_order_mark_are_read(tmp_path: Path, newline: str) -> None:
    write_export(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content.replace("\n", newline).encode("utf-8-sig"))
    assert len(read_export(tmp_path).opportunities) == 5


def test_blank_lines_further_columns_and_blanks_around_cells_do_no_harm(tmp_path: Path) -> None:
    text = "note, product ,series,sales_price\n\nx, GTX Pro , GTX,4821\n\n"
    write_export(tmp_path, "products.csv", text=text)
    (tmp_path / PIPELINE).write_text(FILES[PIPELINE].splitlines()[0], encoding="utf-8")
    assert [product.name for product in read_export(tmp_path).products] == ["GTX Pro"]


@pytest.mark.parametrize(
    ("file", "replace", "line", "column", "what"),
    [
        (PIPELINE, ("3/1/2017", "13/1/2017"), 2, "close_date", "not a date written M/D/YYYY"),
        (PIPELINE, ("11/3/2016", "2016-11-03"), 3, "engage_date", "'2016-11-03' is not a date"),
        (PIPELINE, ("2/28/2017", "2/29/2017"), 5, "close_date", "'2/29/2017' is not a date"),
        (PIPELINE, ("1054", "1,054"), 2, None, "has 9 cells, but the header has 8"),
        (PIPELINE, ("1054", '"1,054"'), 2, "close_value", "'1,054' is not a number"),
        (PIPELINE, ("1054", "NaN"), 2, "close_value", "'NaN' is not a number"),
        (PIPELINE, ("AAA1,Ana Lee", "AAA1,Anna Lee"), 2, "sales_agent", "did you mean 'Ana Lee'?"),
        (PIPELINE, ("AAA1,Ana Lee", "AAA1,"), 2, "sales_agent", "is empty"),
        (PIPELINE, (",Dunmore,", ",Dunmoor,"), 4, "account", "did you mean 'Dunmore'?"),
        (PIPELINE, ("GTK 500", "GTK 600"), 5, "product", "did you mean 'GTK 500'?"),
        (PIPELINE, ("Prospecting", "Prospect"), 4, "deal_stage", "did you mean 'Prospecting'?"),
        (PIPELINE, ("AAA3", "AAA1"), 4, "opportunity_id", "'AAA1' is already on line 2"),
        ("accounts.csv", ("1996", "199x"), 2, "year_established", "'199x' is not a whole number"),
        ("accounts.csv", ("251.4,", "-1,"), 3, "revenue", "'-1' is not a number"),
        ("accounts.csv", ("States,Brightwell", "States,Bright"), 4, "subsidiary_of", "Brightwell"),
        ("accounts.csv", ("Corvane", "Brightwell"), 3, "account", "is already on line 2"),
        ("products.csv", ("GTX,550", "GTX,"), 2, "sales_price", "is empty"),
        ("products.csv", ("Basic,GTX", "Basic,"), 2, "series", "is empty"),
        ("sales_teams.csv", ("Ben Ortiz", "Ana Lee"), 3, "sales_agent", "already on line 2"),
        ("sales_teams.csv", ("Marxen,Central", "Marxen,"), 3, "regional_office", "is empty"),
    ],
)
def test_a_bad_cell_is_named_by_file_line_and_column(
    tmp_path: Path,
    file: str,
    replace: tuple[str, str],
    line: int,
    column: str | None,
    what: str,
) -> None:
    error = refused(write_export(tmp_path, file, replace))
    assert error.file == file
    (problem,) = error.problems
    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    place = f"{file}, line {line}" + (f", column {column}: " if column else ": ")
    assert str(error) == place + problem.what


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    error = refused(write_export(tmp_path, "products.csv", ("sales_price", "sale_price")))
    assert str(error) == (
        "products.csv, line 1, column sales_price: the column is missing;"
        " the nearest is 'sale_price'"
    )


def test_all_missing_columns_are_named_and_an_empty_file_misses_them_all(tmp_path: Path) -> None:
    error = refused(write_export(tmp_path, "sales_teams.csv", text=""))
    assert [p.column for p in error.problems] == ["sales_agent", "manager", "regional_office"]


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    error = refused(
        write_export(tmp_path, "products.csv", text="product,series,sales_price,series")
    )
    assert str(error) == "products.csv, line 1, column series: the column is there twice"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write_export(tmp_path) / "sales_teams.csv").unlink()
    assert str(refused(tmp_path)).startswith("sales_teams.csv, line 1: cannot be read:")


def test_text_that_is_not_utf_8_is_named_by_its_line(tmp_path: Path) -> None:
    latin = FILES["sales_teams.csv"].encode("latin-1")
    (write_export(tmp_path) / "sales_teams.csv").write_bytes(latin)
    assert str(refused(tmp_path)) == (
        "sales_teams.csv, line 4: is not UTF-8 text; save the file as CSV UTF-8"
    )


def test_a_quote_that_never_ends_is_refused(tmp_path: Path) -> None:
    error = refused(write_export(tmp_path, "products.csv", ("MG Special", '"MG Special')))
    assert error.file == "products.csv"
    assert "is not CSV" in str(error)


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    replace = ("Brightwell,medical", '"Brightwell\nGroup",medical')
    error = refused(write_export(tmp_path, "accounts.csv", replace))
    (problem,) = error.problems
    assert (problem.line, problem.column) == (5, "subsidiary_of")


def test_all_problems_of_a_file_are_reported_in_the_order_of_its_lines(tmp_path: Path) -> None:
    rows = FILES[PIPELINE].replace("AAA3", "AAA1").replace("10/20/2016", "soon")
    error = refused(write_export(tmp_path, PIPELINE, text=rows.replace("Corvane", "Korvane")))
    assert [(p.line, p.column) for p in error.problems] == [
        (2, "engage_date"),
        (4, "opportunity_id"),
        (6, "account"),
    ]
    assert error.more == 0


def test_at_most_twenty_problems_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    header, *_ = FILES[PIPELINE].splitlines()
    bad = "\n".join(f"B{n},Nobody,GTX Pro,,Engaging,,," for n in range(35))
    error = refused(write_export(tmp_path, PIPELINE, text=f"{header}\n{bad}\n"))
    assert len(error.problems) == 20
    assert error.more == 15
    assert [problem.line for problem in error.problems] == list(range(2, 22))
    assert str(error).endswith("sales_pipeline.csv: and 15 more")


def test_sellers_become_definitions_with_manager_and_office_as_attributes(tmp_path: Path) -> None:
    sellers = export_definitions(read_export(write_export(tmp_path)))["sellers"]
    assert sellers[2] == {
        "user": "chloe.d.arcy@crm-export.example",
        "max_capacity": 75,
        "attributes": {"Manager": ["Cara Losch"], "Regional office": ["East"]},
    }
    assert len(sellers) == 4


def test_sellers_whose_names_look_alike_get_domain_names_of_their_own(tmp_path: Path) -> None:
    more = ("Ben Ortiz", "Chloe d Arcy")
    write_export(tmp_path, "sales_teams.csv", more)
    (tmp_path / PIPELINE).write_text(FILES[PIPELINE].splitlines()[0], encoding="utf-8")
    names = domain_names(read_export(tmp_path).sellers)
    assert names["Chloe d Arcy"] == "chloe.d.arcy@crm-export.example"
    assert names["Chloé D'Arcy"] == "chloe.d.arcy2@crm-export.example"


def test_a_deal_becomes_an_opportunity_row_and_says_nothing_it_does_not_know(
    tmp_path: Path,
) -> None:
    _, unknown, dunmore, *_ = read_export(write_export(tmp_path)).opportunities
    assert opportunity_columns(unknown) == {
        "name": "GTX Pro for AAA2",
        "crm_externalid": "AAA2",
        "crm_product": "GTX Pro",
        "crm_productseries": "GTX",
        "crm_listprice": Decimal(4821),
        "crm_stage": "Engaging",
    }
    assert opportunity_columns(dunmore)["crm_sector"] == "technolgy"
    assert opportunity_columns(dunmore)["name"] == "MG Special for Dunmore"


def test_an_account_becomes_an_account_row_with_its_revenue_in_full(tmp_path: Path) -> None:
    first, _, dunmore, _ = read_export(write_export(tmp_path)).accounts
    assert account_columns(first) == {
        "name": "Brightwell",
        "revenue": Decimal("1100040000.00"),
        "numberofemployees": 2822,
        "address1_country": "United States",
    }
    assert account_columns(dunmore) == {"name": "Dunmore", "address1_country": "United States"}
