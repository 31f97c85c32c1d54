"""Why an address cannot be reached, in words for whoever gave it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from work_assignment.dataverse.errors import ConnectionFailed


def unreachable(error: BaseException) -> str | None:
    """The address and the cause, where no connection came about at all; else None."""
    # Nothing failed that way if it was not loaded yet, and it takes longer than most commands.
    import requests

    from work_assignment.dataverse.connections import never_left

    chain = list(_chain(error))
    if not any(isinstance(each, ConnectionFailed) for each in chain):
        return None
    lost = next((each for each in chain if isinstance(each, requests.RequestException)), None)
    if lost is None or lost.request is None or not never_left(lost):
        return None
    parts = urlsplit(lost.request.url or "")
    cause = next(filter(None, map(_cause, chain)), "no connection")
    return (
        f"{parts.scheme}://{parts.netloc} cannot be reached ({cause}): "
        "is the address right, and is it up?"
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cause(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer"
    # What requests raises is an OSError, too, and without a text of the system's.
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else ""
