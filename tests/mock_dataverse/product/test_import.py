"""Rows from CSV files: what each kind of cell means, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.definitions.bodies import column, options, table

from work_assignment.mock_dataverse.csv_import.problems import ImportRefused
from work_assignment.mock_dataverse.server import MockServer

ACCOUNT_ID = "11111111-2222-4333-8444-555555555555"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return folder


def rows(api: Api, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.row(path)["value"]
    return found


def refusal(server: MockServer, folder: Path) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        server.import_folder(folder)
    return str(refused.value).splitlines()


def test_cells_are_read_as_their_columns(server: MockServer, api: Api, tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        leads="leadid;subject;lastname;leadqualitycode;donotemail;revenue;estimatedclosedate;"
        "createdon;description;numberofemployees\r\n"
        f'{{{ACCOUNT_ID.upper()}}};"Fünf; ""sechs""";Ångström;warm;Do Not Allow;1100.04;2026-03-01;'
        '2025-01-31 09:30;"two\nlines";\r\n'
        "\r\n"
        ";Second;Brown;1;yes;;;;;7\r\n",
    )
    assert server.import_folder(folder) == {"lead": 2}
    first = api.row(f"leads({ACCOUNT_ID})")
    assert first["subject"] == 'Fünf; "sechs"'
    assert (first["leadqualitycode"], first["donotemail"], first["revenue"]) == (2, True, 1100.04)
    assert (first["estimatedclosedate"], first["createdon"]) == (
        "2026-03-01",
        "2025-01-31T09:30:00Z",
    )
    assert first["description"] == "two\nlines"
    assert first["numberofemployees"] is None
    (second,) = rows(api, "leads?$filter=subject eq 'Second'")
    assert (second["leadqualitycode"], second["donotemail"]) == (1, True)
    assert second["numberofemployees"] == 7


