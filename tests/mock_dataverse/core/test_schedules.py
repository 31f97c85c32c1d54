"""When somebody works, computed from the rules of a calendar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.core.calendar_bodies import (
    BREAK,
    DAY_OFF,
    HOLIDAY,
    OPEN_END,
    UTC,
    VACATION,
    calendar,
    expanded,
    inner,
    leaf,
    office_hours,
    single,
    weekly,
    working,
)
from tests.mock_dataverse.core.client import Api, assert_fault

MORNING = [("2026-03-02T07:00:00Z", "2026-03-02T11:00:00Z")]
AFTERNOON = [("2026-03-02T12:00:00Z", "2026-03-02T16:00:00Z")]


def test_a_break_lies_on_top_of_working_time(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO,TU,WE,TH,FR"))
    assert expanded(api, made, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T07:00:00Z", "2026-03-02T11:00:00Z", "Schedulable"),
        ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z", "Break"),
        ("2026-03-02T12:00:00Z", "2026-03-02T16:00:00Z", "Schedulable"),
    ]
    assert working(api, made, "2026-03-07", "2026-03-09") == []


def test_blocks_are_cut_at_the_edges_of_what_is_asked_for(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    found = working(api, made, "2026-03-02T08:30:00Z", "2026-03-02T09:00:00Z")
    assert found == [("2026-03-02T08:30:00Z", "2026-03-02T09:00:00Z")]
    assert working(api, made, "2026-03-02T16:00:00Z", "2026-03-03") == []


def test_hours_follow_the_wall_clock_through_daylight_saving(api: Api) -> None:
    made = calendar(api, weekly(inner(api, leaf("08:00", "09:00")), "SA,SU"))
    assert working(api, made, "2026-03-28", "2026-03-30") == [
        ("2026-03-28T07:00:00Z", "2026-03-28T08:00:00Z"),
        ("2026-03-29T06:00:00Z", "2026-03-29T07:00:00Z"),
    ]


def test_a_shift_runs_past_midnight(api: Api) -> None:
    made = calendar(api, weekly(inner(api, leaf("22:00", "30:00")), "MO", timezonecode=UTC))
    assert working(api, made, "2026-03-02", "2026-03-04") == [
        ("2026-03-02T22:00:00Z", "2026-03-03T06:00:00Z")
    ]
    assert working(api, made, "2026-03-03", "2026-03-04") == [
        ("2026-03-03T00:00:00Z", "2026-03-03T06:00:00Z")
    ]


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        ("FREQ=DAILY", [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]),
        ("FREQ=DAILY;INTERVAL=3", [5, 8, 11, 14, 17]),
        ("FREQ=DAILY;INTERVAL=1;BYDAY=SA,SU", [10, 11, 17, 18]),
        ("FREQ=DAILY;COUNT=2", [5, 6]),
        ("FREQ=WEEKLY", [5, 12]),
        ("FREQ=WEEKLY;BYDAY=TU,FR", [6, 9, 13, 16]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", [5, 11]),
        ("freq=weekly; interval=1; byday=we;", [7, 14]),
        ("FREQ=WEEKLY;COUNT=3;BYDAY=MO,WE", [5, 7, 12]),
        (None, [5]),
    ],
)
def test_patterns_give_their_days(api: Api, pattern: str | None, days: list[int]) -> None:
    rule = weekly(inner(api, leaf("08:00", "09:00")), "MO", timezonecode=UTC, pattern=pattern)
    made = calendar(api, rule)
    found = [int(begin[8:10]) for begin, _ in working(api, made, "2026-01-01", "2026-01-19")]
    assert found == days


def test_a_rule_counts_between_its_first_day_and_the_midnight_of_its_end(api: Api) -> None:
    rule = weekly(
        inner(api, leaf("08:00", "09:00")),
        "MO,TU,WE,TH,FR",
        effectiveintervalstart="2026-01-07T00:00:00Z",
        effectiveintervalend="2026-01-09T00:00:00Z",
    )
    made = calendar(api, rule)
    found = [begin[8:10] for begin, _ in working(api, made, "2026-01-01", "2026-02-01")]
    assert found == ["07", "08"]


def test_a_single_day_replaces_the_weekly_hours_of_that_day(api: Api) -> None:
    usual, short = office_hours(api), inner(api, leaf("10:00", "11:00"))
    made = calendar(api, weekly(usual, "MO,TU"), single(short, "2026-03-02"))
    assert working(api, made, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")
    ]
    assert len(working(api, made, "2026-03-03", "2026-03-04")) == 2
    free = inner(api, leaf("00:00", "24:00", DAY_OFF))
    without = calendar(api, weekly(usual, "MO"), single(free, "2026-03-02"))
    assert working(api, without, "2026-03-02", "2026-03-03") == []
    empty = calendar(api, weekly(usual, "MO"), single(inner(api), "2026-03-02"))
    assert working(api, empty, "2026-03-02", "2026-03-03") == []


@pytest.mark.parametrize("ranks", [(0, 1), (2, 0), (0, 0)])
def test_one_day_beats_the_week_whatever_the_ranks(api: Api, ranks: tuple[int, int]) -> None:
    of_week, of_day = ranks
    made = calendar(
        api,
        weekly(office_hours(api), "MO", rank=of_week),
        single(inner(api, leaf("10:00", "11:00")), "2026-03-02", rank=of_day),
    )
    assert len(working(api, made, "2026-03-02", "2026-03-03")) == 1


def test_time_off_takes_only_its_own_hours_away(api: Api) -> None:
    doctor = single(inner(api, leaf("07:00", "13:30", VACATION)), "2026-03-02", extentcode=2)
    made = calendar(api, weekly(office_hours(api), "MO"), doctor)
    assert working(api, made, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T12:30:00Z", "2026-03-02T16:00:00Z")
    ]
    codes = [code for _, _, code in expanded(api, made, "2026-03-02", "2026-03-03")]
    assert codes == ["Vacation", "Schedulable"]


def test_time_off_may_last_several_days_and_names_its_reason(api: Api) -> None:
    away = inner(api, leaf("00:00", "72:00", VACATION), name="Skiing")
    rule = single(away, "2026-03-02", extentcode=2, duration=4320)
    made = calendar(api, weekly(office_hours(api), "MO,TU,WE,TH,FR"), rule)
    found = working(api, made, "2026-03-02", "2026-03-07")
    assert [begin[:10] for begin, _ in found] == ["2026-03-05"] * 2 + ["2026-03-06"] * 2
    path = f"calendars({made})/Microsoft.Dynamics.CRM.ExpandCalendar(Start=@s,End=@e)"
    body = api.row(f"{path}?@s=2026-03-02T00:00:00Z&@e=2026-03-03T00:00:00Z")
    (block,) = body["result"]
    assert (block["TimeCode"], block["SubCode"]) == ("Unavailable", "Vacation")
    assert block["DisplayText"] == "Skiing"


def test_a_transparent_rule_hides_nothing(api: Api) -> None:
    extra = single(inner(api, leaf("20:00", "21:00")), "2026-03-02", extentcode=0)
    made = calendar(api, weekly(office_hours(api), "MO"), extra)
    assert len(working(api, made, "2026-03-02", "2026-03-03")) == 3


def closures(api: Api, *starts: str) -> str:
    rules = [
        {
            **HOLIDAY,
            "name": "Closed",
            "pattern": "FREQ=DAILY;INTERVAL=1;COUNT=1",
            "starttime": start,
            "duration": 1440,
            "extentcode": 2,
            "timezonecode": -1,
        }
        for start in starts
    ]
    return calendar(api, *rules)


def observing(calendar_id: str) -> dict[str, Any]:
    return {
        **HOLIDAY,
        "pattern": "FREQ=YEARLY;INTERVAL=1",
        "starttime": "2000-01-01T00:00:00Z",
        "effectiveintervalend": OPEN_END,
        "duration": 525600,
        "rank": 1,
        "extentcode": 2,
        "timezonecode": 110,
        "innercalendarid@odata.bind": f"/calendars({calendar_id})",
    }


def test_business_closures_count_for_the_calendars_that_observe_them(api: Api) -> None:
    closed = closures(api, "2026-03-01T23:00:00Z")
    usual = weekly(office_hours(api), "MO,TU")
    observes, ignores = calendar(api, usual, observing(closed)), calendar(api, usual)
    assert working(api, observes, "2026-03-02", "2026-03-03") == []
    assert working(api, ignores, "2026-03-02", "2026-03-03") == MORNING + AFTERNOON
    assert len(working(api, observes, "2026-03-03", "2026-03-04")) == 2
    assert expanded(api, observes, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T00:00:00Z", "2026-03-02T23:00:00Z", "Holiday")
    ]


def test_who_is_told_to_work_on_a_holiday_works(api: Api) -> None:
    closed = closures(api, "2026-03-01T23:00:00Z")
    today = single(inner(api, leaf("08:00", "12:00")), "2026-03-02")
    made = calendar(api, weekly(office_hours(api), "MO"), observing(closed), today)
    assert working(api, made, "2026-03-02", "2026-03-03") == MORNING


def user_with(api: Api, calendar_id: str) -> str:
    user = api.create("systemusers", firstname="Ana")
    api.patch(f"systemusers({user})", {"calendarid@odata.bind": f"/calendars({calendar_id})"})
    return user


def test_query_schedule_answers_with_time_infos_of_the_user(api: Api) -> None:
    made = calendar(api, weekly(office_hours(api), "MO"))
    user = user_with(api, made)
    body = api.row(
        "QuerySchedule(ResourceId=@r,Start=@s,End=@e,TimeCodes=@t)"
        f'?@r={user}&@s=2026-03-02T00:00:00Z&@e=2026-03-09T00:00:00%2B00:00&@t=["Available"]'
    )
    assert body["@odata.context"].endswith("#Microsoft.Dynamics.CRM.QueryScheduleResponse")
    assert body["TimeInfos"][0] == {
        "Start": "2026-03-02T07:00:00Z",
        "End": "2026-03-02T11:00:00Z",
        "TimeCode": "Available",
        "SubCode": "Schedulable",
        "SourceId": user,
        "CalendarId": made,
        "SourceTypeCode": 8,
        "IsActivity": False,
        "ActivityStatusCode": -1,
        "Effort": 1.0,
        "DisplayText": "",
    }
    assert [info["TimeCode"] for info in body["TimeInfos"]] == ["Available", "Available"]


def test_time_codes_may_be_written_with_their_type(api: Api) -> None:
    user = user_with(api, calendar(api, weekly(office_hours(api), "MO")))
    path = (
        "QuerySchedule(ResourceId=@r,Start=@s,End=@e,TimeCodes=@t)"
        f"?@r={user}&@s=2026-03-02T00:00:00Z&@e=2026-03-09T00:00:00Z&@t="
    )
    typed = "Microsoft.Dynamics.CRM.TimeCode'{}'"
    both = f"[{typed.format('Available')},{typed.format('Unavailable')}]"
    assert api.row(f"{path}{both}") == api.row(f'{path}["Available","Unavailable"]')
    wrong = api.get(f"{path}[{typed.format('Never')}]")
    assert_fault(wrong, 400, "0x80060888", "Never")


def test_query_multiple_schedules_answers_in_the_order_of_the_users(api: Api) -> None:
    hours = office_hours(api)
    ana, ben = (user_with(api, calendar(api, weekly(hours, day))) for day in ("MO", "TU"))
    path = (
        "QueryMultipleSchedules(ResourceIds=@r,Start=@s,End=@e,TimeCodes=@t)"
        f"?@r={json.dumps([ben, ana])}&@s=2026-03-02T00:00:00Z&@e=2026-03-03T00:00:00Z"
    )
    body = api.row(f'{path}&@t=["Available","Available"]')
    assert [len(item["TimeInfos"]) for item in body["TimeInfos"]] == [0, 2]
    older = path.replace("ResourceIds=", "Resource=")
    assert api.row(f'{older}&@t=["Available"]') == body
    mixed = api.get(f'{path}&@t=["Available","Unavailable"]')
    assert_fault(mixed, 501, "0x80060888", "different time codes")


QUERY = "QuerySchedule(ResourceId=@r,Start=@s,End=@e,TimeCodes=@t)"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"@r": "ana"}, 400, "not a guid"),
        ({"@s": "yesterday"}, 400, "not a date and time"),
        ({"@s": "2026-03-02T00:00:00"}, 400, "with its offset"),
        ({"@s": "2026-03-09T00:00:00Z"}, 400, "not before its End"),
        ({"@s": "1000-03-09T00:00:00Z"}, 400, "outside the supported range"),
        ({"@s": "1990-03-09T00:00:00Z"}, 501, "more than ten years"),
        ({"@t": "Available"}, 400, "not an array"),
        ({"@t": "[]"}, 400, "not none"),
        ({"@t": '["Idle"]'}, 400, "not Idle"),
        ({"@t": '["Busy"]'}, 501, "Busy"),
        ({"@r": "9c1f6d4e-0000-4000-8000-000000000001"}, 404, "Does Not Exist"),
    ],
)
def test_a_wrong_question_is_refused(
    api: Api, changes: dict[str, str], status: int, words: str
) -> None:
    user = user_with(api, calendar(api, weekly(office_hours(api), "MO")))
    asked = {"@r": user, "@s": "2026-03-02T00:00:00Z", "@e": "2026-03-09T00:00:00Z"}
    answer = api.get(QUERY, params={**asked, "@t": '["Available"]', **changes})
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_who_has_no_calendar_cannot_be_asked(api: Api) -> None:
    user = api.create("systemusers", firstname="Ana")
    asked = {"@r": user, "@s": "2026-03-02T00:00:00Z", "@e": "2026-03-09T00:00:00Z"}
    answer = api.get(QUERY, params={**asked, "@t": '["Available"]'})
    assert_fault(answer, 501, "0x80060888", "without a calendar", user)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pattern": "FREQ=MONTHLY;BYMONTHDAY=1"}, "FREQ=MONTHLY"),
        ({"pattern": "FREQ=WEEKLY;BYDAY=1MO"}, "1MO"),
        ({"pattern": "FREQ=DAILY;UNTIL=20260101"}, "UNTIL"),
        ({"pattern": "every day"}, "every day"),
        ({"pattern": "FREQ=YEARLY;INTERVAL=2"}, "YEARLY"),
        ({"timezonecode": 1234}, "1234"),
        ({"extentcode": 7}, "extent code 7"),
        ({"timecode": 3, "subcode": 10, "innercalendarid@odata.bind": None}, "time code 3"),
    ],
)
def test_what_is_beyond_the_mock_says_so_when_it_is_expanded(
    api: Api, changes: dict[str, Any], words: str
) -> None:
    made = calendar(api, {**weekly(office_hours(api), "MO"), **changes})
    path = f"calendars({made})/Microsoft.Dynamics.CRM.ExpandCalendar(Start=@s,End=@e)"
    answer = api.get(f"{path}?@s=2026-03-02T00:00:00Z&@e=2026-03-03T00:00:00Z")
    assert_fault(answer, 501, "0x80060888", words)


def test_a_rule_that_can_never_happen_ends(api: Api) -> None:
    never = weekly(
        inner(api, leaf("08:00", "09:00")),
        "MO",
        pattern="FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    )
    assert working(api, calendar(api, never), "2026-01-01", "2026-06-01") == []


def test_a_leaf_without_working_time_is_no_working_time(api: Api) -> None:
    made = calendar(api, weekly(inner(api, leaf("09:00", "10:00", BREAK)), "MO"))
    assert working(api, made, "2026-03-02", "2026-03-03") == []


def test_rules_of_the_same_kind_and_rank_add_up(api: Api) -> None:
    early, late = inner(api, leaf("08:00", "10:00")), inner(api, leaf("09:00", "12:00"))
    made = calendar(api, weekly(early, "MO"), weekly(late, "MO"))
    assert working(api, made, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T07:00:00Z", "2026-03-02T09:00:00Z"),
        ("2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z"),
    ]
    away = single(inner(api, leaf("09:00", "11:00", VACATION)), "2026-03-02", extentcode=2)
    busy = calendar(api, single(early, "2026-03-02"), away, single(late, "2026-03-02"))
    assert expanded(api, busy, "2026-03-02", "2026-03-03") == [
        ("2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z", "Schedulable"),
        ("2026-03-02T08:00:00Z", "2026-03-02T10:00:00Z", "Vacation"),
        ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", "Schedulable"),
    ]


def test_of_two_weekly_rules_the_smaller_rank_has_the_day(api: Api) -> None:
    early, late = inner(api, leaf("08:00", "10:00")), inner(api, leaf("09:00", "12:00"))
    made = calendar(api, weekly(early, "MO,TU"), weekly(late, "MO", rank=1))
    assert working(api, made, "2026-03-02", "2026-03-04") == [
        ("2026-03-02T08:00:00Z", "2026-03-02T11:00:00Z"),
        ("2026-03-03T07:00:00Z", "2026-03-03T09:00:00Z"),
    ]
