"""Texts that have broken servers before, and small edits that break a right text."""

from __future__ import annotations

import string
from random import Random
from urllib.parse import quote

INJECTIONS = (
    "' OR 1=1 --",
    '\'; DROP TABLE "lead"; --',
    '" OR ""="',
    "'' UNION SELECT name FROM sqlite_master --",
    "\\' OR '1",
    "/* */ --",
    "[",
    "[a-",
    "[^",
    "[]]",
    "[z-a]%",
    "%_[%_[",
    "%a%b%c%d%e%f%g%h%i%",
    "<x/>",
    "<![CDATA[x]]>",
    "&lt;&xxe;",
    "\r\nX-Injected: yes",
    "../../../etc/passwd",
    "..%2f..%2f",
    "{0}{1}%s%n",
    "${jndi:x}",
    "@odata.bind",
    "$it",
    "$1",
    "(a+)+$" + "a" * 40,
)
ODD_TEXTS = (
    "",
    " ",
    "\t",
    "\x00",
    "a\x00b",
    "\x1b\x7f\x85",
    "\u2028\ufeff",
    "\ufffe\uffff",
    "Zoë Straße İstanbul \u017f",
    "e\u0301" * 20,
    "\U0001f600\U0001f468\u200d\U0001f469",
    "\u202egnitirw",
    "\uff11\uff12\uff13",
    "²",
    "٣",
    "null",
    "true",
    "A" * 101,
    "x" * 4001,
    "ü" * 2_100,
)
NUMBERS = (
    "0",
    "-1",
    "1",
    "7",
    "-0",
    "0.1",
    "1.0000000000000000000001",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "1e5",
    "1E400",
    "-1e400",
    "1e-400",
    "9" * 400,
    "NaN",
    "INF",
    "-INF",
    "Infinity",
    "1_000",
    "+1",
    "--1",
    "1.",
    ".5",
    "0x1f",
    "1L",
    "1.5M",
    "\uff11\uff12",
    "²",
    "٣",
)
DATES = (
    "2026-03-04",
    "2026-03-04T09:00:00Z",
    "2026-03-29T02:30:00+01:00",
    "2024-02-29",
    "2026-02-29",
    "2026-13-01",
    "2026-00-00",
    "0000-01-01",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01",
    "1752-12-31",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.9999999Z",
    "10000-01-01",
    "-0001-01-01",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "2026-01-01T00:00:00+99:99",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.12345678901234567890Z",
    "2026-1-1",
    "2026-W10-3",
    "20260304",
    "\uff12\uff10\uff12\uff16-03-04",
    "/Date(1)/",
)
IDS = (
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000001",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{00000000-0000-0000-0000-000000000001}",
    "00000000000000000000000000000001",
    "0000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-00000000000g",
    "urn:uuid:00000000-0000-0000-0000-000000000001",
    "\uff10\uff10000000-0000-0000-0000-000000000001",
    "0",
)
_LEFT_ALONE = "".join(sorted(set(string.punctuation) - {"#"}))
_EDGES = "'\"()[]{}<>,;:=&%$@#/\\*+-.!?| \t\x00é"


def some_text(dice: Random) -> str:
    """Draw a text: mostly a plain one."""
    match dice.randrange(6):
        case 0:
            return dice.choice(INJECTIONS)
        case 1:
            return dice.choice(ODD_TEXTS)
        case 2:
            return dice.choice((*NUMBERS, *DATES, *IDS))
        case _:
            return dice.choice(("abc", "Zoë", "50% off", "O'Brien", "a_b", "Contoso"))


def broken(dice: Random, text: str) -> str:
    """Edit a text in one to three places: cut, double, swap, or put in something odd."""
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(text) + 1)
        upto = min(len(text), at + dice.randrange(1, 9))
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[upto:]
            case 1:
                text = text[:upto] + text[at:]
            case 2:
                text = text[:at] + dice.choice(_EDGES) + text[at:]
            case 3:
                text = text[:at] + some_text(dice) + text[upto:]
            case _:
                text = text[:at] + text[at:upto][::-1] + text[upto:]
    return text[:20_000]


def at_times_broken(dice: Random, text: str, rate: float = 0.3) -> str:
    return broken(dice, text) if dice.random() < rate else text


def encoded(dice: Random, text: str) -> str:
    """Percent-encode a text for a URL; at times too little, or twice."""
    chance = dice.random()
    if chance < 0.03:
        return quote(text.encode("utf-8", "surrogatepass"), safe=_LEFT_ALONE)
    once = quote(text.encode("utf-8", "surrogatepass"), safe="/$()',:;=@!*~")
    return quote(once, safe="") if chance < 0.05 else once
