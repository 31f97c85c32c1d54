"""A plan resolves names, says what would change, and changes nothing."""

from __future__ import annotations

import json

import pytest
from tests.configuration.folders import actions, applied, forms_of, good_forms, problems_of
from tests.configuration.memory_store import ACCOUNT_ID, TWIN_IDS, USERS, MemoryStore, user

from work_assignment.domain.hours.working_times import read_calendar
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.planning import ColumnChange

ANA, BEN = USERS[0], USERS[1]


def segment_filter(condition: str) -> str:
    return f"""\
        segments:
          - name: A
            record_type: lead
            filter:
              all:
                - {condition}
    """


def stored_filter(condition: str) -> str:
    store = MemoryStore()
    applied(forms_of(segment_filter(condition)), store)
    return str(store.row("A").filter)


def test_a_plan_writes_nothing() -> None:
    store = MemoryStore()
    assert plan(good_forms(), store)
    assert store.writes == []


def test_the_first_plan_of_a_folder_creates_what_it_needs_in_an_order_that_can_be_written() -> None:
    assert actions(plan(good_forms(), MemoryStore())) == [
        ("create", "attribute", "Language"),
        ("create", "attribute", "Region"),
        ("create", "attribute value", "Language: English"),
        ("create", "attribute value", "Language: German"),
        ("create", "attribute value", "Region: Europe"),
        ("link", "attribute value", "Ana, Language: English"),
        ("link", "attribute value", "Ana, Language: German"),
        ("link", "attribute value", "Ana, Region: Europe"),
        ("link", "attribute value", "Ben, Language: English"),
        ("create", "segment", "UK trade shows (lead)"),
        ("create", "segment", "Larkfell (lead)"),
        ("create", "segment", "Old deals (opportunity)"),
        ("create", "rule", "In German (lead)"),
        ("create", "rule", "The two (lead)"),
        ("create", "rule", "All others (opportunity)"),
        ("create", "seller", "Ana"),
        ("create", "seller", "Ben"),
        ("create", "settings", "default"),
    ]


def test_a_plan_shows_which_columns_change_with_names_for_ids() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    store.edit("UK trade shows", priority=9, filter=None)
    store.edit("In German", segment_id=None, capacity=False)
    assert str(plan(good_forms(), store)).splitlines() == [
        "update segment 'UK trade shows (lead)'",
        "    priority: 9 -> 1",
        '    filter: none -> <filter type="and"><condition attribute="address1_country" '
        'operator="eq" value="United Kingdom" /><filter type="or"><...',
        "update rule 'In German (lead)'",
        "    segment_id: default -> UK trade shows (lead)",
        "    capacity: false -> true",
    ]


def test_an_empty_plan_says_so() -> None:
    assert str(plan(forms_of("{}"), MemoryStore())) == "no changes"


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        ("[leadsourcecode, eq, trade show]", 'attribute="leadsourcecode" operator="eq" value="7"'),
        ("[leadsourcecode, eq, 8]", 'operator="eq" value="8"'),
        ("[leadsourcecode, in, [Web, 7]]", 'operator="in"><value>8</value><value>7</value>'),
        ("[donotemail, eq, true]", 'value="1"'),
        ("[donotemail, eq, no]", 'value="0"'),
        ("[donotemail, eq, Do Not Allow]", 'value="1"'),
        ("[parentaccountid, eq, LARKFELL]", f'value="{ACCOUNT_ID}"'),
        (f'[parentaccountid, eq, "{{{ACCOUNT_ID.upper()}}}"]', f'value="{ACCOUNT_ID}"'),
        ("[estimatedamount, ge, 1.50]", 'value="1.50"'),
        ("[address1_country, eq, NO]", 'value="NO"'),
        ("[address1_country, null]", 'attribute="address1_country" operator="null" />'),
        ('[subject, eq, "<&\\">"]', 'value="&lt;&amp;&quot;&gt;"'),
    ],
)
def test_names_become_numbers_and_ids_in_stored_filters(condition: str, written: str) -> None:
    assert written in stored_filter(condition)


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("[subjet, eq, x]", "there is no column 'subjet'; did you mean 'subject'?"),
        (
            "[donotemail, gt, 1]",
            "operator 'gt' does not fit column 'donotemail', a yes or no column",
        ),
        ("[estimatedamount, eq, much]", "column 'estimatedamount': 'much' is not a number"),
        ("[createdon, on, tomorrow]", "column 'createdon': 'tomorrow' is not a date, such as"),
    ],
)
def test_conditions_that_do_not_fit_the_table_are_told_with_their_line(
    condition: str, problem: str
) -> None:
    (found,) = problems_of(segment_filter(condition))
    assert found.startswith(f"d.yaml:6: segment 'A': {problem}")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            "[leadsourcecode, eq, Trade Sow]",
            "column 'leadsourcecode': there is no choice 'Trade Sow'; did you mean 'Trade Show'?",
        ),
        ("[donotemail, eq, perhaps]", "column 'donotemail': 'perhaps' is neither true nor false"),
        (
            "[parentaccountid, eq, Nobody]",
            "column 'parentaccountid': there is no account named 'Nobody'",
        ),
        (
            "[parentaccountid, eq, Twin]",
            f"column 'parentaccountid': there are {len(TWIN_IDS)} rows (account) named 'Twin': "
            "say the id",
        ),
    ],
)
def test_names_that_mean_nothing_or_too_much_are_told(condition: str, problem: str) -> None:
    assert problems_of(segment_filter(condition)) == [f"d.yaml:6: segment 'A', {problem}"]


