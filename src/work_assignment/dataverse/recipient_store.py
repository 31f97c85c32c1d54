"""Who is to be told, read for many at once and kept for some minutes: language, address, wishes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import DataverseError, InvalidRequest
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    SYSTEM_USER,
    USER_SETTINGS,
    WORKLIST_SETTING,
    Common,
    SystemUserColumn,
    UserSettingsColumn,
    WorklistSettingColumn,
)
from work_assignment.dataverse.queries import Filter, Guid, Query, and_, eq, in_chunks, ne
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.recipients import Recipient

KNOWN_FOR = 300.0
"""Seconds in which who was read is not read again."""
MOST_KNOWN = 10_000
_AT_ONCE = 100
# A locale's number holds its language in the lower ten bits and the country in those above
# (Language Identifier Constants and Strings).
_LANGUAGE_BITS = 0x3FF
_LANGUAGES = {
    0x09: Language.ENGLISH,
    0x0C: Language.FRENCH,
    0x07: Language.GERMAN,
    0x02: Language.BULGARIAN,
}
_KINDS = {kind.value: kind for kind in Kind}

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    until: float
    recipient: Recipient | None


class RecipientStore:
    """The services' port `Recipients`."""

    def __init__(
        self, client: DataverseClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._known: dict[SellerId, _Known] = {}
        self._said: set[str] = set()

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        """Those of these users who are there; asked once for some minutes, all in one request."""
        now = self._monotonic()
        unknown = [who for who in sorted(set(ids)) if not self._is_known(who, now)]
        if unknown:
            found = self._read(unknown)
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            for who in unknown:
                self._known[who] = _Known(now + KNOWN_FOR, found.get(who))
        known = ((who, self._known.get(who)) for who in ids)
        return {who: entry.recipient for who, entry in known if entry and entry.recipient}

    def _is_known(self, who: SellerId, now: float) -> bool:
        entry = self._known.get(who)
        return entry is not None and entry.until > now

    def _read(self, ids: Iterable[SellerId]) -> dict[SellerId, Recipient]:
        questions = Questions()
        guids = [guid for who in ids if (guid := _guid(who)) is not None]
        if not guids:
            return {}
        asked = [
            (questions.ask(users), questions.ask(settings), questions.ask(wishes))
            for users, settings, wishes in _requests(guids)
        ]
        with away_means_unavailable():
            answers = questions.send(self._client)
            found: dict[SellerId, Recipient] = {}
            for users, settings, wishes in asked:
                languages = self._languages(answers, settings)
                muted = self._muted(answers, wishes)
                rows = self._rows(answers, users, "users: all are taken to be there")
                if rows is None:
                    rows = [{SYSTEM_USER.primary_id: str(guid)} for guid in guids]
                for row in rows:
                    who = SellerId(row[SYSTEM_USER.primary_id])
                    found[who] = _recipient(row, languages, muted)
        return found

    def _languages(self, answers: Answers, place: int) -> dict[str, Language]:
        rows = self._rows(answers, place, "languages of users: all are told in English")
        return {
            row[USER_SETTINGS.primary_id]: language_of(row.get(UserSettingsColumn.UI_LANGUAGE))
            for row in rows or ()
        }

    def _muted(self, answers: Answers, place: int) -> dict[str, frozenset[Kind]]:
        found: dict[str, frozenset[Kind]] = {}
        rows = self._rows(answers, place, "people's wishes: all are told of everything")
        for row in rows or ():
            owner = str(row.get(Common.OWNING_USER.value) or "")
            text = str(row.get(WorklistSettingColumn.MUTED_NOTIFICATIONS) or "")
            found[owner] = found.get(owner, frozenset()) | self._kinds(text, owner)
        return found

    def _kinds(self, text: str, owner: str) -> frozenset[Kind]:
        words = {" ".join(word.split()).casefold() for word in text.split(",")} - {""}
        unknown = sorted(words - _KINDS.keys())
        if unknown:
            known = ", ".join(_KINDS)
            self._say_once(
                f"the worklist settings of user {owner} mute {len(unknown)} kinds of notifications "
                f"that do not exist, the first {unknown[0][:50]!r}; there are: {known}"
            )
        return frozenset(kind for word, kind in _KINDS.items() if word in words)

    def _rows(self, answers: Answers, place: int, what: str) -> list[Row] | None:
        """The rows of an answer, None for what we may not read: people are told without it."""
        try:
            return answers.rows(place)
        except PASSING:
            raise
        except DataverseError as exc:
            self._say_once(f"cannot read the {what}: {exc}")
            return None

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            _log.warning("%s", line)


def language_of(lcid: object) -> Language:
    """The language of a locale's number, in whatever country; English where there is none of ours."""
    number = lcid if isinstance(lcid, int) else 0
    return _LANGUAGES.get(number & _LANGUAGE_BITS, Language.ENGLISH)


def _guid(text: str) -> Guid | None:
    try:
        return Guid(text)
    except InvalidRequest:
        return None


def _requests(ids: list[Guid]) -> Iterable[tuple[messages.Request, ...]]:
    users = in_chunks(SYSTEM_USER.primary_id, ids, _AT_ONCE)
    settings = in_chunks(USER_SETTINGS.primary_id, ids, _AT_ONCE)
    wishes = in_chunks(Common.OWNING_USER.value, ids, _AT_ONCE)
    for of_user, of_settings, of_wishes in zip(users, settings, wishes, strict=True):
        yield _users(of_user), _settings(of_settings), _wishes(of_wishes)


def _users(who: Filter) -> messages.Request:
    columns = (
        SystemUserColumn.FULL_NAME,
        SystemUserColumn.EMAIL,
        SystemUserColumn.IS_DISABLED,
        SystemUserColumn.APPLICATION_ID,
    )
    return messages.get(Query(SYSTEM_USER.entity_set, select=columns, filter=who))


def _settings(who: Filter) -> messages.Request:
    columns = (UserSettingsColumn.UI_LANGUAGE,)
    return messages.get(Query(USER_SETTINGS.entity_set, select=columns, filter=who))


def _wishes(who: Filter) -> messages.Request:
    muted = WorklistSettingColumn.MUTED_NOTIFICATIONS
    columns = (muted, Common.OWNING_USER.value)
    wanted = and_(who, eq(Common.STATE, 0), ne(muted, None))
    return messages.get(Query(WORKLIST_SETTING.entity_set, select=columns, filter=wanted))


def _recipient(
    row: Row, languages: Mapping[str, Language], muted: Mapping[str, frozenset[Kind]]
) -> Recipient:
    who = row[SYSTEM_USER.primary_id]
    return Recipient(
        id=SellerId(who),
        name=str(row.get(SystemUserColumn.FULL_NAME) or ""),
        email=str(row.get(SystemUserColumn.EMAIL) or ""),
        language=languages.get(who, Language.ENGLISH),
        is_disabled=bool(row.get(SystemUserColumn.IS_DISABLED)),
        is_application=row.get(SystemUserColumn.APPLICATION_ID) is not None,
        muted=muted.get(who, frozenset()),
    )
