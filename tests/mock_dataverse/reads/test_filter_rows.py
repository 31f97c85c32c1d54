"""$filter chooses rows as Dataverse does."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.reads.conftest import ANA, CONTOSO
from tests.mock_dataverse.reads.world import World, guid

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.filter_functions import FUNCTIONS

CHAIRS, COTTON, OHARA = "Forty chairs", "100% cotton", "O'Hara"
CRM = "Microsoft.Dynamics.CRM"


@pytest.mark.parametrize(
    ("filter_text", "subjects"),
    [
        ("subject eq 'FORTY CHAIRS'", [CHAIRS]),
        ("firstname eq 'zoe'", [CHAIRS]),
        ("subject eq 'O''Hara'", [OHARA]),
        ("contains(subject, 'o%n')", [COTTON]),
        ("contains(subject,'[%]')", [COTTON]),
        ("startswith(subject,'forty')", [CHAIRS]),
        ("endswith(subject,'COTTON')", [COTTON]),
        ("not contains(firstname,'z')", [COTTON, OHARA]),
        ("firstname eq lastname", [CHAIRS]),
        ("firstname ne lastname", [COTTON, OHARA]),
        ("firstname eq null", [OHARA]),
        ("firstname ne null", [CHAIRS, COTTON]),
        ("firstname ne 'Bo'", [CHAIRS, OHARA]),
        ("not (firstname eq 'Bo')", [CHAIRS, OHARA]),
        ("employees gt 3", [CHAIRS]),
        ("not (employees gt 3)", [COTTON]),
        ("3 lt employees", [CHAIRS]),
        ("employees eq 1200.0", [CHAIRS]),
        ("score ge 2.5", [CHAIRS]),
        ("donotemail eq true", [CHAIRS]),
        ("donotemail ne true", [COTTON, OHARA]),
        ("statecode eq 0 and employees ne null or employees eq 3", [CHAIRS, COTTON]),
        (f"_ownerid_value eq {guid(ANA).upper()}", [CHAIRS]),
        (f"_ownerid_value eq '{guid(ANA)}'", [CHAIRS]),
        (f"leadid eq {guid(2)}", [COTTON]),
        ("createdon ge 2026-03-01T09:00:00Z", [CHAIRS, COTTON]),
        ("createdon gt 2026-03-01T10:00:00+01:00", [COTTON]),
        ("createdon gt 2026-03-01T08:59:59.5Z", [CHAIRS, COTTON]),
        ("createdon lt 2026-03-01T09:00:00.5Z", [CHAIRS, OHARA]),
        ("createdon gt 2026-03-02", [COTTON]),
        ("closeon eq 2026-03-01", [CHAIRS]),
        ("parentaccountid/name eq 'contoso'", [CHAIRS]),
        ("parentaccountid/name ne 'contoso'", [COTTON, OHARA]),
        ("parentaccountid/primarycontactid/fullname eq 'Ada Byron'", [CHAIRS]),
        ("wa_SegmentId/name eq 'Fabrikam' and parentaccountid/name eq 'Contoso'", [CHAIRS]),
        ("customerid_account/name ne null", [CHAIRS]),
        ("customerid_contact/city eq 'London'", [COTTON]),
        ("lead_tasks/any()", [CHAIRS]),
        ("not lead_tasks/any()", [COTTON, OHARA]),
        ("lead_tasks/any(t:t/subject eq 'call')", [CHAIRS]),
        ("lead_tasks/any(t:t/effort gt 5 and startswith(t/subject,'W'))", [CHAIRS]),
        ("lead_tasks/any(t:t/owninguser/fullname eq 'Ben Brown')", [CHAIRS]),
        ("lead_tasks/any(t:t/effort gt 9)", []),
        ("lead_tasks/all(t:t/effort ge 5)", [CHAIRS]),
        ("lead_tasks/all(t:t/effort gt 5)", []),
        ("lead_tasks/all(t:t/owninguser/fullname eq 'Ben Brown')", []),
        (f"{CRM}.In(PropertyName='employees',PropertyValues=[\"3\",\"7\"])", [COTTON]),
        (f"{CRM}.NotIn(PropertyName='employees',PropertyValues=['3'])", [CHAIRS, OHARA]),
        (f"{CRM}.Between(PropertyName='employees',PropertyValues=['3','1200'])", [CHAIRS, COTTON]),
        (f"{CRM}.NotBetween(PropertyName='employees',PropertyValues=['1','5'])", [CHAIRS, OHARA]),
        (f"{CRM}.On(PropertyName='createdon',PropertyValue=2026-03-02)", [COTTON]),
        (f"{CRM}.On(PropertyName='closeon',PropertyValue=2026-03-01)", [CHAIRS]),
        (f"{CRM}.OnOrAfter(PropertyName='createdon',PropertyValue='2026-03-01T23:00:00Z')",
         [CHAIRS, COTTON]),
        (f"{CRM}.OnOrBefore(PropertyName='createdon',PropertyValue=2026-03-01)", [CHAIRS, OHARA]),
        ("parentaccountid eq null", [OHARA]),
        ("null ne parentaccountid", [CHAIRS, COTTON]),
        ("not (wa_SegmentId eq null)", [CHAIRS]),
        ("customerid_account eq null", [COTTON, OHARA]),
        ("customerid_account ne null", [CHAIRS]),
        ("parentaccountid/primarycontactid eq null", [COTTON, OHARA]),
        ("lead_tasks/any(t:t/owninguser eq null)", [CHAIRS]),
        (f"ownerid/ownerid eq {guid(ANA)}", [CHAIRS]),
        ("$it/employees eq 3", [COTTON]),
        ("$it/lead_tasks/any(t:t/effort lt $it/employees)", [CHAIRS]),
        ("$it/parentaccountid/name eq 'Contoso'", [CHAIRS]),
        ("interests eq '9, 1'", [CHAIRS]),
        ("interests ne '2'", [CHAIRS, OHARA]),
        ("interests eq null", [OHARA]),
        (f"{CRM}.ContainValues(PropertyName='interests',PropertyValues=['2','12'])", [COTTON]),
        (f"{CRM}.DoesNotContainValues(PropertyName='interests',PropertyValues=['9'])",
         [COTTON, OHARA]),
        (f"{CRM}.In(PropertyName='interests',PropertyValues=['1','9'])", [CHAIRS]),
        (f"{CRM}.NotIn(PropertyName='interests',PropertyValues=['2'])", [CHAIRS, OHARA]),
        (f"{CRM}.BeginsWith(PropertyName='subject',PropertyValue='FORTY')", [CHAIRS]),
        (f"{CRM}.NotLike(PropertyName='firstname',PropertyValue='z%')", [COTTON, OHARA]),
        (f"{CRM}.In(PropertyName='ownerid',PropertyValues=['{guid(ANA)}'])", [CHAIRS]),
        (f"{CRM}.In(PropertyName='parentaccountid/name',PropertyValues=['contoso'])", [CHAIRS]),
        (f"employees eq 3 or {CRM}.In(PropertyName='firstname',PropertyValues=['zoë'])",
         [CHAIRS, COTTON]),
    ],
)  # fmt: skip
def test_rows_that_a_filter_finds(world: World, filter_text: str, subjects: list[str]) -> None:
    assert world.subjects(filter_text) == subjects


def test_lambdas_nest_and_reach_over_many_to_many(world: World) -> None:
    def names(set_name: str, name: str, filter_text: str) -> list[str]:
        return [row[name] for row in world.get(set_name, filter=filter_text)["value"]]

    nested = "account_leads/any(l:l/lead_tasks/any(t:t/subject eq 'Call' and l/employees gt 5))"
    assert names("accounts", "name", nested) == ["Contoso"]
    association = "teammembership_association"
    assert names("systemusers", "fullname", f"{association}/any(t:t/name eq 'north')") == [
        "Ana Alvarez",
        "Ben Brown",
    ]
    assert names("teams", "name", f"{association}/any(u:u/fullname eq 'Ben Brown')") == ["North"]
    assert names("teams", "name", f"{association}/all(u:u/fullname eq 'Ben Brown')") == []


def test_aliases_are_bound_from_the_query(world: World) -> None:
    assert world.subjects("firstname eq @n", p_n="'bo'") == [COTTON]
    assert world.subjects("firstname eq @n") == [OHARA]


@pytest.mark.parametrize(
    ("filter_text", "message"),
    [
        ("Subject eq 'a'", "Could not find a property named 'Subject' on type"),
        ("hidden eq 'a'", "Could not find a property named 'hidden'"),
        ("ownerid/none eq 1", "named 'none' on type 'Microsoft.Dynamics.CRM.principal'"),
        ("ownerid/none/name eq 1", "cannot go on through 'ownerid'"),
        ("parentaccountid eq 1", "types 'Microsoft.Dynamics.CRM.account' and 'Edm.Int32'"),
        (f"parentaccountid eq {guid(CONTOSO)}", "'Microsoft.Dynamics.CRM.account' and 'Edm.Guid'"),
        ("parentaccountid eq _ownerid_value", "'Microsoft.Dynamics.CRM.account' and 'Edm.Guid'"),
        ("parentaccountid gt null", "for operator kind 'GreaterThan'"),
        ("contains(subject,firstname)", "not with another column: 'subject' with 'firstname'"),
        ("interests gt '1'", "only eq and ne"),
        ("interests eq 1", "operand types 'Edm.String' and 'Edm.Int32'"),
        ("interests eq subject", "operand types 'Edm.String' and 'Edm.String'"),
        ("interests eq 'many'", "The value 'many' of 'interests' is not a valid whole number"),
        ("contains(interests,'1')", "No function signature"),
        ("$it eq 1", "Syntax error"),
        ("leadsourcecode in (1,2)", "The method or operation is not implemented"),
        (f"{CRM}.Between(PropertyName='interests',PropertyValues=['1','2'])", "no order"),
        (f"{CRM}.ContainValues(PropertyName='leadsourcecode',PropertyValues=['1'])",
         "needs a choices column"),
        (f"{CRM}.ContainValues(PropertyName='interests',PropertyValues=['x'])", "The value 'x'"),
        (f"{CRM}.Today(PropertyName='createdon',PropertyValue=1)", "not one of its parameters"),
        (f"{CRM}.Today(PropertyName='createdon',PropertyName='wall')", "given more than once"),
        (f"{CRM}.Nonsense(PropertyName='createdon')", f"function with name '{CRM}.Nonsense'"),
        (f"{CRM}.Contains(PropertyName='subject',PropertyValue='x')", "full-text index"),
        (f"{CRM}.Like(PropertyName='employees',PropertyValue='1%')", "which is no text"),
        ("parentaccountid/none eq 1", "named 'none' on type 'Microsoft.Dynamics.CRM.account'"),
        ("none/name eq 'a'", "Could not find a property named 'none'"),
        ("lead_tasks/subject eq 'a'", "is a collection"),
        ("parentaccountid/account_leads/any()", "do not support"),
        ("parentaccountid/any()", "need a collection"),
        ("lead_tasks/any(t:subject eq 'a')", "Could not find a property named 'subject'"),
        ("statecode eq 'Open'", "Found operand types 'Edm.Int32' and 'Edm.String'"),
        ("subject eq 1", "operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'"),
        ("_ownerid_value eq 1", "Found operand types 'Edm.Guid' and 'Edm.Int32'"),
        ("_ownerid_value eq 'ana'", "Found operand types 'Edm.Guid' and 'Edm.String'"),
        ("donotemail eq 1", "Found operand types 'Edm.Boolean' and 'Edm.Int32'"),
        ("createdon gt '2026-03-01'", "'Edm.DateTimeOffset' and 'Edm.String'"),
        ("closeon gt 2026-03-01T00:00:00Z", "'Edm.Date' and 'Edm.DateTimeOffset'"),
        ("subject eq employees", "operand types 'Edm.String' and 'Edm.Int32'"),
        ("contains(employees,'1')", "No function signature"),
        ("contains(subject,1)", "No function signature"),
        ("contains(subject,1)", "Edm.String, Edm.Int32. The column is 'subject', the value 1."),
        ("contains(employees,'a')", "Edm.Int32, Edm.String. The column is 'employees', the value 'a'."),
        (f"not {CRM}.In(PropertyName='subject',PropertyValues=['a'])",
         "Not operator along with the Custom Named Condition operators is not allowed"),
        (f"{CRM}.In(PropertyName='employees',PropertyValues=['many'])", "not a valid Integer"),
        (f"{CRM}.Between(PropertyName='employees',PropertyValues=['1'])", "wrong value"),
        (f"{CRM}.In(PropertyName='employees')", "needs the parameter PropertyValues"),
        (f"{CRM}.On(PropertyName='subject',PropertyValue=2026-01-01)", "needs a date column"),
        (f"{CRM}.LastXHours(PropertyName='closeon',PropertyValue=1)", "'LastXHours' needs a time"),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue='1x')", "has a wrong value"),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue=1.5)", "has a wrong value"),
        (f"{CRM}.LastXDays(PropertyName='createdon')", "needs the parameter PropertyValue"),
        (f"{CRM}.InFiscalPeriodAndYear(PropertyName='createdon',PropertyValue1=1)",
         "needs the parameter PropertyValue2"),
        (f"{CRM}.Under(PropertyName='parentaccountid',PropertyValue='x')", "not a valid guid"),
        (f"{CRM}.Under(PropertyName='parentaccountid',PropertyValue=1)", "has a wrong value"),
        (f"{CRM}.EqualUserId(PropertyName='subject')", "needs a lookup"),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_by_name(world: World, filter_text: str, message: str) -> None:
    with pytest.raises(Fault) as refused:
        world.subjects(filter_text)
    assert message in refused.value.message
    assert refused.value.status in (400, 501)


@pytest.mark.parametrize(
    ("filter_text", "ending"),
    [
        ("subject eq 5", "kind 'Equal'. The column is 'subject', the value 5."),
        ("statecode eq 'a''c'", "kind 'Equal'. The column is 'statecode', the value 'a''c'."),
        ("createdon gt 'x'", "'GreaterThan'. The column is 'createdon', the value 'x'."),
        ("'x' gt createdon", "'LessThan'. The column is 'createdon', the value 'x'."),
        ("_ownerid_value eq 'x'", "The column is '_ownerid_value', the value 'x'."),
        ("subject eq true", "The column is 'subject', the value true."),
        ("subject eq 2026-03-01", "The column is 'subject', the value 2026-03-01."),
        ("subject eq 2026-03-01T00:00:00Z", "the value 2026-03-01T00:00:00Z."),
        (f"statecode eq '{'x' * 500}'", "xxx...."),
        ("subject eq employees", "The columns are 'subject' and 'employees'."),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue='abc')", "wrong value: 'abc'."),
        (f"{CRM}.LastXDays(PropertyName='createdon',PropertyValue=1.5)", "wrong value: 1.5."),
        (f"{CRM}.Between(PropertyName='employees',PropertyValues=['1'])", "wrong value: ['1']."),
    ],
)
def test_a_wrong_value_is_named_with_its_column(
    world: World, filter_text: str, ending: str
) -> None:
    with pytest.raises(Fault) as refused:
        world.subjects(filter_text)
    assert refused.value.message.endswith(ending)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "filter_text",
    [
        f"{CRM}.EqualRoleBusinessId(PropertyName='ownerid')",
        "1 eq 1",
        "donotemail",
    ],
)
def test_what_is_not_emulated_is_a_501(world: World, filter_text: str) -> None:
    with pytest.raises(Fault) as refused:
        world.subjects(filter_text)
    assert refused.value.status == 501


DOCUMENTED = """
    Above AboveOrEqual Between Contains ContainValues DoesNotContainValues EqualBusinessId
    EqualRoleBusinessId EqualUserId EqualUserLanguage EqualUserOrUserHierarchy
    EqualUserOrUserHierarchyAndTeams EqualUserOrUserTeams EqualUserTeams In InFiscalPeriod
    InFiscalPeriodAndYear InFiscalYear InOrAfterFiscalPeriodAndYear InOrBeforeFiscalPeriodAndYear
    Last7Days LastFiscalPeriod LastFiscalYear LastMonth LastWeek LastXDays LastXFiscalPeriods
    LastXFiscalYears LastXHours LastXMonths LastXWeeks LastXYears LastYear Next7Days
    NextFiscalPeriod NextFiscalYear NextMonth NextWeek NextXDays NextXFiscalPeriods
    NextXFiscalYears NextXHours NextXMonths NextXWeeks NextXYears NextYear NotBetween
    NotEqualBusinessId NotEqualUserId NotIn NotUnder OlderThanXDays OlderThanXHours
    OlderThanXMinutes OlderThanXMonths OlderThanXWeeks OlderThanXYears On OnOrAfter OnOrBefore
    ThisFiscalPeriod ThisFiscalYear ThisMonth ThisWeek ThisYear Today Tomorrow Under UnderOrEqual
    Yesterday
