"""What an answer must be: statuses, headers, bodies compared member by member."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import requests

from .table import Step


class Unmet(AssertionError):
    """An expectation that an answer does not meet."""


def check_answer(step: Step, answer: requests.Response) -> None:
    """Compare an answer with all that its step says of it; raises Unmet."""
    _check_status(step["answers"], answer)
    for name, expected in (step["header"] or {}).items():
        if name not in answer.headers:
            raise Unmet(f"the header {name} is missing")
        match(answer.headers[name], expected, f"header {name}")
    for name in step["lacks-header"] or ():
        if name in answer.headers:
            raise Unmet(f"there is a header {name}: {answer.headers[name]}")
    if "text" in step:
        match(answer.text, step["text"], "text")
    if "error" in step or "message" in step:
        _check_error(step, answer)
    if "has" in step:
        match(_json(answer), step["has"], "body")
    for name in step["lacks"] or ():
        if re.search(rf'"{name}"\s*:', answer.text):
            raise Unmet(f"the body has a member that fits {name}")
    if "order" in step:
        _check_order(answer.text, step["order"])
    if "rows" in step:
        match(len(_json(answer)["value"]), step["rows"], "number of rows")


def match(found: Any, expected: Any, place: str) -> None:
    """Compare: objects by the members that are expected, texts that begin with ~ as patterns."""
    if isinstance(expected, Mapping):
        _match_object(found, expected, place)
    elif isinstance(expected, list):
        _match_list(found, expected, place)
    elif isinstance(expected, str) and expected.startswith("~"):
        if not re.search(expected[1:], found if isinstance(found, str) else json.dumps(found)):
            raise Unmet(f"{place}: {found!r} does not fit /{expected[1:]}/")
    elif isinstance(expected, str) and expected == "any":
        if found is None:
            raise Unmet(f"{place} is null")
    elif found != expected or isinstance(found, bool) != isinstance(expected, bool):
        raise Unmet(f"{place}: {found!r} instead of {expected!r}")


def _match_object(found: Any, expected: Mapping[str, Any], place: str) -> None:
    if not isinstance(found, Mapping):
        raise Unmet(f"{place}: {found!r} is no object")
    for name, value in expected.items():
        if name not in found:
            raise Unmet(f"{place} has no {name}: {json.dumps(found)[:400]}")
        match(found[name], value, f"{place}.{name}")


def _match_list(found: Any, expected: list[Any], place: str) -> None:
    if not isinstance(found, list):
        raise Unmet(f"{place}: {found!r} is no array")
    if len(found) != len(expected):
        raise Unmet(
            f"{place} has {len(found)} elements instead of {len(expected)}:"
            f" {json.dumps(found)[:400]}"
        )
    for index, value in enumerate(expected):
        match(found[index], value, f"{place}[{index}]")


def _check_status(expected: Any, answer: requests.Response) -> None:
    status = answer.status_code
    allowed = expected if isinstance(expected, list) else [expected]
    if status not in allowed and f"{status // 100}xx" not in allowed:
        raise Unmet(f"answered {status} instead of {expected}: {answer.text[:400]}")


def _check_error(step: Step, answer: requests.Response) -> None:
    error = _json(answer).get("error")
    if not isinstance(error, dict):
        raise Unmet(f"the body is no error: {answer.text[:400]}")
    codes = step["error"] if isinstance(step["error"], list) else [step["error"]]
    if "error" in step and error["code"] not in codes:
        raise Unmet(f"code {error['code']} instead of {step['error']}: {error['message']}")
    if "message" in step and str(step["message"]).lower() not in error["message"].lower():
        raise Unmet(f"the message lacks '{step['message']}': {error['message']}")


def _check_order(text: str, names: list[str]) -> None:
    """Check that members stand in the text of the answer in this order."""
    places = [text.find(f'"{name}"') for name in names]
    if -1 in places or places != sorted(places):
        raise Unmet(f"the members {names} stand at {places}")


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError as exc:
        raise Unmet(f"the body is no JSON: {answer.text[:200]!r}") from exc
