"""What is posted to Teams: an Adaptive Card with a notice; pure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from work_assignment.domain.runs.deliveries import Delivery

LARGEST = 28 * 1024
"""Teams takes no larger message (Microsoft Learn, "Create Incoming Webhooks")."""
_CARD = "application/vnd.microsoft.card.adaptive"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SHORTER = 0.8


def message(delivery: Delivery, name: str, page: str | None) -> bytes:
    """The request's body: what both workflows and incoming webhooks take, cut to what Teams takes."""
    body = _encoded(delivery, name, page)
    while len(body) > LARGEST and delivery.body:
        shorter = delivery.body[: int(len(delivery.body) * _SHORTER)]
        delivery = replace(delivery, body=shorter)
        body = _encoded(delivery, name, page)
    return body


def _encoded(delivery: Delivery, name: str, page: str | None) -> bytes:
    card = _card(delivery, name, page)
    attachment = {"contentType": _CARD, "contentUrl": None, "content": card}
    posted = {"type": "message", "attachments": [attachment]}
    return json.dumps(posted, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _card(delivery: Delivery, name: str, page: str | None) -> dict[str, Any]:
    body = [
        _text(delivery.title, weight="Bolder", size="Medium"),
        _text(name, isSubtle=True),
        _text(delivery.body),
    ]
    card: dict[str, Any] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": delivery.language.value,
        "body": [block for block in body if block is not None],
    }
    if page is not None:
        card["actions"] = [{"type": "Action.OpenUrl", "title": delivery.opens, "url": page}]
    return card


def _text(text: str, **looks: object) -> dict[str, Any] | None:
    """A line that is shown as it is: a TextBlock would read Markdown in a record's name."""
    shown = _CONTROLS.sub(" ", text).strip()
    if not shown:
        return None
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": shown, **looks}]}
