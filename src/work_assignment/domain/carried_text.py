"""What queues and columns carry: the characters of XML 1.0, and base64 of any text."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64

# One character outside of it makes a whole queue unreadable, and XML readers turn a carriage return
# into a line feed.
_NOT_CARRIED = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def not_carried(text: str) -> str | None:
    """The first character that would not come out as it went in."""
    found = _NOT_CARRIED.search(text)
    return found[0] if found else None


def readable(text: str) -> str:
    """The text with a question mark for each of those characters."""
    return _NOT_CARRIED.sub("?", text)


def decoded(text: str) -> str:
    """What a message stands for: the functions host, and tools of Azure, put it as base64."""
    try:
        return b64decode(text, validate=True).decode()
    except (NotBase64, ValueError):
        return text
