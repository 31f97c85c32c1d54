"""Links that test or choose rows: any, not any, all, not all, exists and in."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.conftest import ANA, BEN, CONTOSO
from tests.mock_dataverse.reads.world import World, guid

from work_assignment.mock_dataverse.faults import Fault

TASKS = (
    "<link-entity name='task' from='regardingobjectid' to='leadid' link-type='{}'>{}</link-entity>"
)
ACCOUNT = "<link-entity name='account' from='accountid' to='parentaccountid' link-type='{}'>{}</link-entity>"


def _where(attribute: str, operator: str, value: str = "", more: str = "") -> str:
    given = f" value='{value}'" if value else ""
    return f"<condition attribute='{attribute}' operator='{operator}'{given} {more}/>"


def _filter(*terms: str, kind: str = "and") -> str:
    return f"<filter type='{kind}'>{''.join(terms)}</filter>"


def _ids(world: World, inner: str, table: str = "lead", set_name: str = "leads") -> list[int]:
    fetch = (
        f"<fetch><entity name='{table}'><attribute name='{table}id'/>"
        f"<order attribute='{table}id'/>{inner}</entity></fetch>"
    )
    rows = world.fetched(fetch, set_name)
    return [int(row[f"{table}id"].replace("-", ""), 16) for row in rows]


# the four conditions


def test_any_finds_each_row_once_that_has_a_linked_row(world: World) -> None:
    assert _ids(world, _filter(TASKS.format("any", ""))) == [1]


def test_not_any_finds_the_others(world: World) -> None:
    assert _ids(world, _filter(TASKS.format("not any", ""))) == [2, 3]


@pytest.mark.parametrize(
    ("link_type", "subject", "ids"),
    [
        ("any", "call", [1]),
        ("any", "visit", []),
        ("not any", "call", [2, 3]),
        ("not any", "visit", [1, 2, 3]),
        ("not all", "call", [1]),
        ("not all", "visit", []),
        ("all", "call", []),
        ("all", "visit", [1]),
    ],
)
def test_filters_say_which_linked_rows_count(
    world: World, link_type: str, subject: str, ids: list[int]
) -> None:
    """`not all` means any; `all` means that there are linked rows and none fulfils the filter."""
    link = TASKS.format(link_type, _filter(_where("subject", "eq", subject)))
    assert _ids(world, _filter(link)) == ids


def test_a_link_is_one_term_of_its_filter(world: World) -> None:
    link = TASKS.format("any", "")
    assert _ids(world, _filter(link, _where("statecode", "eq", "1"), kind="or")) == [1, 2]
    assert _ids(world, _filter(link, _where("statecode", "eq", "1"))) == []
    nested = _filter(TASKS.format("not any", ""), _where("statecode", "eq", "0"))
    assert _ids(world, _filter(nested, _where("employees", "eq", "1200"), kind="or")) == [1, 3]


def test_a_row_whose_column_is_empty_is_linked_to_nothing(world: World) -> None:
    world.add("account", 0x53, name=None)
    assert _ids(world, _filter(ACCOUNT.format("any", ""))) == [1, 2]
    assert _ids(world, _filter(ACCOUNT.format("not any", ""))) == [3]
    assert _ids(world, _filter(ACCOUNT.format("all", _filter(_where("name", "null"))))) == [1, 2]
    assert _ids(world, _filter(ACCOUNT.format("not all", ""))) == [1, 2]


def test_negative_conditions_in_a_link_hold_for_empty_columns(world: World) -> None:
    link = ACCOUNT.format("any", _filter(_where("revenue", "ne", "5000")))
    assert _ids(world, _filter(link)) == [2]
    link = ACCOUNT.format("not any", _filter(_where("revenue", "gt", "1")))
    assert _ids(world, _filter(link)) == [2, 3]


# shapes of joins


def test_many_to_many_goes_through_the_intersect_table(world: World) -> None:
    def users(outer: str, team: str) -> list[int]:
        inner = (
            "<link-entity name='team' from='teamid' to='teamid'>"
            f"{_filter(_where('name', 'eq', team))}</link-entity>"
        )
        link = (
            "<link-entity name='teammembership' from='systemuserid' to='systemuserid' "
            f"intersect='true' link-type='{outer}'>{inner}</link-entity>"
        )
        return _ids(world, _filter(link), "systemuser", "systemusers")

    world.add("systemuser", 0xA3, fullname="Cem Can")
    assert users("any", "north") == [ANA, BEN]
    assert users("not any", "north") == [0xA3]
    assert users("any", "south") == []


def test_any_two_columns_of_a_kind_may_be_linked(world: World) -> None:
    link = "<link-entity name='{}' from='{}' to='{}' link-type='any'/>"
    world.add("contact", 0x62, fullname="FORTY chairs ")
    assert _ids(world, _filter(link.format("contact", "fullname", "subject"))) == [1]
    assert _ids(world, _filter(link.format("task", "effort", "employees"))) == []
    world.add("task", 0x74, effort=3)
    assert _ids(world, _filter(link.format("task", "effort", "employees"))) == [2]


def test_a_table_may_be_linked_to_itself(world: World) -> None:
    """Leads that share their account with another lead."""
    world.add("lead", 4, subject="second", parentaccountid=guid(CONTOSO))
    link = (
        "<link-entity name='lead' from='parentaccountid' to='parentaccountid' link-type='any'>"
        f"{_filter(_where('subject', 'eq', 'second'))}</link-entity>"
    )
    assert _ids(world, _filter(link)) == [1, 4]


# nesting


def test_links_are_joined_inside_a_link(world: World) -> None:
    contact = (
        "<link-entity name='contact' from='contactid' to='primarycontactid'>"
        f"{_filter(_where('city', 'eq', 'london'))}</link-entity>"
    )
    assert _ids(world, _filter(ACCOUNT.format("any", contact))) == [1]
    assert _ids(world, _filter(ACCOUNT.format("not any", contact))) == [2, 3]
    assert _ids(world, _filter(ACCOUNT.format("all", contact))) == [2]


def test_an_outer_link_inside_a_link_asks_for_what_is_missing(world: World) -> None:
    contact = (
        "<link-entity name='contact' from='contactid' to='primarycontactid' link-type='outer' "
        "alias='c'/>"
    )
    missing = _filter(_where("contactid", "null", more="entityname='c'"))
    assert _ids(world, _filter(ACCOUNT.format("any", contact + missing))) == [2]


def test_conditions_in_a_link_may_be_links_again(world: World) -> None:
    """Leads whose account has (no) task with a seller who is (not) in team North."""
    member = (
        "<link-entity name='teammembership' from='systemuserid' to='owninguser' link-type='{}'/>"
    )
    task = (
        "<link-entity name='task' from='regardingobjectid' to='accountid' link-type='{}'>"
        "{}</link-entity>"
    )

    def found(outer: str, middle: str, inner: str) -> list[int]:
        innermost = _filter(member.format(inner))
        return _ids(world, _filter(ACCOUNT.format(outer, _filter(task.format(middle, innermost)))))

    assert found("any", "any", "any") == []
    assert found("any", "any", "not any") == [1]
    assert found("any", "not any", "not any") == [2]
    assert found("not any", "any", "not any") == [2, 3]
    assert found("not any", "not any", "not any") == [1, 3]
    assert found("not any", "not any", "any") == [3]


def test_filters_of_a_joined_link_may_hold_links(world: World) -> None:
    contacts = "<link-entity name='contact' from='parentaccountid' to='accountid' link-type='any'/>"
    inner = (
        "<link-entity name='account' from='accountid' to='parentaccountid' alias='a'>"
        f"{_filter(contacts)}</link-entity>"
    )
    assert _ids(world, inner) == [1]
    assert _ids(world, inner.replace("alias='a'", "alias='a' link-type='outer'")) == [1, 2, 3]


def test_parameters_stay_in_order_however_links_nest(world: World) -> None:
    contact = (
        "<link-entity name='contact' from='contactid' to='primarycontactid'>"
        f"{_filter(_where('fullname', 'eq', 'ada byron'))}</link-entity>"
    )
    account = ACCOUNT.format("any", _filter(_where("name", "eq", "contoso")) + contact)
    joined = (
        "<link-entity name='account' from='accountid' to='wa_segmentid'>"
        f"{_filter(_where('name', 'eq', 'fabrikam'))}</link-entity>"
    )
    conditions = _filter(_where("subject", "eq", "forty chairs"), account)
    assert _ids(world, conditions + joined) == [1]


# exists and in


@pytest.mark.parametrize("link_type", ["exists", "in"])
def test_exists_and_in_choose_rows_without_repeating_them(world: World, link_type: str) -> None:
    assert _ids(world, TASKS.format("inner", "")) == [1, 1]
    assert _ids(world, TASKS.format(link_type, "")) == [1]
    early = _filter(_where("effort", "gt", "5"))
    assert _ids(world, TASKS.format(link_type, early)) == [1]
    assert _ids(world, TASKS.format(link_type, _filter(_where("effort", "gt", "9")))) == []
    assert _ids(world, ACCOUNT.format(link_type, "")) == [1, 2]


def test_exists_stands_in_joined_links_and_in_conditions(world: World) -> None:
    contacts = (
        "<link-entity name='contact' from='parentaccountid' to='accountid' link-type='exists'/>"
    )
    for outer in (ACCOUNT.format("inner", contacts), _filter(ACCOUNT.format("any", contacts))):
        assert _ids(world, outer) == [1]


def test_rows_are_counted_and_grouped_once(world: World) -> None:
    fetch = (
        "<fetch aggregate='true'><entity name='lead'>"
        "<attribute name='leadid' aggregate='count' alias='n'/>{}</entity></fetch>"
    )
    assert world.fetched(fetch.format(_filter(TASKS.format("any", ""))))[0]["n"] == 1
    assert world.fetched(fetch.format(TASKS.format("in", "")))[0]["n"] == 1
    assert world.fetched(fetch.format(_filter(TASKS.format("not any", ""))))[0]["n"] == 2


def test_unnamed_links_that_are_shown_keep_their_numbers(world: World) -> None:
    shown = (
        "<link-entity name='account' from='accountid' to='parentaccountid'>"
        "<attribute name='name'/></link-entity>"
    )
    fetch = (
        f"<fetch><entity name='lead'><attribute name='leadid'/>"
        f"{_filter(ACCOUNT.format('any', ''))}{shown}</entity></fetch>"
    )
    assert [row["account1.name"] for row in world.fetched(fetch)] == ["Contoso", "Fabrikam"]


# refusals

_SHOWN = "<attribute name='name'/>"


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (ACCOUNT.format("any", ""), "type 'any' stands inside a <filter>"),
        (ACCOUNT.format("not all", ""), "type 'not all' stands inside a <filter>"),
        (_filter(ACCOUNT.format("inner", "")), "all or not all, not 'inner'"),
        (_filter(ACCOUNT.format("exists", "")), "all or not all, not 'exists'"),
        (_filter(ACCOUNT.format("any", _SHOWN)), "<attribute> cannot stand inside a link-entity"),
        (_filter(ACCOUNT.format("any", "<all-attributes/>")), "<all-attributes> cannot stand"),
        (_filter(ACCOUNT.format("any", "<order attribute='name'/>")), "<order> cannot stand"),
        (ACCOUNT.format("in", _SHOWN), "type 'in', which returns no columns"),
        (_filter(ACCOUNT.format("any", ACCOUNT.format("inner", _SHOWN))), "returns no columns"),
        (_filter(ACCOUNT.format("any", _filter(_where("none", "null")))), "Name = 'none'"),
        (_filter(ACCOUNT.replace("accountid'", "name'", 1).format("any", "")), "different types"),
        (_filter(ACCOUNT.replace("'account'", "'none'").format("any", "")), "name = 'none'"),
        (_filter(ACCOUNT.format("any", ""), _where("name", "null", more="entityname='account'")),
         "alias 'account'"),
    ],
)  # fmt: skip
def test_a_wrong_link_is_refused_by_name(world: World, inner: str, message: str) -> None:
    with pytest.raises(Fault) as refused:
        _ids(world, inner)
    assert refused.value.status == 400
    assert message in refused.value.message


def test_a_condition_in_a_link_may_speak_of_the_entity_around_it(world: World) -> None:
    open_lead = _filter(_where("statecode", "eq", "0", more="entityname='lead'"))
    assert _ids(world, _filter(ACCOUNT.format("any", open_lead))) == [1]
    assert _ids(world, _filter(ACCOUNT.format("not any", open_lead))) == [2, 3]
    world.add("lead", 4, subject="CONTOSO", parentaccountid=guid(CONTOSO))
    same = _filter("<condition attribute='name' operator='eq' valueof='lead.subject'/>")
    assert _ids(world, _filter(ACCOUNT.format("any", same))) == [4]


def test_exists_inside_an_outer_link_chooses_what_is_joined(world: World) -> None:
    contacts = (
        "<link-entity name='contact' from='parentaccountid' to='accountid' link-type='exists'/>"
    )
    inner = ACCOUNT.format("outer", f"<attribute name='name' alias='company'/>{contacts}")
    fetch = f"<fetch><entity name='lead'><order attribute='leadid'/>{inner}</entity></fetch>"
    assert [row.get("company") for row in world.fetched(fetch)] == ["Contoso", None, None]


# the first row


def test_of_the_first_row_columns_come_under_their_schema_names(world: World) -> None:
    task = TASKS.format(
        "matchfirstrowusingcrossapply", "<attribute name='subject'/><attribute name='taskid'/>"
    )
    fetch = f"<fetch><entity name='lead'><attribute name='leadid'/>{task}</entity></fetch>"
    with pytest.raises(Fault, match="would be called 'taskid'"):
        world.fetched(fetch.replace("name='leadid'", "name='statecode' alias='taskid'"))
    (row,) = world.fetched(fetch)
    assert row == {
        "@odata.etag": 'W/"1007"',
        "leadid": guid(1),
        "subject": "Call",
        "taskid": guid(0x71),
    }


def test_the_first_row_is_one_that_fulfils_the_filters(world: World) -> None:
    late = _filter(_where("effort", "gt", "5"))
    task = TASKS.format("matchfirstrowusingcrossapply", "<attribute name='subject' alias='s'/>{}")
    fetch = f"<fetch><entity name='lead'><attribute name='leadid'/>{task}</entity></fetch>"
    assert [row["s"] for row in world.fetched(fetch.format(late))] == ["Write"]
    assert world.fetched(fetch.format(_filter(_where("effort", "gt", "9")))) == []


# links without columns


def test_a_link_may_leave_its_columns_to_the_only_relationship_that_fits(world: World) -> None:
    tasks = "<link-entity name='task' link-type='{}'/>"
    assert _ids(world, _filter(tasks.format("any"))) == [1]
    assert _ids(world, tasks.format("inner")) == [1, 1]
    contact = "<link-entity name='contact' from='contactid'/>"
    assert _ids(world, contact) == [2]
    member = "<link-entity name='teammembership'><link-entity name='team'/></link-entity>"
    assert len(_ids(world, member, "systemuser", "systemusers")) == 2


def test_a_link_that_fits_several_relationships_or_none_is_refused(world: World) -> None:
    for name, many in (("account", "3 relationships"), ("organization", "no relationships")):
        with pytest.raises(Fault, match="needs from and to") as refused:
            _ids(world, f"<link-entity name='{name}'/>")
        assert refused.value.status == 400
        assert many in refused.value.message


# names behind lookups and choices


def test_conditions_and_orders_know_the_names_behind_lookups_and_choices(world: World) -> None:
    assert _ids(world, _filter(_where("owneridname", "like", "%alvar%"))) == [1]
    assert _ids(world, _filter(_where("owneridname", "eq", "NORTH"))) == [2]
    assert _ids(world, _filter(_where("parentaccountidname", "null"))) == [3]
    assert _ids(world, _filter(_where("statecodename", "eq", "qualified"))) == [2]
    by_name = "<fetch><entity name='lead'><order attribute='leadsourcecodename'/></entity></fetch>"
    shown = [row.get("leadsourcecode") for row in world.fetched(by_name)]
    assert shown == [None, 2, 1]


def test_choices_columns_cannot_be_linked(world: World) -> None:
    link = "<link-entity name='account' from='name' to='interests'/>"
    with pytest.raises(Fault, match="choices column 'interests'"):
        _ids(world, link)


def test_links_in_conditions_count_towards_the_limits(world: World) -> None:
    link = ACCOUNT.format("any", "")
    assert _ids(world, _filter(link * 15)) == [1, 2]
    with pytest.raises(Fault) as refused:
        _ids(world, _filter(link * 16))
    assert refused.value.code == "0x8004430d"
    with pytest.raises(Fault) as refused:
        _ids(world, _filter(link, _where("subject", "eq", "x") * 500))
    assert refused.value.code == "0x8004430c"
