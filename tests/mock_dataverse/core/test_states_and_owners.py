"""State with status reason, and the owner with what follows from it."""

from __future__ import annotations

import uuid

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID, BUSINESS_UNIT_ID


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"statecode": 2, "statuscode": 5}, (2, 5)),
        ({"statuscode": 7}, (2, 7)),
        ({"statecode": 1}, (1, 3)),
        ({"statecode": "2", "statuscode": "4"}, (2, 4)),
    ],
)
def test_one_of_state_and_reason_implies_the_other(
    api: Api, change: dict[str, int], expected: tuple[int, int]
) -> None:
    lead = api.create("leads", subject="x")
    assert api.patch(f"leads({lead})", change).status_code == 204
    row = api.row(f"leads({lead})")
    assert (row["statecode"], row["statuscode"]) == expected


def test_an_illegal_pair_is_refused_in_dataverses_words(api: Api) -> None:
    lead = api.create("leads", subject="x")
    answer = api.patch(f"leads({lead})", {"statecode": 1, "statuscode": 1})
    said = (
        f"1 is not a valid status code for state code LeadState.Qualified on lead with Id {lead}."
    )
    assert_fault(answer, 400, "0x80048408", said)
    assert_fault(api.patch(f"leads({lead})", {"statuscode": 99}), 400, "0x80048408", "99 is not")
    assert_fault(api.patch(f"leads({lead})", {"statecode": 99}), 400, "0x80048408", "99 is not")
    assert_fault(api.patch(f"leads({lead})", {"statecode": None}), 400, "0x80040200")


def test_status_reasons_of_a_solution_are_known(api: Api) -> None:
    segment = api.create("wa_segments", wa_name=unique("paused"), wa_recordtype="lead")
    api.patch(f"wa_segments({segment})", {"statuscode": 727000000})
    assert api.row(f"wa_segments({segment})")["statecode"] == 1


def test_a_new_owner_brings_its_columns_along(api: Api) -> None:
    seller = api.create("systemusers", firstname="Ana")
    team = api.create("teams", name=unique("team"))
    lead = api.create("leads", **{"ownerid@odata.bind": f"/systemusers({seller})"})
    row = api.row(f"leads({lead})")
    assert (row["_ownerid_value"], row["_owninguser_value"]) == (seller, seller)
    assert api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/teams({team})"}).ok
    row = api.row(f"leads({lead})")
    assert (row["_ownerid_value"], row["_owningteam_value"]) == (team, team)
    assert (row["_owninguser_value"], row["_owningbusinessunit_value"]) == (None, BUSINESS_UNIT_ID)


def test_a_disabled_user_takes_no_records(api: Api) -> None:
    seller = api.create("systemusers", firstname="Gone", isdisabled=True)
    lead = api.create("leads", subject="x")
    answer = api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/systemusers({seller})"})
    assert_fault(answer, 403, "0x80040225", "either disabled or is not a member")
    assert api.row(f"leads({lead})")["_ownerid_value"] == ADMINISTRATOR_ID


def test_an_owner_who_does_not_exist_or_is_no_owner_is_refused(api: Api) -> None:
    missing = str(uuid.uuid4())
    answer = api.post("leads", {"ownerid@odata.bind": f"/systemusers({missing})"})
    assert_fault(answer, 404, "0x80040217", f"systemuser With Id = {missing}")
    account = api.create("accounts", name="x")
    answer = api.post("leads", {"ownerid@odata.bind": f"/accounts({account})"})
    assert_fault(answer, 400, "0x80060888", "takes systemuser or team")
