"""FetchXML reads rows: columns, links, orders, distinct."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.conftest import ADA, ANA, CONTOSO
from tests.mock_dataverse.reads.world import ALL_ANNOTATIONS, ROOT, World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.render import FORMATTED

ACCOUNT = "<link-entity name='account' from='accountid' to='parentaccountid' {}>{}</link-entity>"


def _lead(inner: str, head: str = "") -> str:
    return f"<fetch {head}><entity name='lead'>{inner}</entity></fetch>"


def test_a_row_has_its_columns_its_key_and_its_etag(world: World) -> None:
    inner = "<attribute name='subject'/><attribute name='ownerid'/><filter><condition attribute='statecode' operator='eq' value='1'/></filter>"
    assert world.get("leads", fetch=_lead(inner)) == {
        "@odata.context": f"{ROOT}$metadata#leads(subject,_ownerid_value,leadid)",
        "value": [
            {
                "@odata.etag": 'W/"1008"',
                "subject": "100% cotton",
                "_ownerid_value": guid(0xF1),
                "leadid": guid(2),
            }
        ],
    }


def test_no_attribute_at_all_means_all_columns(world: World) -> None:
    for inner in ("", "<all-attributes/>"):
        row = world.fetched(_lead(inner))[0]
        assert row["donotemail"] is True
        assert row["_wa_segmentid_value"] is not None
        assert "hidden" not in row


def test_what_is_null_is_left_out(world: World) -> None:
    inner = "<attribute name='subject'/><attribute name='firstname'/><order attribute='leadid'/>"
    rows = world.fetched(_lead(inner))
    assert [row.get("firstname", "none") for row in rows] == ["Zoë", "Bo", "none"]
    assert "firstname" not in rows[2]


def test_an_amount_comes_with_its_currency(world: World) -> None:
    inner = "<attribute name='estimatedamount'/><order attribute='leadid'/>"
    first, second, _ = world.fetched(_lead(inner))
    assert (first["estimatedamount"], first["_transactioncurrencyid_value"]) == (
        1234.5,
        guid(0xE1),
    )
    assert "_transactioncurrencyid_value" not in second
    assert "_transactioncurrencyid_value" not in world.fetched(_lead(inner, "distinct='true'"))[1]


def test_rows_right_below_are_counted(world: World) -> None:
    world.add("account", 0x53, name="Below", parentaccountid=guid(CONTOSO))
    world.add("account", 0x54, name="Further below", parentaccountid=guid(0x53))
    fetch = (
        "<fetch><entity name='account'><attribute name='name'/><order attribute='accountid'/>"
        "<attribute name='accountid' alias='children' rowaggregate='CountChildren'/>"
        "</entity></fetch>"
    )
    rows = world.fetched(fetch, "accounts")
    assert [row["children"] for row in rows] == [1, 0, 1, 0]
    distinct = world.fetched(fetch.replace("<fetch>", "<fetch distinct='true'>"), "accounts")
    assert [row["children"] for row in distinct] == [1, 0, 1, 0]


def test_what_only_tunes_a_query_changes_nothing(world: World) -> None:
    head = (
        "no-lock='true' latematerialize='true' options='OptimizeForUnknown' mapping='logical' "
        f"min-active-row-version='true' savedqueryid='{guid(1)}' version='1.0'"
    )
    inner = "<attribute name='leadid'/><filter type='or' hint='union' isquickfindfields='1'/>"
    assert len(world.fetched(_lead(inner, head))) == 3


def test_a_count_may_be_asked_beside_a_fetch_and_is_not_given(world: World) -> None:
    body = world.get("leads", fetch=_lead("<attribute name='leadid'/>"), count="true")
    assert "@odata.count" not in body
    assert len(body["value"]) == 3


def test_a_linked_column_stands_under_alias_and_name(world: World) -> None:
    link = ACCOUNT.format("alias='a' link-type='outer'", "<attribute name='name'/>")
    rows = world.fetched(_lead(f"<attribute name='subject'/>{link}<order attribute='leadid'/>"))
    assert [row.get("a.name") for row in rows] == ["Contoso", "Fabrikam", None]
    assert "a.name" not in rows[2]


def test_a_link_is_inner_unless_said_otherwise_and_gets_an_alias(world: World) -> None:
    rows = world.fetched(_lead(ACCOUNT.format("", "<attribute name='name'/>")))
    assert [row["account1.name"] for row in rows] == ["Contoso", "Fabrikam"]


def test_an_attribute_may_have_an_alias_of_its_own(world: World) -> None:
    link = ACCOUNT.format("alias='a'", "<attribute name='name' alias='company'/>")
    row = world.fetched(_lead(f"<attribute name='subject' alias='topic'/>{link}"))[0]
    assert (row["topic"], row["company"]) == ("Forty chairs", "Contoso")


def test_filters_of_an_outer_link_belong_to_the_join(world: World) -> None:
    wanted = "<filter><condition attribute='name' operator='eq' value='contoso'/></filter>"
    outer = ACCOUNT.format("alias='a' link-type='outer'", f"<attribute name='name'/>{wanted}")
    assert [row.get("a.name") for row in world.fetched(_lead(outer))] == ["Contoso", None, None]
    inner = ACCOUNT.format("alias='a'", f"<attribute name='name'/>{wanted}")
    assert len(world.fetched(_lead(inner))) == 1


def test_entityname_lets_the_main_filter_speak_of_a_link(world: World) -> None:
    missing = "<filter><condition entityname='a' attribute='accountid' operator='null'/></filter>"
    link = ACCOUNT.format("alias='a' link-type='outer'", "")
    rows = world.fetched(_lead(f"<attribute name='subject'/>{missing}{link}"))
    assert [row["subject"] for row in rows] == ["O'Hara"]


def test_links_nest_and_cross_an_intersect_table(world: World) -> None:
    fetch = """<fetch><entity name='systemuser'><attribute name='fullname'/>
      <link-entity name='teammembership' from='systemuserid' to='systemuserid' intersect='true'>
        <link-entity name='team' from='teamid' to='teamid' alias='t'><attribute name='name'/>
      </link-entity></link-entity></entity></fetch>"""
    rows = world.fetched(fetch, "systemusers")
    assert [(row["fullname"], row["t.name"]) for row in rows] == [
        ("Ana Alvarez", "North"),
        ("Ben Brown", "North"),
    ]


def test_annotations_of_linked_columns(world: World) -> None:
    link = ACCOUNT.format(
        "alias='a'", "<attribute name='primarycontactid'/><attribute name='revenue'/>"
    )
    row = world.get("leads", ALL_ANNOTATIONS, fetch=_lead(link))["value"][0]
    assert row["a.primarycontactid"] == guid(ADA)
    assert row[f"a.primarycontactid@{FORMATTED}"] == "Ada Byron"
    assert row["a.primarycontactid@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"
    assert row[f"a.revenue@{FORMATTED}"] == "€5,000.00"


@pytest.mark.parametrize(
    ("head", "orders", "ids"),
    [
        ("", "<order attribute='subject' descending='true'/>", [3, 1, 2]),
        ("", "<order attribute='leadsourcecode' descending='true'/>", [2, 1, 3]),
        ("useraworderby='1'", "<order attribute='leadsourcecode' descending='true'/>", [1, 2, 3]),
        ("", "<order attribute='ownerid'/>", [3, 1, 2]),
        ("", "<order attribute='statecode'/><order attribute='createdon'/>", [3, 1, 2]),
        ("", "<attribute name='subject' alias='s'/><order alias='s'/>", [2, 1, 3]),
    ],
)
def test_order(world: World, head: str, orders: str, ids: list[int]) -> None:
    rows = world.fetched(_lead(f"<attribute name='leadid'/>{orders}", head))
    assert [row["leadid"] for row in rows] == [guid(number) for number in ids]


def test_order_by_a_linked_column(world: World) -> None:
    link = ACCOUNT.format("alias='a'", "<order attribute='name' descending='true'/>")
    rows = world.fetched(_lead(f"<attribute name='leadid'/>{link}"))
    assert [row["leadid"] for row in rows] == [guid(2), guid(1)]
    named = ACCOUNT.format("alias='a' link-type='outer'", "")
    order = "<order entityname='a' attribute='name'/>"
    rows = world.fetched(_lead(f"<attribute name='leadid'/>{order}{named}"))
    assert [row["leadid"] for row in rows] == [guid(3), guid(1), guid(2)]


def test_distinct_rows_have_neither_key_nor_etag(world: World) -> None:
    world.add("lead", 4, subject="FORTY CHAIRS", ownerid=guid(ANA), ownerid__type="systemuser")
    inner = "<attribute name='ownerid'/><order attribute='ownerid'/>"
    rows = world.fetched(_lead(inner, "distinct='true'"))
    assert rows == [
        {},
        {"_ownerid_value": guid(ANA)},
        {"_ownerid_value": guid(0xF1)},
    ]
    texts = world.fetched(_lead("<attribute name='subject'/>", "distinct='true'"))
    assert len(texts) == 3


def test_top(world: World) -> None:
    assert len(world.fetched(_lead("<attribute name='subject'/>", "top='2'"))) == 2


@pytest.mark.parametrize(
    ("fetch", "code", "message"),
    [
        ("<fetch", "0x80040203", "not well-formed XML"),
        ("", "0x80040203", "not well-formed XML"),
        ("<!DOCTYPE f [<!ENTITY a 'b'>]><fetch>&a;</fetch>", "0x80040203", "entities"),
        ("<query/>", "0x80040203", "not with <query>"),
        ("<fetch/>", "0x80040203", "exactly 1 <entity>"),
        ("<fetch><entity name='none'/></fetch>", "0x80041102", "name = 'none'"),
        ("<fetch><entity name='account'/></fetch>", "0x80040203", "does not belong"),
        (_lead("<attribute name='none'/>"), "0x80041103", "'lead' entity doesn't contain attribute"),
        (_lead("<attribute name='hidden'/>"), "0x80041103", "Name = 'hidden'"),
        (_lead("<order attribute='none'/>"), "0x80041103", "Name = 'none'"),
        (_lead("<order alias='none'/>"), "0x80040203", "alias 'none'"),
        (_lead(ACCOUNT.replace("accountid'", "none'", 1).format("", "")), "0x80041103", "'none'"),
        (_lead(ACCOUNT.format("alias='a'", "") * 2), "0x80040203", "two link-entities"),
        (_lead(ACCOUNT.format("alias='a b'", "")), "0x80040203", "alias 'a b' is invalid"),
        (_lead(ACCOUNT.format("", "") * 16), "0x8004430d", "Number of link entities"),
        (_lead("<attribute name='subject' alias='x'/><attribute name='lastname' alias='x'/>"),
         "0x80040203", "would be called 'x'"),
        (_lead("<attribute name='subject' aggregate='count' alias='n'/>"), "0x80040203",
         "aggregate=\"true\""),
        (_lead("<columns/>"), "0x80040203", "<columns> is not known"),
        (_lead("", "pages='1'"), "0x80040203", "attribute 'pages' of <fetch>"),
        (_lead("", "top='0'"), "0x80040203", "'top' of <fetch> cannot be '0'"),
        (_lead("", "top='5001'"), "0x80040203", "cannot be '5001'"),
        (_lead("", "top='3' page='1'"), "0x80040203", "cannot be combined with page"),
        (_lead("", "top='3' returntotalrecordcount='true'"), "0x80040203", "cannot be combined"),
        (_lead("", "distinct='maybe'"), "0x80040203", "true or false"),
        (_lead(ACCOUNT.format("link-type='sideways'", "")), "0x80040203", "link-type 'sideways'"),
        (_lead("", "aggregatelimit='50001'"), "0x80040203", "cannot be '50001'"),
        (_lead("<attribute name='leadid' alias='n' rowaggregate='CountChildren'/>"), "0x80040203",
         "'lead' has no hierarchical relationship"),
        (_lead("<attribute name='leadid' rowaggregate='CountChildren'/>"), "0x80040203", "alias"),
        (_lead("<attribute name='leadid' alias='n' rowaggregate='All'/>"), "0x80040203", "'All'"),
    ],
)  # fmt: skip
def test_a_wrong_fetch_is_refused_by_name(
    world: World, fetch: str, code: str, message: str
) -> None:
    with pytest.raises(Fault) as refused:
        world.fetched(fetch)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert message in refused.value.message


@pytest.mark.parametrize(
    "fetch",
    [
        _lead("", "utc-offset='60'"),
        _lead("", "datasource='retained'"),
        _lead("<attribute name='owneridname'/>"),
        _lead(ACCOUNT.format("link-type='matchfirstrowusingcrossapply'",
              "<link-entity name='contact' from='contactid' to='primarycontactid'/>")),
        _lead(ACCOUNT.format("alias='a' link-type='outer'",
              "<filter><condition attribute='name' operator='eq' valueof='b.name'/></filter>")
              + ACCOUNT.format("alias='b'", "")),
        _lead(ACCOUNT.format("link-type='outer'",
              "<link-entity name='contact' from='contactid' to='primarycontactid'/>")),
    ],
)  # fmt: skip
def test_what_is_not_emulated_is_a_501(world: World, fetch: str) -> None:
    with pytest.raises(Fault) as refused:
        world.fetched(fetch)
    assert refused.value.status == 501


def test_other_options_do_not_go_with_a_fetch(world: World) -> None:
    with pytest.raises(Fault, match="cannot be combined with fetchXml"):
        world.query("leads", {"fetchXml": _lead(""), "$top": "1"})
    assert world.query("leads", {"fetchXml": _lead(""), "tag": "wa"})["value"]


def test_an_amount_in_a_linked_row_that_is_missing_has_no_currency(world: World) -> None:
    link = ACCOUNT.format("alias='a' link-type='outer'", "<attribute name='revenue'/>")
    rows = world.get("leads", ALL_ANNOTATIONS, fetch=_lead(link))["value"]
    assert [row.get("a.revenue") for row in rows] == [5000.0, None, None]