def test_lookups_are_found_by_id_key_and_name_in_any_order(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    folder = write(
        tmp_path,
        account=f"accountid,name,parentaccountid\n{ACCOUNT_ID},Child,Parent\n,Parent,\n",
        opportunities=f"name,_parentaccountid_value,customerid_contact\nDeal,{ACCOUNT_ID},Adams\n",
        systemuser="domainname,firstname,lastname\nana@x.example,Ana,Ek\n",
    )
    (tmp_path / "contacts.csv").write_text(
        "lastname,parentcustomerid,ownerid\nAdams,Child,ana@x.example\n", encoding="utf-8-sig"
    )
    assert server.import_folder(folder) == {
        "systemuser": 1,
        "account": 2,
        "contact": 1,
        "opportunity": 1,
    }
    child = api.row(f"accounts({ACCOUNT_ID})?$expand=parentaccountid($select=name)")
    assert child["parentaccountid"]["name"] == "Parent"
    (deal,) = rows(
        api,
        "opportunities?$select=name,_parentaccountid_value"
        "&$expand=customerid_contact($select=fullname;$expand=owninguser($select=domainname))",
    )
    assert deal["_parentaccountid_value"] == ACCOUNT_ID
    assert deal["customerid_contact"]["owninguser"]["domainname"] == "ana@x.example"


def test_lookups_find_rows_that_are_there_already(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    account = api.create("accounts", name="Émile & Fils")
    server.import_folder(write(tmp_path, contact="lastname,parentcustomerid\nX,émile & fils\n"))
    (contact,) = rows(api, "contacts?$filter=lastname eq 'X'")
    assert contact["_parentcustomerid_value"] == account


def test_circles_between_tables_are_closed_in_the_end(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    folder = write(
        tmp_path,
        accounts="name,primarycontactid\nA,Lee\n",
        contacts="lastname,parentcustomerid_account\nLee,A\n",
    )
    server.import_folder(folder)
    (account,) = rows(api, "accounts?$expand=primarycontactid($select=lastname)")
    (contact,) = rows(api, "contacts?$expand=parentcustomerid_account($select=name)")
    assert account["primarycontactid"]["lastname"] == "Lee"
    assert contact["parentcustomerid_account"]["name"] == "A"


def test_states_are_imported_with_their_reasons(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    text = "subject\tlastname\tstatecode\tstatuscode\nA\tx\tDisqualified\tLost\nB\tx\t\tContacted\n"
    server.import_folder(write(tmp_path, lead=text))
    found = {row["subject"]: row for row in rows(api, "leads")}
    assert (found["A"]["statecode"], found["A"]["statuscode"]) == (2, 4)
    assert (found["B"]["statecode"], found["B"]["statuscode"]) == (0, 2)


def test_an_export_with_annotations_can_be_imported_again(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    lookup = "_parentcustomerid_value"
    kind = f"{lookup}@Microsoft.Dynamics.CRM.lookuplogicalname"
    folder = write(
        tmp_path,
        accounts="@odata.etag,name,modifiedon,versionnumber\nW/1,Twin,2026-01-01,12\n",
        contacts=f"lastname,{lookup},{kind}\nTwin,,\nOther,Twin,account\n",
    )
    server.import_folder(folder)
    (contact,) = rows(api, "contacts?$filter=lastname eq 'Other'&$expand=parentcustomerid_account")
    assert contact["parentcustomerid_account"]["name"] == "Twin"


def test_all_mistakes_are_told_and_nothing_is_written(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    folder = write(
        tmp_path,
        accounts="name,revenue,creditonhold,nam\nGood,1,yes,\nBad,1.000,perhaps,\n",
        contacts="lastname,parentcustomerid\nA,Nobody\nB,Good\n",
        leads="lastname,leadqualitycode,estimatedclosedate\nC,Lukewarm,31/01/2026\n",
        acounts="name\nx\n",
        teammemberships="teamid\nx\n",
    )
    told = refusal(server, folder)
    expected = [
        ("acounts.csv", "no table has the entity set or logical name 'acounts'"),
        ("accounts.csv, line 1", "'nam'"),
        ("accounts.csv, line 3, column creditonhold", "'perhaps'"),
        ("contacts.csv, line 2, column parentcustomerid", "'Nobody'"),
        ("leads.csv, line 2, column leadqualitycode", "Hot (1), Warm (2), Cold (3)"),
        ("leads.csv, line 2, column estimatedclosedate", "'31/01/2026'"),
        ("teammemberships.csv", "links"),
    ]
    for place, words in expected:
        assert any(line.startswith(place) and words in line for line in told), (place, told)
    for entity_set in ("accounts", "contacts", "leads"):
        assert rows(api, f"{entity_set}?$top=1") == []


def test_what_the_rules_of_a_table_refuse_is_told_by_line_and_cell(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    long = "x" * 200
    told = refusal(
        server, write(tmp_path, accounts=f"name,numberofemployees\n{long},1\nB,-5\nC,2\n")
    )
    assert [line.partition(":")[0] for line in told] == [
        "accounts.csv, line 2, column name",
        "accounts.csv, line 3, column numberofemployees",
    ]
    assert ": 'xxx" in told[0]
    assert ": '-5' is refused: " in told[1]
    assert rows(api, "accounts") == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name\n\xff\n", "line 2: is not UTF-8"),
        (b'name\n"open\n', "is not CSV"),
        (b"", "header"),
        (b"name,name\nx,y\n", "twice"),
        (b"name\nx,y\n", "line 2: has 2 cells, the header 1"),
        (b"name,revenue\nx,1\ny\n", "line 3: has 1 cell, the header 2"),
        (b"accountid,name\nnope,x\n", "line 2, column accountid: 'nope' is not a guid"),
        (b"name,ownerid\nx,System\n", "line 2, column ownerid: there is no systemuser or team"),
    ],
)
def test_a_broken_file_is_refused(
    server: MockServer, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "accounts.csv").write_bytes(content)
    assert words in "\n".join(refusal(server, tmp_path))


def test_ambiguous_names_and_repeated_ids_are_refused(server: MockServer, tmp_path: Path) -> None:
    twice = f"accountid,name\n{ACCOUNT_ID},Same\n,Same\n{ACCOUNT_ID},Other\n"
    folder = write(tmp_path, accounts=twice, contacts="lastname,parentcustomerid\nA,Same\n")
    told = "\n".join(refusal(server, folder))
    assert "accounts.csv, line 4, column accountid" in told
    assert "is on line 2 already" in told
    assert "'Same' is more than one" in told


def test_an_empty_folder_says_what_is_expected(server: MockServer, tmp_path: Path) -> None:
    assert "accounts.csv" in refusal(server, tmp_path)[0]


def test_a_table_that_only_dataverse_has_is_said_so(server: MockServer, tmp_path: Path) -> None:
    told = refusal(server, write(tmp_path, invoices="name\nA\n", incident="title\nB\n", nope="x"))
    assert told[0] == "incident.csv: Dataverse has the table 'incident', the mock has not"
    assert told[1] == "invoices.csv: Dataverse has the table 'invoices', the mock has not"
    assert "no table has" in told[2]


def test_only_the_first_twenty_mistakes_are_told(server: MockServer, tmp_path: Path) -> None:
    cells = "\n".join("x" for _ in range(50))
    told = refusal(server, write(tmp_path, accounts=f"revenue\n{cells}\n"))
    assert len(told) == 21
    assert told[-1] == "and 30 more"


def test_webhooks_do_not_hear_of_it_and_progress_is_told(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    endpoint = api.create(
        "serviceendpoints",
        name="hook",
        contract=8,
        url="http://127.0.0.1:9/hook",
        authtype=4,
        authvalue="x",
    )
    message = rows(api, "sdkmessages?$filter=name eq 'Create'")[0]["sdkmessageid"]
    step = {
        "name": "on create",
        "mode": 1,
        "rank": 1,
        "stage": 40,
        "supporteddeployment": 0,
        "sdkmessageid@odata.bind": f"/sdkmessages({message})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
    }
    assert api.post("sdkmessageprocessingsteps", step).status_code == 204
    waiting = rows(api, "asyncoperations")
    told: list[tuple[int, int]] = []
    names = "\n".join(f"N {number}" for number in range(450))
    server.import_folder(
        write(tmp_path, accounts=f"name\n{names}\n"), lambda *step: told.append(step)
    )
    assert told[0] == (0, 450)
    assert told[-1] == (450, 450)
    assert len(told) > 2
    assert rows(api, "asyncoperations") == waiting


def test_tables_made_at_run_time_are_imported_by_either_name(
    server: MockServer, api: Api, tmp_path: Path
) -> None:
    body = table("new_Badge", column("Picklist", "new_Kind", OptionSet=options((7, "Gold"))))
    assert api.post("EntityDefinitions", body).status_code == 204
    server.import_folder(write(tmp_path, new_badge="new_name,new_kind\nFirst,gold\n"))
    (tmp_path / "new_badge.csv").rename(tmp_path / "NEW_Badges.csv")
    server.import_folder(tmp_path)
    assert [row["new_kind"] for row in rows(api, "new_badges")] == [7, 7]
    (tmp_path / "new_badge.csv").write_text("new_name\nx\n", encoding="utf-8")
    assert "is for the table new_badge too" in refusal(server, tmp_path)[0]


def test_a_table_that_takes_no_rows_says_so(server: MockServer, tmp_path: Path) -> None:
    (told,) = refusal(server, write(tmp_path, sdkmessages="name\nMine\n"))
    assert told.startswith("sdkmessages.csv, line 2: ")
