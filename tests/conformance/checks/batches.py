"""Checks of batches: change sets, content ids, where a batch ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests

from ..expectations import Unmet
from ..world import World
from .asking import PartAnswer, ask, part_answers

_PART = (
    "Content-Type: application/http\nContent-Transfer-Encoding: binary\n{content_id}\n"
    "{request} HTTP/1.1\n{headers}\n{body}\n"
)


def _single(request: str, body: str = "", *, content_id: str = "", headers: str = "") -> str:
    if body:
        headers = f"Content-Type: application/json; type=entry\n{headers}"
    numbered = f"Content-ID: {content_id}\n" if content_id else ""
    return _PART.format(content_id=numbered, request=request, headers=headers, body=body)


def _change_set(*members: str) -> str:
    parts = "".join(f"--changeset_c\n{member}\n" for member in members)
    return f'Content-Type: multipart/mixed; boundary="changeset_c"\n\n{parts}--changeset_c--\n'


def _send(world: World, parts: Sequence[str], **members: Any) -> list[PartAnswer]:
    text = "".join(f"--batch_b\n{part}\n" for part in parts) + "--batch_b--\n"
    return part_answers(_post(world, text, **members))


def _post(world: World, text: str, **members: Any) -> requests.Response:
    return ask(world, "POST $batch", batch=text, **{"answers": 200, **members})


def batch_of_line_feeds(world: World) -> None:
    """A batch with bare line feeds, an empty line first, and an unquoted boundary is read."""
    text = "\n--batch_b\n" + _single("GET /api/data/v9.2/WhoAmI") + "\n--batch_b--\n"
    answer = ask(
        world,
        "POST $batch",
        raw=text,
        headers={"Content-Type": "multipart/mixed;boundary=batch_b"},
        answers=200,
    )
    assert [part.status for part in part_answers(answer)] == [200]


def change_set_is_atomic(world: World) -> None:
    """Of two creates whose second is wrong, none stays."""
    wrong = _single("POST leads", '{"subject":"«u»","leadqualitycode":77}', content_id="2")
    parts = _send(
        world,
        [_change_set(_single("POST leads", '{"subject":"«u»"}', content_id="1"), wrong)],
        answers=400,
    )
    assert [(part.status, part.content_id) for part in parts] == [(400, "2")], parts
    ask(world, "GET leads?$select=subject&$filter=subject eq '«u»'", answers=200, rows=0)


def change_set_answer(world: World) -> None:
    """The answer of a change set is a multipart of its own, with the content ids."""
    text = "--batch_b\n" + _change_set(
        _single("POST leads", '{"subject":"«u»"}', content_id="1"),
        _single("POST leads", '{"subject":"«u»"}', content_id="2"),
    )
    answer = _post(world, f"{text}\n--batch_b--\n")
    head = answer.text.split("\r\n\r\n")[0].split("\r\n")
    if len(head) != 2 or not head[1].startswith(
        "Content-Type: multipart/mixed; boundary=changesetresponse_"
    ):
        raise Unmet(f"the part of the change set begins {head}")
    parts = part_answers(answer)
    assert [(part.status, part.content_id) for part in parts] == [(204, "1"), (204, "2")], parts


def change_set_addresses(world: World) -> None:
    """A part that created a row says where it is, in two headers."""
    (part,) = _send(
        world, [_change_set(_single("POST leads", '{"subject":"«u»"}', content_id="1"))]
    )
    assert part.headers["odata-entityid"].startswith(f"{world.root}leads("), part
    assert part.headers["location"] == part.headers["odata-entityid"], part


def content_id_as_url(world: World) -> None:
    """A row made in the set is changed by its content id."""
    _send(
        world,
        [
            _change_set(
                _single("POST leads", '{"leadid":"«id1»","subject":"one"}', content_id="1"),
                _single("PATCH $1", '{"subject":"«u»"}', content_id="2"),
            )
        ],
    )
    ask(world, "GET leads(«id1»)", answers=200, has={"subject": world.known["u"]})


def content_id_in_bind(world: World) -> None:
    """A row made in the set is bound by its content id."""
    _send(
        world,
        [
            _change_set(
                _single("POST accounts", '{"accountid":"«id1»","name":"«u»"}', content_id="1"),
                _single(
                    "POST leads",
                    '{"leadid":"«id2»","subject":"x","parentaccountid@odata.bind":"$1"}',
                    content_id="2",
                ),
            )
        ],
    )
    expected = {"_parentaccountid_value": world.known["id1"]}
    ask(world, "GET leads(«id2»)", answers=200, has=expected)


def unknown_content_id(world: World) -> None:
    """A content id that nobody has is named."""
    (part,) = _send(
        world, [_change_set(_single("PATCH $7", '{"subject":"x"}', content_id="1"))], answers=400
    )
    expected = "Content-ID Reference: '$7' does not exist in the batch context."
    assert part.status == 400, part
    assert expected in part.text, part


def no_reads_in_change_set(world: World) -> None:
    """A GET in a change set is refused, and nothing of the set happens."""
    answer = _post(
        world,
        "--batch_b\n"
        + _change_set(
            _single("POST leads", '{"leadid":"«id1»","subject":"x"}', content_id="1"),
            _single("GET leads", content_id="2"),
        )
        + "\n--batch_b--\n",
        answers=["4xx"],
    )
    assert answer.status_code >= 400
    ask(world, "GET leads(«id1»)", answers=404)


def _three(first_id: str, last_id: str) -> list[str]:
    return [
        _single("POST leads", f'{{"leadid":"{first_id}","subject":"first"}}'),
        _single("GET leads(«nowhere»)"),
        _single("POST leads", f'{{"leadid":"{last_id}","subject":"last"}}'),
    ]


def batch_stops(world: World) -> None:
    """The request after a failure is not carried out; the one before stays."""
    parts = _send(world, _three("«id1»", "«id2»"), answers=404)
    assert [part.status for part in parts] == [204, 404], parts
    ask(world, "GET leads(«id1»)", answers=200)
    ask(world, "GET leads(«id2»)", answers=404)


def batch_goes_on(world: World) -> None:
    """With continue-on-error each request has its own status."""
    parts = _send(
        world,
        _three("«id1»", "«id2»"),
        headers={
            "Prefer": "odata.continue-on-error",
            "Content-Type": "multipart/mixed; boundary=batch_b",
        },
    )
    assert [part.status for part in parts] == [204, 404, 204], parts
    ask(world, "GET leads(«id2»)", answers=200)


def thousand_requests(world: World) -> None:
    """1,001 requests are too many."""
    text = f"--batch_b\n{_single('GET WhoAmI')}\n" * 1001 + "--batch_b--\n"
    _post(world, text, answers=["4xx"])


def upsert_without_key(world: World) -> None:
    """PATCH of a whole entity set is no upsert."""
    answer = _post(
        world,
        "--batch_b\n"
        + _change_set(_single("PATCH leads", '{"subject":"«u»"}', content_id="1"))
        + "\n--batch_b--\n",
        answers=["4xx"],
    )
    assert all(part.status >= 400 for part in part_answers(answer))
    ask(world, "GET leads?$select=subject&$filter=subject eq '«u»'", answers=200, rows=0)


def no_braces_in_headers(world: World) -> None:
    """Nothing before the JSON of a part looks like JSON."""
    (part,) = _send(world, [_single("GET leads?$top=1&$select=subject")])
    assert part.text.startswith("{"), part
    assert part.text.endswith("}"), part
    assert not any(brace in value for value in part.headers.values() for brace in "{}"), part