def test_text_that_fetchxml_cannot_carry_is_refused() -> None:
    (found,) = problems_of(segment_filter('[subject, eq, "a\\x07b"]'))
    assert found == "d.yaml:5: segment 'A': the filter has a character that FetchXML cannot carry"


def test_seller_filters_are_about_users() -> None:
    (found,) = problems_of("""\
        segments: [{name: A, record_type: lead}]
        rules:
          - name: R
            segment: A
            match: attributes
            seller_filter: {all: [[subject, eq, x]]}
    """)
    assert found == "d.yaml:6: rule 'R', seller_filter: there is no column 'subject'"


ATTRIBUTE_RULE = """\
        segments: [{name: A, record_type: lead}]
        rules:
          - name: R
            segment: A
            match: attributes
            attributes:
              any:
                - [Language, eq, German]
"""


def test_attributes_that_no_seller_of_the_folder_has_are_refused() -> None:
    (found,) = problems_of(
        ATTRIBUTE_RULE
        + "        sellers: [{user: ana@contoso.example, attributes: {Language: Geman}}]"
    )
    assert found == (
        "d.yaml:8: rule 'R', attributes: no seller has the value 'German' of attribute "
        "'Language'; did you mean 'Geman'?"
    )


def test_a_folder_without_sellers_is_checked_against_those_that_are_there() -> None:
    store = MemoryStore()
    assert problems_of(ATTRIBUTE_RULE, store) == [
        "d.yaml:8: rule 'R', attributes: no seller has an attribute 'Language'"
    ]
    applied(good_forms(), store)
    assert plan(
        forms_of(ATTRIBUTE_RULE.replace("[{name: A", "[{name: B").replace(": A\n", ": B\n")), store
    )


def test_rules_of_a_folder_without_segments_are_for_those_that_are_there() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    text = "rules: [{name: R, segment: larkfell}, {name: Q, segment: Lrkfell}]"
    assert problems_of(text, store) == [
        "d.yaml:1: rule 'Q': there is no segment 'Lrkfell'; did you mean 'Larkfell'?"
    ]
    applied(forms_of("rules: [{name: R, segment: larkfell}]"), store, force=True)
    segment = next(one for one in store.stored().segments if one.row.name == "Larkfell")
    assert store.row("R").segment_id == segment.id


def test_what_is_stored_is_in_the_documented_forms() -> None:
    store = MemoryStore()
    applied(good_forms(), store)
    german, two, others = (store.row(name) for name in ("In German", "The two", "All others"))
    assert json.loads(german.attributes) == {"all": [["Language", "eq", "German"]]}
    assert german.created_within_hours == 48
    assert german.available_within_hours is None
    assert json.loads(two.list) == [ANA.id, BEN.id]
    assert (two.distribution, two.on_no_seller, two.order) == ("load balancing", "stop", 2)
    assert (others.segment_id, others.record_type) == (None, "opportunity")
    ana, ben = (
        next(s.row for s in store.stored().sellers if s.row.user_id == u.id) for u in (ANA, BEN)
    )
    assert json.loads(ana.working_hours or "")[1] == {
        "days": ["mon"],
        "from": "22:00",
        "to": "06:00",
        "time_zone": "Europe/London",
    }
    assert json.loads(ana.time_off or "") == [
        {"from": "2026-12-24T00:00:00Z", "to": "2026-12-27T00:00:00Z"}
    ]
    assert (ben.max_capacity, ben.working_hours) == (None, None)
    settings = store.row("default")
    assert (settings.default_capacity, settings.flap_limit_moves) == (40, 5)


def test_users_are_found_by_domain_name_or_email_in_any_case() -> None:
    fay = user(9, "fay", email="f.day@mail.example")
    store = MemoryStore([*USERS, fay])
    applied(forms_of("sellers: [{user: F.Day@MAIL.example}]"), store)
    assert store.stored().sellers[0].row.user_id == fay.id