"""  # Learn: Web API Query Function Reference


def test_every_documented_query_function_is_known_by_name(world: World) -> None:
    names = DOCUMENTED.split()
    for name in names:
        with pytest.raises(Fault) as refused:
            world.subjects(f"{CRM}.{name}(Nonsense=1)")
        assert "unknown function" not in refused.value.message
    assert {name for name in names if name not in FUNCTIONS} == {
        "Contains",
        "EqualRoleBusinessId",
    }


def test_values_never_become_sql(world: World) -> None:
    hostile = "x'' OR 1=1 --"
    assert world.subjects(f"subject eq '{hostile}'") == []
    assert world.subjects(f"contains(subject,'{hostile}')") == []
    assert world.count("leads") == 3


def test_deep_and_long_filters_reach_the_database(world: World) -> None:
    long = " or ".join(f"employees eq {n}" for n in range(1500))
    assert world.subjects(long) == [CHAIRS, COTTON]
    deep = "employees eq 3"
    for _ in range(25):
        deep = f"(employees eq 7 or (statecode eq 1 and {deep}))"
    with pytest.raises(Fault):
        world.subjects(deep)
    deep = "employees eq 3"
    for _ in range(14):
        deep = f"(employees eq 7 or (statecode eq 1 and {deep}))"
    assert world.subjects(deep) == [COTTON]


def test_a_lookup_of_another_table_with_the_same_id_is_not_followed(world: World) -> None:
    world.add("contact", CONTOSO, fullname="Same id")
    assert world.subjects("customerid_contact/fullname eq 'Same id'") == []
