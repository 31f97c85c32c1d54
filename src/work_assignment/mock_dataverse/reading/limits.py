"""Limits that several kinds of queries share."""

from __future__ import annotations

from ..faults import Fault, bad_request

AGGREGATE_LIMIT = 50_000
COUNT_LIMIT = 5000


def too_many_rows() -> Fault:
    """400: an aggregate over more rows than Dataverse lets one query work on."""
    return bad_request(
        "The maximum record limit is exceeded. Reduce the number of records.", "0x8004e023"
    )
