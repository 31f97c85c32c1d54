"""A folder of YAML is read with its defaults, and everything wrong is told with file and line."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from tests.configuration.folders import GOOD, forms_of, good_forms, refused, write_folder

from work_assignment import samples
from work_assignment.services.configuration.folder import read_folder, read_texts
from work_assignment.services.configuration.problems import ConfigurationErrors


def test_a_seller_may_have_any_whole_number_as_capacity_and_no_attributes() -> None:
    listed, unsaid = (
        forms_of("""\
        sellers:
          - {user: ana, max_capacity: -3, attributes: []}
          - {user: ben, attributes: {Language: null, Region: Europe}}
    """).sellers
        or ()
    )
    assert (listed.max_capacity, listed.attributes) == (-3, ())
    assert unsaid.attributes == (("Region", "Europe"),)


def test_the_files_of_a_folder_and_its_folders_make_one_set_of_definitions(tmp_path: Path) -> None:
    assert read_folder(write_folder(tmp_path, GOOD)).settings is not None
    forms = good_forms()
    assert [(form.name, form.record_type, form.priority) for form in forms.segments or ()] == [
        ("UK trade shows", "lead", 1),
        ("Larkfell", "lead", 2),
        ("Old deals", "opportunity", 7),
    ]
    assert [(form.name, form.record_type, form.order) for form in forms.rules or ()] == [
        ("In German", "lead", 1),
        ("The two", "lead", 2),
        ("All others", "opportunity", 1),
    ]


def test_keys_that_are_absent_have_their_defaults() -> None:
    forms = forms_of("""\
        segments: [{name: A, record_type: lead}]
        rules: [{name: R, segment: A}]
        sellers: [{user: ana@contoso.example}]
        settings:
    """)
    assert forms.settings
    (segment,) = forms.segments or ()
    (rule,) = forms.rules or ()
    (seller,) = forms.sellers or ()
    assert (segment.state, segment.filter, segment.allow_move_in) == ("active", None, False)
    assert (rule.match, rule.distribution, rule.on_no_seller) == ("any", "round robin", "next rule")
    assert (rule.capacity, rule.created_within_hours, rule.available_within_hours) == (
        False,
        None,
        None,
    )
    assert (seller.takes_assignments, seller.max_capacity) == (True, None)
    assert (seller.attributes, seller.working_hours) == ((), None)
    row = forms.settings.row
    assert (row.default_capacity, row.evaluation_time_zone) == (50, "UTC")
    assert (row.flap_limit_moves, row.flap_limit_hours) == (3, 24)
    assert row.record_types == '["lead","opportunity"]'


def test_sections_that_are_absent_stay_unsaid() -> None:
    forms = forms_of("rules: [{name: R, segment: Somewhere}]")
    assert forms.segments is None
    assert forms.sellers is None
    assert forms.settings is None


@pytest.mark.parametrize("folder", [samples.DEFINITIONS, samples.CRM_EXPORT_DEFINITIONS])
def test_the_sample_definitions_are_good(folder: Path) -> None:
    forms = read_folder(folder)
    assert forms.segments
    assert forms.rules


SEGMENT = "segments: [{name: A, record_type: lead"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("segment: []", "d.yaml:1: there is no section 'segment'; did you mean 'segments'?"),
        ("- a", "d.yaml:1: a file has the keys segments, rules, sellers, settings"),
        ("segments:\n", "d.yaml:1: 'segments' is a list; an empty one is []"),
        ("segments: {}", "d.yaml:1: 'segments' is a list; an empty one is []"),
        ("segments: [A]", "d.yaml:1: a segment is a mapping with a name and a record_type"),
        ("settings: 3", "d.yaml:1: settings is a mapping"),
        ("sequences: [{name: S}]", "d.yaml:1: sequences: they are not supported"),
        (
            SEGMENT + ", prioritee: 1}]",
            "d.yaml:1: segment 'A': there is no key 'prioritee'; did you mean 'priority'?",
        ),
        ("segments:\n- record_type: lead", "d.yaml:2: segment: 'name' is missing"),
        ("segments:\n- name: A", "d.yaml:2: segment 'A': 'record_type' is missing"),
        (
            "segments:\n- name: A\n  record_type: leads\nsettings: {}",
            "d.yaml:3: segment 'A': settings have no leads in their record_types; "
            "did you mean 'lead'?",
        ),
        (
            "segments: [{name: A, record_type: Lead}]",
            "d.yaml:1: segment 'A': a record type is the logical name of a table, such as lead, "
            "not 'Lead'; did you mean 'lead'?",
        ),
        (
            "segments: [{name: [A], record_type: lead}]",
            "d.yaml:1: segment: 'name' is a text, not a list",
        ),
        (
            'segments: [{name: " ", record_type: lead}]',
            "d.yaml:1: segment: 'name' is empty",
        ),
        (
            'segments: [{name: "a\\tb", record_type: lead}]',
            "d.yaml:1: segment 'a b': 'name' has a character that cannot be printed",
        ),
        (
            f"segments: [{{name: {'x' * 101}, record_type: lead}}]",
            f"d.yaml:1: segment '{'x' * 101}': 'name' is longer than 100 characters",
        ),
        (
            "segments: [{name: Default, record_type: lead}]",
            "d.yaml:1: segment 'Default': that name is the built-in last segment's",
        ),
        (
            SEGMENT + ", priority: high}]",
            "d.yaml:1: segment 'A': 'priority' is a whole number, not 'high'",
        ),
        (
            SEGMENT + ", priority: true}]",
            "d.yaml:1: segment 'A': 'priority' is a whole number, not 'true'",
        ),
        (
            SEGMENT + ", priority: 0}]",
            "d.yaml:1: segment 'A': 'priority' is a number from 1 to 2147483647, not 0",
        ),
        (
            SEGMENT + ", allow_move_in: yes}]",
            "d.yaml:1: segment 'A': 'allow_move_in' is true or false, not 'yes'; "
            "did you mean 'true'?",
        ),
        (
            SEGMENT + ", state: activ}]",
            "d.yaml:1: segment 'A': 'state' is one of active, paused, inactive, shadow, "
            "not 'activ'; did you mean 'active'?",
        ),
        (SEGMENT + ", state: shadow}]", "d.yaml:1: segment 'A': 'state: shadow' is not supported"),
        (SEGMENT + ", sequence: S}]", "d.yaml:1: segment 'A': 'sequence' is not supported"),
        (
            SEGMENT + ", schedule: daily}]",
            "d.yaml:1: segment 'A': 'schedule' is a mapping of days, times, time_zone, from, until",
        ),
        (
            SEGMENT + "}, {name: a, record_type: lead}]",
            "d.yaml:1: segment 'a': there is another one for lead at d.yaml:1",
        ),
        ("sellers: [ana]", "d.yaml:1: a seller is a mapping with a user"),
        ("sellers: [{max_capacity: 3}]", "d.yaml:1: seller: 'user' is missing"),
        (
            "sellers: [{user: ana}, {user: ANA}]",
            "d.yaml:1: seller 'ANA': is there already at d.yaml:1",
        ),
        (
            "sellers: [{user: ana, max_capacity: 1.5}]",
            "d.yaml:1: seller 'ana': 'max_capacity' is a whole number, not '1.5'",
        ),
        (
            "sellers: [{user: ana, attributes: [English]}]",
            "d.yaml:1: seller 'ana': 'attributes' is a mapping of attributes to lists of values",
        ),
        (
            "sellers: [{user: ana, attributes: {Language: [{a: b}]}}]",
            "d.yaml:1: seller 'ana': a value of attribute 'Language' is a text, not a mapping",
        ),
        (
            "sellers: [{user: ana, attributes: {Language: [], language: []}}]",
            "d.yaml:1: seller 'ana': attribute 'language' is there twice",
        ),
        (
            'sellers: [{user: ana, attributes: {"": []}}]',
            "d.yaml:1: seller 'ana': an attribute's name has 1 to 100 letters",
        ),
        (
            'sellers:\n- user: ana\n  working_hours:\n  - {days: [mno], from: "08:00", to: "17:00"}',
            "d.yaml:4: seller 'ana': working_hours: there is no day 'mno'; did you mean 'mon'?",
        ),
        (
            "sellers: [{user: ana, working_hours: [{days: [mon], from: 8, to: 17}]}]",
            "d.yaml:1: seller 'ana': working_hours: from is a time such as \"08:00\", not 8",
        ),
        (
            'sellers: [{user: ana, working_hours: [{days: [mon], from: "08:00"}]}]',
            "d.yaml:1: seller 'ana': working_hours: 'to' is missing",
        ),
        (
            'sellers: [{user: ana, working_hours: [{days: [mon], from: "08:00", to: "09:00", '
            "time_zone: Europe/Londn}]}]",
            "d.yaml:1: seller 'ana': working_hours: there is no time zone 'Europe/Londn'; "
            "did you mean 'Europe/London'?",
        ),
        (
            "sellers: [{user: ana, time_off: [{from: 2026-01-02, to: 2026-01-01}]}]",
            "d.yaml:1: seller 'ana': time_off: it ends before it starts",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    assert problem in refused(text)


def test_all_problems_of_all_files_are_told_at_once_in_order() -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        read_texts(
            [
                ("b.yaml", "rules: [{name: R, segment: A, order: x}]\n"),
                ("a.yaml", "\nsegments:\n- record_type: lead\n- name: B\n"),
            ]
        )
    assert str(caught.value).splitlines() == [
        "a.yaml:3: segment: 'name' is missing",
        "a.yaml:4: segment 'B': 'record_type' is missing",
        "b.yaml:1: rule 'R': 'order' is a whole number, not 'x'",
        "b.yaml:1: rule 'R': there is no segment 'A'",
    ]


def test_fifty_problems_are_told_and_the_rest_counted() -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        forms_of("segments:\n" + "- name: A\n" * 60)
    assert len(caught.value.problems) == 50
    assert caught.value.left_out > 0
    assert str(caught.value).endswith(f"and {caught.value.left_out} more")


def test_settings_can_stand_in_one_file_only() -> None:
    with pytest.raises(
        ConfigurationErrors, match=r"b\.yaml:1: settings: they are there already at a\.yaml:1"
    ):
        read_texts([("a.yaml", "settings: {}"), ("b.yaml", "settings: {}")])


def test_hours_that_overlap_on_a_weekday_are_refused() -> None:
    (found,) = refused("""\
        sellers:
          - user: ana
            working_hours:
              - {days: [sun], from: "20:00", to: "06:00"}
              - {days: [mon, tue], from: "05:00", to: "09:00"}
    """)
    assert found == "d.yaml:5: seller 'ana': working_hours: they overlap with others on mon"


def test_hours_that_overlap_in_another_time_zone_are_refused() -> None:
    (found,) = refused("""\
        sellers:
          - user: ana
            working_hours:
              - {days: [Monday], from: "08:00", to: "12:00", time_zone: Europe/London}
              - {days: [mon], from: "12:00", to: "14:00", time_zone: Europe/Berlin}
    """)
    assert found == (
        "d.yaml:5: seller 'ana': working_hours: they overlap with those of Europe/London on mon"
    )


def test_hours_may_leave_out_days_and_last_until_midnight() -> None:
    (seller,) = (
        forms_of("""\
        sellers:
          - user: ana
            working_hours:
              - {from: "08:00:00", to: "24:00", time_zone: ~, breaks: [{from: "12:00", to: "13:00"}]}
    """).sellers
        or ()
    )
    assert seller.working_hours == (
        '[{"breaks":[{"from":"12:00","to":"13:00"}],"from":"08:00:00","time_zone":null,"to":"24:00"}]'
    )


def test_hours_that_only_touch_are_fine() -> None:
    forms = forms_of("""\
        sellers:
          - user: ana
            working_hours:
              - {days: [sun], from: "20:00", to: "05:00"}
              - {days: [mon, tue], from: "05:00", to: "09:00"}
              - {days: [mon, tue], from: "09:00", to: "10:00"}
    """)
    assert forms.sellers


def test_texts_can_join_the_files_of_a_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a.yaml": "segments: []"})
    forms = read_folder(tmp_path, [("sellers", "sellers: [{user: ana}]")])
    assert forms.segments == ()
    assert [form.user for form in forms.sellers or ()] == ["ana"]


def test_a_folder_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationErrors, match="there is no such folder"):
        read_folder(tmp_path / "missing")
    with pytest.raises(ConfigurationErrors, match=r"the folder has no \.yaml files"):
        read_folder(tmp_path)


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"segments: [\xff]")
    with pytest.raises(ConfigurationErrors, match=r"a\.yaml: the file is not written in UTF-8"):
        read_folder(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    text = textwrap.dedent("segments: []\n")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8-sig")
    assert read_folder(tmp_path).segments == ()
