"""What time it is for a command: by Dataverse's clock, which its rows go by too."""

from __future__ import annotations

import os
from datetime import datetime

from work_assignment.bootstrap import now
from work_assignment.dataverse.client import DataverseClient
from work_assignment.settings import read_clock


def present(client: DataverseClient) -> datetime:
    """The server's clock as of its last answer, or the mock's where everything goes by that."""
    if read_clock(os.environ):
        return now()
    return client.server_time() or now()
