"""What an import says of files that are wrong: where, in which order, and no more than is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.product.test_import import refusal, rows, write
from tests.samples.crm_files import write_export

from work_assignment.cli import mock_import
from work_assignment.cli.common import Refused
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import Credentials

ANYBODY = Credentials()


def test_mistakes_are_told_file_by_file_in_the_order_of_lines(
    server: MockServer, tmp_path: Path
) -> None:
    told = refusal(
        server,
        write(
            tmp_path,
            accounts="name,revenue,ownerid\nA,1,nobody@x\nB,much,\nC\nD,1,nobody@y\nE,more,\n",
            leads="lastname,nope\nX\n",
        ),
    )
    assert [line.partition(":")[0] for line in told] == [
        "accounts.csv, line 2, column ownerid",
        "accounts.csv, line 3, column revenue",
        "accounts.csv, line 4",
        "accounts.csv, line 5, column ownerid",
        "accounts.csv, line 6, column revenue",
        "leads.csv, line 1",
        "leads.csv, line 2",
    ]


def test_the_first_mistakes_are_told_in_whatever_order_they_are_found(
    server: MockServer, tmp_path: Path
) -> None:
    lines = "\n".join("1,nobody@x" if number < 15 else "x," for number in range(60))
    told = refusal(server, write(tmp_path, accounts=f"revenue,ownerid\n{lines}\n"))
    numbers = [int(line.split(",")[1].split()[1]) for line in told[:-1]]
    assert numbers == list(range(2, 22))
    assert told[-1] == "and 40 more"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'name,revenue\nA,much\n"open,1\nB,more\n',
            ["line 2, column revenue: 'much'", "line 3: is not CSV: a quote", "line 4, column rev"],
        ),
        (
            'name,revenue\n"A"x,1\nB,more\n"C" y,2\nD\n',
            [
                "line 2: is not CSV: ',' expected after '\"'",
                "line 3, column revenue: 'more'",
                "line 4: is not CSV: ',' expected after '\"'",
                "line 5: has 1 cell, the header 2",
            ],
        ),
        ('"name,revenue\nA,much\n', ["line 1: is not CSV: a quote that begins here never ends"]),
    ],
)
def test_a_broken_quote_hides_no_other_mistake(
    server: MockServer, tmp_path: Path, text: str, expected: list[str]
) -> None:
    told = refusal(server, write(tmp_path, accounts=text))
    assert len(told) == len(expected)
    for line, words in zip(told, expected, strict=True):
        assert line.startswith(f"accounts.csv, {words}")


@pytest.mark.parametrize("text", ['name\n"A\n', "name\nA,1\n", "name\n\udcff\n"])
def test_rows_that_could_not_be_read_are_not_said_to_be_missing_elsewhere(
    server: MockServer, tmp_path: Path, text: str
) -> None:
    write(tmp_path, contacts="lastname,parentcustomerid,ownerid\nX,A,nobody@x\n")
    (tmp_path / "accounts.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    told = refusal(server, tmp_path)
    assert len(told) == 2
    assert told[0].startswith("accounts.csv, line 2: ")
    assert told[1].startswith("contacts.csv, line 2, column ownerid: there is no systemuser")


def test_a_refused_value_is_named_once_with_its_column(server: MockServer, tmp_path: Path) -> None:
    files = {"accounts": "name,statecode,statuscode\nA,1,1\n", "leads": f"lastname\n{'x' * 200}\n"}
    state, name = refusal(server, write(tmp_path, **files))
    assert state.startswith("accounts.csv, line 2, column statuscode: '1' is refused: ")
    assert state.count("statuscode") == 1
    assert "(column" not in state
    assert name.startswith(f"leads.csv, line 2, column lastname: '{'x' * 57}...' is refused: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "name;revenue,1\nA,1\n",
            "no column 'name;revenue'; the cells are taken to be separated by ',', this looks like"
            " ';'",
        ),
        ("name|revenue\nA|1\n", "separated by ',', ';' or tabs, this looks like '|'"),
        ("nome\nA\n", "no column 'nome'; the nearest is name"),
    ],
)
def test_a_header_that_looks_like_another_separator_says_so(
    server: MockServer, tmp_path: Path, text: str, words: str
) -> None:
    assert words in refusal(server, write(tmp_path, accounts=text))[0]


def test_two_users_with_one_domain_name_are_refused(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    api.create("systemusers", lastname="Old", domainname="old@x.example")
    text = "lastname,domainname\nA,ana@x.example\nB,Ana@X.example\nC,OLD@x.example\nD,\nE,\n"
    told = refusal(server, write(tmp_path, systemusers=text))
    assert told == [
        "systemusers.csv, line 3, column domainname: 'Ana@X.example' is on line 2 already",
        "systemusers.csv, line 4, column domainname: 'OLD@x.example' is the domainname of another"
        " systemuser already",
    ]


def test_extensions_and_names_may_be_in_capitals(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    (tmp_path / "accounts.CSV").write_text("name\nA\n", encoding="utf-8")
    (tmp_path / "Leads.Csv").write_text("lastname\nB\n", encoding="utf-8")
    assert server.import_folder(tmp_path) == {"account": 1, "lead": 1}
    assert [row["name"] for row in rows(api, "accounts")] == ["A"]


def test_a_file_that_is_no_csv_is_named_where_it_looks_like_a_table(
    server: MockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, leads="lastname\nB\n")
    for name in ("accounts.tsv", "contacts.csv.txt", "Products.XLSX", "notes.txt", "LICENSE"):
        (tmp_path / name).write_text("name\nA\n", encoding="utf-8")
    mock_import.fill(server, tmp_path, ANYBODY)
    told = capsys.readouterr().err
    for name in ("accounts.tsv", "contacts.csv.txt", "Products.XLSX"):
        assert f"{name} is left out: only files that end in .csv are imported." in told
    assert "notes.txt" not in told
    assert "LICENSE" not in told


def test_an_import_says_what_it_is_at(
    server: MockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, leads="lastname,parentaccountid\nX,A\n", accounts="name\nA\nB\n")
    mock_import.fill(server, tmp_path, ANYBODY)
    assert capsys.readouterr().err.splitlines() == [
        f"Importing {tmp_path} ...",
        "  accounts.csv: 2 rows",
        "  leads.csv: 1 row",
        "Imported 2 accounts, 1 lead.",
    ]


def test_a_folder_taken_for_a_crm_export_says_why(
    server: MockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_export(tmp_path)
    (folder / "sales_teams.csv").write_text("seller\nAna\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        mock_import.fill(server, folder, ANYBODY)
    first, second, *_ = str(refused.value).splitlines()
    assert first == (
        f"nothing was imported from {folder}, which is taken for a CRM export because it has"
        " sales_teams.csv and sales_pipeline.csv:"
    )
    assert second.startswith("sales_teams.csv, line 1, column ")
    assert capsys.readouterr().err == f"Importing {folder}, a CRM export ...\n"
