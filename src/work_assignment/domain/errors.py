"""What can go wrong in our own terms: a definition that cannot be used, a service that is away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches


class WorkAssignmentError(Exception):
    """Base of the errors that are ours; what Dataverse refuses is another family."""


class DefinitionError(WorkAssignmentError):
    """A segment, rule or seller that cannot be used, with the place that is wrong.

    `where` names the definition ("segment 'UK trade shows'"), `problem` is a sentence without
    a full stop, `suggestion` the nearest right word or None.
    """

    def __init__(self, where: str, problem: str, suggestion: str | None = None) -> None:
        self.where = where
        self.problem = problem
        self.suggestion = suggestion
        hint = f"; did you mean '{suggestion}'?" if suggestion else ""
        super().__init__(f"{where}: {problem}{hint}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like `word`, ignoring case, or None when none is near."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


class Unavailable(WorkAssignmentError):
    """What is asked cannot answer now; the work is not lost and may be tried again.

    `retry_after` is how long it asked to be left alone, if it said so.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotPermitted(WorkAssignmentError):
    """The application user may not do this; an administrator can allow it."""


class Refused(WorkAssignmentError):
    """What is asked was refused for a reason that does not pass by itself."""
