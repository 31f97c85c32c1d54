"""wa decide: what it prints, compares and refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cases.support import a_case

from work_assignment.cli.main import main
from work_assignment.mock_dataverse.server import MockServer

OUTPUT = (
    '{"id":"L1","outcome":"assigned","owner":"ana","owner_type":"systemuser","segment":"Fairs",'
    '"rule":"Anyone","reason":"Owner assigned successfully","status":2,"segmentation_status":1,'
    '"sequence":null}\n'
)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(content: object, name: str = "case.json") -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return written


def test_a_case_is_decided_line_by_line(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", write(a_case())]) == 0
    assert capsys.readouterr().out == OUTPUT


def test_a_case_comes_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\ufeff" + json.dumps(a_case())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["decide", "-"]) == 0
    assert capsys.readouterr().out == OUTPUT


def test_a_golden_file_is_decided_directly(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", write({"case": a_case(), "expect": [{"owner": "ben"}]})]) == 0
    assert capsys.readouterr().out == OUTPUT


def test_an_outcome_is_explained(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", write(a_case()), "--explain"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2026-03-04 09:00:00 UTC, lead L1: assigned to Ana (ana)\n  Segment")
    assert told.endswith(
        "  Outcome: Anyone: Ana, longest wait of 2, never had one, first of 2 such by id\n"
    )


def test_explanations_are_lines_of_json_too(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", write(a_case()), "--explain", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    data = json.loads(line)
    assert (data["id"], data["outcome"], data["owner"]) == ("L1", "assigned", "ana")
    assert data["trace"]["segments"] == [{"name": "Fairs"}]
    assert data["trace"]["outcome"].startswith("Anyone: Ana, longest wait of 2, never had one")


def test_what_is_expected_comes_out(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = write({"case": a_case(), "expect": [{"owner": "ana", "status": 2}]})
    assert main(["decide", file, "--check"]) == 0
    assert capsys.readouterr().out == f"{file}: 1 as expected\n"


def test_what_differs_is_shown_side_by_side(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    expect = [{"owner": "ben", "status": 2}, {"id": "L2"}]
    assert main(["decide", write({"case": a_case(), "expect": expect}), "--check"]) == 1
    first, owner, whole, second = capsys.readouterr().out.splitlines()
    assert first == 'expect[0]: {"id": "L1"} is otherwise'
    assert owner == '  owner: expected "ben", got "ana"'
    assert whole.startswith('  all of it: {"id": "L1", "outcome": "assigned"')
    assert second == 'expect[1]: {"id": "L2"}, but nothing more was decided'


def test_differences_are_lines_of_json_too(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", write({"case": a_case(), "expect": []}), "--check", "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    difference = json.loads(line)
    assert (difference["place"], difference["expected"]) == (0, None)
    assert difference["output"]["id"] == "L1"


def test_files_and_folders_are_checked_together(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "inner").mkdir()
    write({"case": a_case(), "expect": [{"owner": "ana"}]}, "inner/good.json")
    wrong = write({"case": a_case(), "expect": [{"owner": "ben"}, {}]}, "inner/wrong.json")
    bare = write(a_case(), "bare.json")
    broken = write('{"case": {}', "broken.json")
    good = write({"case": a_case(), "expect": [{}]}, "good.json")

    assert main(["decide", "--check", str(tmp_path / "inner"), good, bare, broken, wrong]) == 1
    differs, without, mistaken, total = capsys.readouterr().out.splitlines()
    assert differs.startswith(f'{wrong}: expect[0]: {{"id": "L1"}} is otherwise; owner: expected')
    assert differs.endswith("(and 1 more)")
    assert without == f"{bare} has no 'expect' to compare with"
    assert mistaken.startswith(f"{broken}:1: this is no JSON")
    assert total == "5 files: 2 as expected, 3 not"

    assert main(["decide", "--check", good, str(tmp_path / "inner" / "good.json")]) == 0
    assert capsys.readouterr().out == "2 files: 2 as expected, 0 not\n"


def test_many_checks_are_lines_of_json_too(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = write(a_case())
    assert main(["decide", "--check", "--json", str(tmp_path)]) == 1
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"file": bare, "problem": f"{bare} has no 'expect' to compare with"},
        {"files": 1, "as_expected": 0, "otherwise": 1},
    ]


def test_a_folder_without_cases_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", "--check", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"wa decide: {tmp_path} has no files of JSON in it\n"


def test_without_expectations_there_is_nothing_to_check(
    write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(a_case())
    assert main(["decide", file, "--check"]) == 1
    assert capsys.readouterr().err == f"wa decide: {file} has no 'expect' to compare with\n"


def test_a_mistake_is_told_and_nothing_decided(
    write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(a_case(events=[{"new": {"id": "L1"}}, {"sweep": {"segment": "Fare"}}]))
    assert main(["decide", file]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"wa decide: {file}: events[1].sweep.segment: there is no segment 'Fare'; "
        "did you mean 'Fairs'?\n"
    )


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing, broken = tmp_path / "none.json", tmp_path / "latin.json"
    broken.write_bytes(b'{"at": "\xe4"}')
    assert main(["decide", str(missing)]) == 1
    assert main(["decide", str(broken)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"wa decide: {missing} cannot be read: No such file or directory",
        f"wa decide: {broken} is not written in UTF-8",
    ]


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--explain", "--check"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decide", *arguments])
    assert ended.value.code == 2


def test_columns_are_checked_against_a_file(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    attributes = [{"LogicalName": "subject", "AttributeType": "String"}]
    tables = write({"LogicalName": "lead", "Attributes": attributes}, "lead.json")
    events = [{"new": {"id": "L1", "columns": {"subjct": "x"}}}]
    assert main(["decide", write(a_case(events=events)), "--metadata", tables]) == 1
    assert capsys.readouterr().err.endswith(
        "there is no column 'subjct' of lead; did you mean 'subject'?\n"
    )


def test_columns_are_checked_against_an_environment(
    write: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAVERSE_TOKEN", "any")
    filter_ = {"all": [["leadsourcecode", "eq", "Trade Show"]]}
    good = a_case(
        segments=[{"name": "Fairs", "filter": filter_}],
        events=[{"new": {"id": "L1", "columns": {"leadsourcecode": 7}}}],
    )
    bad = a_case(events=[{"new": {"id": "L1", "columns": {"leadsourcecod": 7}}}])
    unknown = a_case(segments=[{"name": "Fairs", "record_type": "leed"}], events=[])
    with MockServer() as mock:
        live = ["--metadata", "live", "--url", mock.url]
        assert main(["decide", write(good), *live]) == 0
        assert capsys.readouterr().out == OUTPUT
        assert main(["decide", write(bad), *live]) == 1
        assert "did you mean 'leadsourcecode'?" in capsys.readouterr().err
        assert main(["decide", write(unknown), *live]) == 1
        assert "there is no table 'leed'; did you mean 'lead'?" in capsys.readouterr().err
