"""Dataverse's errors said in the words of ports: Unavailable, NotPermitted, Refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from work_assignment.dataverse.errors import AccessDenied, DataverseError, PreconditionFailed
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.errors import NotPermitted, Refused, Unavailable


@contextmanager
def in_port_terms() -> Iterator[None]:
    """Raise Unavailable for what passes, NotPermitted for what is not allowed, else Refused."""
    with away_means_unavailable():
        try:
            yield
        except AccessDenied as exc:
            raise NotPermitted(str(exc)) from exc
        except PreconditionFailed as exc:  # somebody else does the same just now
            raise Unavailable(str(exc)) from exc
        except PASSING:
            raise
        except DataverseError as exc:
            raise Refused(str(exc)) from exc
