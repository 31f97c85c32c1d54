"""Runs the naive way in a process of its own, over HTTPS as Microsoft's client insists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.routing import organization
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.processes import Ended, Work, run

_MODULE = "benchmarks.routing.naive"
_TRUST = "REQUESTS_CA_BUNDLE"


def naive(folder: Path, leads: int) -> tuple[Ended, Counted]:
    """Assign so many leads one by one; gives what that cost, as the mock counted it."""
    folder.mkdir()
    ca_file = folder / "ca.pem"
    with MockProcess(folder, ca_file=ca_file) as mock, _trusting(ca_file):
        organization.settle_in(mock, folder, leads)
        surroundings = {_TRUST: str(ca_file), "DATAVERSE_URL": mock.url}
        rows = organization.leads(leads)
        entering = Work(_MODULE, "enter", (organization.FORM, rows), surroundings)
        run(entering, folder, "entering")
        mock.reset_counters()
        forms = [
            {**form, "id": organization.seller_id(number)}
            for number, form in enumerate(organization.definitions(1)["sellers"])
        ]
        assigning = Work(_MODULE, "assign", (organization.APP, forms), surroundings)
        return run(assigning, folder, "assigning"), mock.counted()


@contextmanager
def _trusting(ca_file: Path) -> Iterator[None]:
    """Let this process trust a certificate authority for a while."""
    before = os.environ.get(_TRUST)
    os.environ[_TRUST] = str(ca_file)
    try:
        yield
    finally:
        os.environ.pop(_TRUST)
        if before is not None:
            os.environ[_TRUST] = before
