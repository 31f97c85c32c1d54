"""Time zones by every name that Dynamics knows: IANA, Windows, and Dataverse's number.

The table has the IANA zone that stands for each Windows zone (facts of Unicode CLDR, "Windows
zones") and the time zone code of the same zone in Dataverse (Microsoft Learn, "Edit work hour
calendars by using APIs"); where that lists none, there is None. Codes 13 and 30 are those of
Windows names that are no longer used.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from work_assignment.domain.errors import nearest

_ZONES: tuple[tuple[str, str, int | None], ...] = (
    ("Dateline Standard Time", "Etc/GMT+12", 0),
    ("UTC-11", "Etc/GMT+11", 6),
    ("Aleutian Standard Time", "America/Adak", 7),
    ("Hawaiian Standard Time", "Pacific/Honolulu", 2),
    ("Marquesas Standard Time", "Pacific/Marquesas", 8),
    ("Alaskan Standard Time", "America/Anchorage", 3),
    ("UTC-09", "Etc/GMT+9", 9),
    ("Pacific Standard Time (Mexico)", "America/Tijuana", 5),
    ("UTC-08", "Etc/GMT+8", 11),
    ("Pacific Standard Time", "America/Los_Angeles", 4),
    ("US Mountain Standard Time", "America/Phoenix", 15),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan", 12),
    ("Mexico Standard Time 2", "America/Mazatlan", 13),
    ("Mountain Standard Time", "America/Denver", 10),
    ("Yukon Standard Time", "America/Whitehorse", 305),
    ("Central America Standard Time", "America/Guatemala", 33),
    ("Central Standard Time", "America/Chicago", 20),
    ("Easter Island Standard Time", "Pacific/Easter", 34),
    ("Central Standard Time (Mexico)", "America/Mexico_City", 29),
    ("Mexico Standard Time", "America/Mexico_City", 30),
    ("Canada Central Standard Time", "America/Regina", 25),
    ("SA Pacific Standard Time", "America/Bogota", 45),
    ("Eastern Standard Time (Mexico)", "America/Cancun", 301),
    ("Eastern Standard Time", "America/New_York", 35),
    ("Haiti Standard Time", "America/Port-au-Prince", 43),
    ("Cuba Standard Time", "America/Havana", 44),
    ("US Eastern Standard Time", "America/Indiana/Indianapolis", 40),
    ("Turks And Caicos Standard Time", "America/Grand_Turk", 51),
    ("Paraguay Standard Time", "America/Asuncion", 59),
    ("Atlantic Standard Time", "America/Halifax", 50),
    ("Venezuela Standard Time", "America/Caracas", 47),
    ("Central Brazilian Standard Time", "America/Cuiaba", 58),
    ("SA Western Standard Time", "America/La_Paz", 55),
    ("Pacific SA Standard Time", "America/Santiago", 56),
    ("Newfoundland Standard Time", "America/St_Johns", 60),
    ("Tocantins Standard Time", "America/Araguaina", 77),
    ("E. South America Standard Time", "America/Sao_Paulo", 65),
    ("SA Eastern Standard Time", "America/Cayenne", 70),
    ("Argentina Standard Time", "America/Argentina/Buenos_Aires", 69),
    ("Greenland Standard Time", "America/Nuuk", 73),
    ("Montevideo Standard Time", "America/Montevideo", 74),
    ("Magallanes Standard Time", "America/Punta_Arenas", 303),
    ("Saint Pierre Standard Time", "America/Miquelon", 72),
    ("Bahia Standard Time", "America/Bahia", 71),
    ("UTC-02", "Etc/GMT+2", 76),
    ("Mid-Atlantic Standard Time", "Etc/GMT+2", 75),
    ("Azores Standard Time", "Atlantic/Azores", 80),
    ("Cape Verde Standard Time", "Atlantic/Cape_Verde", 83),
    ("UTC", "UTC", 92),
    ("GMT Standard Time", "Europe/London", 85),
    ("Greenwich Standard Time", "Atlantic/Reykjavik", 90),
    ("Sao Tome Standard Time", "Africa/Sao_Tome", None),
    ("Morocco Standard Time", "Africa/Casablanca", 84),
    ("W. Europe Standard Time", "Europe/Berlin", 110),
    ("Central Europe Standard Time", "Europe/Budapest", 95),
    ("Romance Standard Time", "Europe/Paris", 105),
    ("Central European Standard Time", "Europe/Warsaw", 100),
    ("W. Central Africa Standard Time", "Africa/Lagos", 113),
    ("Jordan Standard Time", "Asia/Amman", 129),
    ("GTB Standard Time", "Europe/Bucharest", 130),
    ("Middle East Standard Time", "Asia/Beirut", 131),
    ("Egypt Standard Time", "Africa/Cairo", 120),
    ("E. Europe Standard Time", "Europe/Chisinau", 115),
    ("Syria Standard Time", "Asia/Damascus", 133),
    ("West Bank Standard Time", "Asia/Hebron", 142),
    ("South Africa Standard Time", "Africa/Johannesburg", 140),
    ("FLE Standard Time", "Europe/Kyiv", 125),
    ("Israel Standard Time", "Asia/Jerusalem", 135),
    ("South Sudan Standard Time", "Africa/Juba", None),
    ("Kaliningrad Standard Time", "Europe/Kaliningrad", 159),
    ("Sudan Standard Time", "Africa/Khartoum", 302),
    ("Libya Standard Time", "Africa/Tripoli", None),
    ("Namibia Standard Time", "Africa/Windhoek", 141),
    ("Arabic Standard Time", "Asia/Baghdad", 158),
    ("Turkey Standard Time", "Europe/Istanbul", 134),
    ("Arab Standard Time", "Asia/Riyadh", 150),
    ("Belarus Standard Time", "Europe/Minsk", 151),
    ("Russian Standard Time", "Europe/Moscow", 145),
    ("E. Africa Standard Time", "Africa/Nairobi", 155),
    ("Iran Standard Time", "Asia/Tehran", 160),
    ("Arabian Standard Time", "Asia/Dubai", 165),
    ("Astrakhan Standard Time", "Europe/Astrakhan", 176),
    ("Azerbaijan Standard Time", "Asia/Baku", 169),
    ("Russia Time Zone 3", "Europe/Samara", 174),
    ("Mauritius Standard Time", "Indian/Mauritius", 172),
    ("Saratov Standard Time", "Europe/Saratov", None),
    ("Georgian Standard Time", "Asia/Tbilisi", 173),
    ("Volgograd Standard Time", "Europe/Volgograd", 304),
    ("Caucasus Standard Time", "Asia/Yerevan", 170),
    ("Afghanistan Standard Time", "Asia/Kabul", 175),
    ("West Asia Standard Time", "Asia/Tashkent", 185),
    ("Ekaterinburg Standard Time", "Asia/Yekaterinburg", 180),
    ("Pakistan Standard Time", "Asia/Karachi", 184),
    ("Qyzylorda Standard Time", "Asia/Qyzylorda", None),
    ("India Standard Time", "Asia/Kolkata", 190),
    ("Sri Lanka Standard Time", "Asia/Colombo", 200),
    ("Nepal Standard Time", "Asia/Kathmandu", 193),
    ("Central Asia Standard Time", "Asia/Bishkek", 195),
    ("Bangladesh Standard Time", "Asia/Dhaka", 196),
    ("Omsk Standard Time", "Asia/Omsk", 197),
    ("Myanmar Standard Time", "Asia/Yangon", 203),
    ("SE Asia Standard Time", "Asia/Bangkok", 205),
    ("Altai Standard Time", "Asia/Barnaul", 208),
    ("W. Mongolia Standard Time", "Asia/Hovd", 209),
    ("North Asia Standard Time", "Asia/Krasnoyarsk", 207),
    ("N. Central Asia Standard Time", "Asia/Novosibirsk", 201),
    ("Tomsk Standard Time", "Asia/Tomsk", 211),
    ("China Standard Time", "Asia/Shanghai", 210),
    ("North Asia East Standard Time", "Asia/Irkutsk", 227),
    ("Singapore Standard Time", "Asia/Singapore", 215),
    ("W. Australia Standard Time", "Australia/Perth", 225),
    ("Taipei Standard Time", "Asia/Taipei", 220),
    ("Ulaanbaatar Standard Time", "Asia/Ulaanbaatar", 228),
    ("Aus Central W. Standard Time", "Australia/Eucla", 231),
    ("Transbaikal Standard Time", "Asia/Chita", 241),
    ("Tokyo Standard Time", "Asia/Tokyo", 235),
    ("North Korea Standard Time", "Asia/Pyongyang", 229),
    ("Korea Standard Time", "Asia/Seoul", 230),
    ("Yakutsk Standard Time", "Asia/Yakutsk", 240),
    ("Cen. Australia Standard Time", "Australia/Adelaide", 250),
    ("AUS Central Standard Time", "Australia/Darwin", 245),
    ("E. Australia Standard Time", "Australia/Brisbane", 260),
    ("AUS Eastern Standard Time", "Australia/Sydney", 255),
    ("West Pacific Standard Time", "Pacific/Port_Moresby", 275),
    ("Tasmania Standard Time", "Australia/Hobart", 265),
    ("Vladivostok Standard Time", "Asia/Vladivostok", 270),
    ("Lord Howe Standard Time", "Australia/Lord_Howe", 274),
    ("Bougainville Standard Time", "Pacific/Bougainville", 276),
    ("Russia Time Zone 10", "Asia/Srednekolymsk", 279),
    ("Magadan Standard Time", "Asia/Magadan", 281),
    ("Norfolk Standard Time", "Pacific/Norfolk", 277),
    ("Sakhalin Standard Time", "Asia/Sakhalin", 278),
    ("Central Pacific Standard Time", "Pacific/Guadalcanal", 280),
    ("Russia Time Zone 11", "Asia/Kamchatka", 295),
    ("New Zealand Standard Time", "Pacific/Auckland", 290),
    ("UTC+12", "Etc/GMT-12", 284),
    ("Fiji Standard Time", "Pacific/Fiji", 285),
    ("Chatham Islands Standard Time", "Pacific/Chatham", 299),
    ("UTC+13", "Etc/GMT-13", None),
    ("Tonga Standard Time", "Pacific/Tongatapu", 300),
    ("Samoa Standard Time", "Pacific/Apia", 1),
    ("Line Islands Standard Time", "Pacific/Kiritimati", None),
)
_IANA_BY_WINDOWS = {windows: iana for windows, iana, _ in _ZONES}
_IANA_BY_CODE = {code: iana for _, iana, code in _ZONES if code is not None}


def time_zone(name: str) -> tzinfo | None:
    """The zone of an IANA or a Windows name, or None when there is none."""
    name = _IANA_BY_WINDOWS.get(name, name)
    if name == "UTC":
        return UTC
    return ZoneInfo(name) if name in _iana_names() else None


def time_zone_of_code(code: int) -> tzinfo | None:
    """The zone that Dataverse knows by a time zone code, or None when there is none."""
    name = _IANA_BY_CODE.get(code)
    return None if name is None else time_zone(name)


def time_zone_names() -> frozenset[str]:
    """Every name that `time_zone` takes."""
    return _iana_names() | _IANA_BY_WINDOWS.keys()


_MEANT = {
    "BST": "Europe/London",
    "WEST": "Europe/Lisbon",
    "CEST": "Europe/Berlin",
    "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin",
    "EEST": "Europe/Sofia",
    "MSK": "Europe/Moscow",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "JST": "Asia/Tokyo",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
    "UTC": "UTC",
    "Z": "UTC",
}
"""Abbreviations, and a zone of each: they are what clocks there show, and no zone's name."""
_LONGEST_ABBREVIATION = 5


def time_zone_meant(name: str) -> str | None:
    """The zone whose name is nearest, or one of an abbreviation; None when there is none."""
    if name.upper() in _MEANT:
        return _MEANT[name.upper()]
    looks_short = name.isupper() and len(name) <= _LONGEST_ABBREVIATION
    return None if looks_short else nearest(name, filter(_is_spelt_out, time_zone_names()))


def _is_spelt_out(name: str) -> bool:
    return not name.isupper() or "/" in name


_OF_THE_MACHINE = frozenset({"localtime", "Factory", "posixrules"})
"""In some databases, for what a machine has set or has not: no zone that all agree on."""


@cache
def _iana_names() -> frozenset[str]:
    """Every zone's IANA name; finding them walks the whole time zone database."""
    return frozenset(available_timezones()) - _OF_THE_MACHINE
