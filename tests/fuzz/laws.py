"""What must hold of every answer, whatever was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.fuzz.attacks import Answer, Attack

MOST_SECONDS = 5.0
_INSIDES = re.compile(
    r"Traceback \(most|\.py\", line|sqlite3|near \".*\": syntax error|no such (?:column|table|function)"
    r"|object has no attribute|NoneType|unhashable|codec can't|OperationalError"
    r"|maximum recursion|Invalid isoformat|invalid literal for int|not supported between"
    r"|list index out of range|unterminated character set|bad character range"
)
_REASONS = re.compile(r"does not emulate|not implemented")
_INNER_STATUS = re.compile(r"^HTTP/1\.1 (\d{3})", re.MULTILINE)
_INNER_ERROR = re.compile(r'"error":\{.*')
_CODE = re.compile(r"0x[0-9a-fA-F]{8}")


def violations(attack: Attack, answer: Answer) -> Iterator[str]:
    """Say what an answer breaks."""
    if answer.seconds > MOST_SECONDS:
        yield f"took {answer.seconds:.1f} s"
    if attack.kind == "wire":
        if answer.status >= 500 and answer.status not in (501, 505):
            yield f"answered {answer.status}"
        return
    if answer.status == 0:
        yield "the connection was closed without an answer"
        return
    if "x-injected" in answer.headers:
        yield "a header was injected"
    if answer.headers.get("content-type", "").startswith("multipart/"):
        yield from _of_parts(answer)
    elif answer.status >= 400:
        yield from _of_refusal(attack, answer)
    elif attack.culprit is not None:
        yield f"answered {answer.status} though {attack.culprit} is wrong"
    elif answer.body and "json" in answer.headers.get("content-type", ""):
        yield from _not_json(answer)


def _of_refusal(attack: Attack, answer: Answer) -> Iterator[str]:
    if answer.status >= 500 and answer.status != 501:
        yield f"answered {answer.status}"
    if attack.method == "HEAD":
        return
    message = _message(attack, answer)
    if not message:
        yield "has no message in the documented form"
        return
    if answer.status == 501 and not _REASONS.search(message):
        yield "does not say what is not emulated"
    if _INSIDES.search(message):
        yield "shows the inside of the mock"
    if attack.culprit is not None and attack.culprit not in message:
        yield f"does not name {attack.culprit}"


def _of_parts(answer: Answer) -> Iterator[str]:
    """Look at each answer of a batch."""
    for status in map(int, _INNER_STATUS.findall(answer.text)):
        if status >= 500 and status != 501:
            yield f"answered {status} in a batch"
    for message in _INNER_ERROR.findall(answer.text):
        if _INSIDES.search(message):
            yield "shows the inside of the mock in a batch"


def _message(attack: Attack, answer: Answer) -> str:
    """Return the message of an error in the form of its area; empty when it is another."""
    try:
        body = json.loads(answer.body)
        if attack.kind == "admin":
            return str(body["error"]) if isinstance(body["error"], str) else ""
        if attack.kind == "sign-in" and "error_description" in body:
            return str(body["error_description"])
        error = body["error"]
        return str(error["message"]) if _CODE.fullmatch(error["code"]) else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _not_json(answer: Answer) -> Iterator[str]:
    try:
        json.loads(answer.body, parse_constant=_refused)
    except ValueError as exc:
        yield f"is no JSON: {exc}"


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} in it")
