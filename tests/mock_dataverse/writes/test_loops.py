"""An account never lies below itself."""

from __future__ import annotations

from tests.mock_dataverse.core.client import Api, assert_fault

_CODE = "0x80040507"


def _under(account: str) -> dict[str, str]:
    return {"parentaccountid@odata.bind": f"accounts({account})"}


def test_an_account_cannot_be_its_own_parent(api: Api) -> None:
    account = api.create("accounts", name="x")

    answer = api.patch(f"accounts({account})", _under(account))

    assert_fault(answer, 400, _CODE, "parentaccountid", account)
    assert api.row(f"accounts({account})")["_parentaccountid_value"] is None


def test_an_account_cannot_be_put_below_one_that_lies_below_it(api: Api) -> None:
    top = api.create("accounts", name="top")
    middle = api.create("accounts", name="middle", **_under(top))
    bottom = api.create("accounts", name="bottom", **_under(middle))

    assert_fault(api.patch(f"accounts({top})", _under(bottom)), 400, _CODE, bottom)
    assert api.patch(f"accounts({bottom})", _under(top)).status_code == 204
    assert api.patch(f"accounts({top})", _under(bottom)).status_code == 400


def test_a_loop_by_association_is_refused_too(api: Api) -> None:
    top = api.create("accounts", name="top")
    bottom = api.create("accounts", name="bottom", **_under(top))
    address = {"@odata.id": f"{api.root}accounts({bottom})"}

    assert_fault(api.put(f"accounts({top})/parentaccountid/$ref", address), 400, _CODE, bottom)