def test_a_domain_name_wins_over_an_email_address() -> None:
    other = user(9, "fay", email="ana@contoso.example")
    store = MemoryStore([other, *USERS])
    applied(forms_of("sellers: [{user: ana@contoso.example}]"), store)
    assert store.stored().sellers[0].row.user_id == ANA.id


def test_users_that_are_not_there_are_told_with_their_line() -> None:
    found = problems_of("""\
        sellers:
          - user: ana@contoso.example
        segments: [{name: A, record_type: lead}]
        rules:
          - name: R
            segment: A
            match: list
            list:
              - ana@contso.example
    """)
    assert found == [
        "d.yaml:9: rule 'R': there is no user with domain name or e-mail address "
        "'ana@contso.example'; did you mean 'ana@contoso.example'?"
    ]


def test_of_two_users_with_one_email_address_the_enabled_one_is_meant() -> None:
    leaver = user(8, "old", email="fay@mail.example", is_disabled=True)
    fay = user(9, "fay", email="fay@mail.example")
    store = MemoryStore([leaver, fay])
    applied(forms_of("sellers: [{user: fay@mail.example}]"), store)
    assert store.stored().sellers[0].row.user_id == fay.id


def test_two_users_with_one_email_address_are_not_guessed_between() -> None:
    twins = [user(n, f"twin{n}", email="twins@mail.example") for n in (8, 9)]
    assert problems_of("sellers: [{user: twins@mail.example}]", MemoryStore(twins)) == [
        "d.yaml:1: seller 'twins@mail.example': 2 users have 'twins@mail.example': "
        "say the domain name of one"
    ]


def test_one_user_cannot_be_two_sellers() -> None:
    fay = user(9, "fay", email="f.day@mail.example")
    found = problems_of(
        "sellers:\n        - user: f.day@mail.example\n        - user: fay@contoso.example",
        MemoryStore([fay]),
    )
    assert found == [
        "d.yaml:3: seller 'fay@contoso.example': is the same user as the seller at d.yaml:2"
    ]


def test_rules_on_one_line_keep_their_own_attributes() -> None:
    store = MemoryStore()
    applied(
        forms_of("""\
            sellers: [{user: ana@contoso.example, attributes: {L: [x, y]}}]
            segments: [{name: A, record_type: lead}]
            rules: [{name: R, segment: A, match: attributes, attributes: [L, eq, x]}, {name: Q, segment: A, match: attributes, attributes: [L, in, [y]]}]
        """),
        store,
    )
    assert store.row("R").attributes == '{"all":[["L","eq","x"]]}'
    assert store.row("Q").attributes == '{"all":[["L","in",["y"]]]}'


def test_days_and_moments_of_sellers_reach_dataverse_as_they_are_written() -> None:
    store = MemoryStore()
    forms = forms_of("""\
        sellers:
          - user: ana@contoso.example
            working_hours:
              - {days: [mon], from: "8:00", to: "17:00", first_day: 2026-01-05, last_day: 2026-12-28, every_weeks: 2, time_zone: W. Europe Standard Time}
            time_off:
              - {from: 2026-12-24, to: 2026-12-26, time_zone: Europe/Berlin}
              - {from: 2026-07-01T12:00:00+02:00, to: 2026-07-02T00:00:00Z}
    """)
    applied(forms, store)
    row = store.row("Ana")
    assert json.loads(row.working_hours) == [
        {
            "days": ["mon"],
            "from": "8:00",
            "to": "17:00",
            "first_day": "2026-01-05",
            "last_day": "2026-12-28",
            "every_weeks": 2,
            "time_zone": "W. Europe Standard Time",
        }
    ]
    assert json.loads(row.time_off) == [
        {"from": "2026-12-24", "to": "2026-12-26", "time_zone": "Europe/Berlin"},
        {"from": "2026-07-01T12:00:00+02:00", "to": "2026-07-02T00:00:00Z"},
    ]
    assert read_calendar(json.loads(row.working_hours), json.loads(row.time_off), "ana").hours
    assert not plan(forms, store)


def test_of_long_values_the_part_that_differs_is_shown() -> None:
    alike = "x" * 300
    said = str(ColumnChange("filter", f"{alike} Paris", f"{alike} Prague"))
    before = f"...{'x' * 28} P"
    assert said == f"filter: {before}aris -> {before}rague"


def test_of_long_values_that_differ_soon_the_beginnings_are_shown() -> None:
    said = str(ColumnChange("filter", f"a{'x' * 300}", "b"))
    assert said == f"filter: a{'x' * 116}... -> b"
