"""Multipart batches: right ones of any attacks, and ones broken in every joint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.fuzz.attacks import SERVICE, Attack
from tests.fuzz.headers import some_headers
from tests.fuzz.links import write_link
from tests.fuzz.names import Names
from tests.fuzz.reads import read_fetch, read_page, read_row
from tests.fuzz.texts import some_text
from tests.fuzz.writes import delete_row, write_property, write_row

Maker = Callable[[Random, Names], Attack]
_READS: Sequence[Maker] = (read_page, read_row, read_fetch)
_WRITES: Sequence[Maker] = (write_row, write_row, write_property, write_link, delete_row)


def batch(dice: Random, names: Names) -> Attack:
    """Single requests and change sets, in any order."""
    boundary = dice.choice(("batch_a", "b", "a'()+_,-./:=? x", "x" * 70, "batch_é"))
    parts = [
        _change_set(dice, names) if dice.random() < 0.4 else _single(dice, names)
        for _ in range(dice.randrange(0, 4))
    ]
    body = _framed(dice, parts, boundary)
    if dice.random() < 0.35:
        body = _broken(dice, body)
    return replace(_attack(dice, body, boundary), is_whole=False)


def change_set(dice: Random, names: Names) -> Attack:
    """One change set alone: it happens, or nothing does."""
    body = _framed(dice, [_change_set(dice, names)], "batch_a")
    return replace(_attack(dice, body, "batch_a"), kind="change set")


def _attack(dice: Random, body: bytes, boundary: str) -> Attack:
    shown = f'"{boundary}"' if set(boundary) & set("()/:=? ,'") else boundary
    kind = dice.choice((f"multipart/mixed; boundary={shown}",) * 12 + ("multipart/mixed", "x", ""))
    headers = (("Content-Type", kind), *some_headers(dice))
    return Attack("batch", "POST", f"{SERVICE}$batch", headers, body)


def _framed(dice: Random, parts: Sequence[bytes], boundary: str) -> bytes:
    mark = boundary.encode()
    body = b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts)
    body += b"--" + mark + b"--\r\n"
    if dice.random() < 0.15:
        body = body.replace(b"\r\n", b"\n")
    return body


def _single(dice: Random, names: Names) -> bytes:
    attack = dice.choice((*_READS, *_WRITES))(dice, names)
    return _http(dice, attack, dice.choice((None, None, None, "1")))


def _change_set(dice: Random, names: Names) -> bytes:
    count = dice.randrange(0, 5)
    members = []
    for number in range(1, count + 1):
        maker = dice.choice(_WRITES if dice.random() < 0.95 else _READS)
        content_id = str(number)
        if dice.random() < 0.05:
            content_id = dice.choice(("1", "", "$1", some_text(dice)[:20], "9" * 50))
        members.append(_http(dice, maker(dice, names), content_id))
    head = b"Content-Type: multipart/mixed; boundary=changeset_a\r\n\r\n"
    return head + _framed(dice, members, "changeset_a")


def _http(dice: Random, attack: Attack, content_id: str | None) -> bytes:
    url = attack.target
    if dice.random() < 0.1:
        url = dice.choice(("$1", "/$1", "$1/subject", "http://x" + url, url.removeprefix(SERVICE)))
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([f"Content-ID: {content_id}"] if content_id is not None else []),
        "",
        f"{attack.method} {url} HTTP/1.1",
        *(f"{name}: {value}" for name, value in attack.headers),
        "",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + attack.body


def _broken(dice: Random, body: bytes) -> bytes:
    """Cut a batch off, lose bytes, double a part of it, or mix its line ends."""
    at = dice.randrange(len(body) + 1)
    match dice.randrange(6):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + body[at + dice.randrange(1, 30) :]
        case 2:
            return body[:at] + body[max(0, at - 200) :]
        case 3:
            return body.replace(b"\r\n", b"\n", dice.randrange(1, 6))
        case 4:
            return body.replace(b"HTTP/1.1", dice.choice((b"HTTP/9", b"", b"GET")), 1)
        case _:
            return (
                body[:at] + dice.choice((b"--batch_a", b"\x00", b"\r\n\r\n", b"\xff")) + body[at:]
            )
