"""Headers of requests, right and odd ones."""

from __future__ import annotations

from random import Random

from tests.fuzz.names import row_id
from tests.fuzz.texts import NUMBERS, some_text

_NAMES = (
    "Prefer",
    "Prefer",
    "If-Match",
    "If-None-Match",
    "Accept",
    "OData-Version",
    "OData-MaxVersion",
    "Authorization",
    "MSCRMCallerID",
    "CallerObjectId",
    "Consistency",
    "x-ms-client-request-id",
    "MSCRM.SuppressDuplicateDetection",
    "MSCRM.BypassBusinessLogicExecution",
    "MSCRM.BypassBusinessLogicExecutionStepIds",
    "Accept-Language",
    "Cookie",
)
JSON = ("Content-Type", "application/json")
_ETAGS = ('W/"1"', "*", 'W/"99999999999999999999"', '"x"', 'W/"', "", 'W/"1",W/"2"', 'W/"\'--"')
_PREFERENCES = (
    "return=representation",
    "odata.maxpagesize=2",
    'odata.include-annotations="*"',
    'odata.include-annotations="-*,OData.Community.Display.V1.FormattedValue"',
    "odata.track-changes",
    "odata.continue-on-error",
    "odata.allow-entityreferences",
    "respond-async",
    "return=minimal, return=representation",
)


def some_headers(dice: Random, *, of_writes: bool = False) -> tuple[tuple[str, str], ...]:
    """Draw up to three headers; mostly none."""
    if dice.random() < 0.75:
        return ()
    count = dice.choice((1, 1, 2))
    drawn = [(name, _value(dice, name)) for name in dice.choices(_NAMES, k=count)]
    if of_writes and dice.random() < 0.2:
        kinds = ("text/plain", "application/xml", "application/json;IEEE754Compatible=true", "x")
        drawn.append(("Content-Type", dice.choice(kinds)))
    # A line break would end the header here; that is tried on the wire, where it is meant.
    return tuple((name, "".join(c for c in value if c >= " ")) for name, value in drawn)


def headers_of_writes(dice: Random) -> tuple[tuple[str, str], ...]:
    """Draw headers that say of a body what it is, mostly that it is JSON."""
    drawn = some_headers(dice, of_writes=True)
    return drawn if any(name == "Content-Type" for name, _ in drawn) else (JSON, *drawn)


def _value(dice: Random, name: str) -> str:
    if dice.random() < 0.15:
        return some_text(dice)[:300]
    match name:
        case "Prefer":
            odd = f"odata.maxpagesize={dice.choice(NUMBERS)}"
            return ",".join(dice.sample((*_PREFERENCES, odd), dice.randrange(1, 3)))
        case "If-Match" | "If-None-Match":
            return dice.choice(_ETAGS)
        case "Accept":
            return dice.choice(
                ("application/json", "*/*", "text/html", "application/json;odata.metadata=full")
            )
        case "OData-Version" | "OData-MaxVersion":
            return dice.choice(("4.0", "4.01", "3.0", "x"))
        case "Authorization":
            return dice.choice(
                ("Bearer x", "Bearer user:x", "Basic eDp5", "Bearer", "Bearer a.b.c")
            )
        case "MSCRMCallerID" | "CallerObjectId" | "MSCRM.BypassBusinessLogicExecutionStepIds":
            return dice.choice((row_id(1), "x", ""))
        case _:
            return dice.choice(("true", "Strong", "CustomSync", "x"))
