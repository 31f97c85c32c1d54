"""What every command shares: its options, the connection, and how it ends."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from work_assignment.bootstrap import connect
from work_assignment.dataverse.client import DataverseClient
from work_assignment.settings import read_connection

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


class Refused(Exception):
    """The command cannot do what it was asked; the text says why, in one line."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes."""
    parser.add_argument("--url", help="the Dataverse environment; default: DATAVERSE_URL")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


@contextmanager
def connection(arguments: argparse.Namespace) -> Iterator[DataverseClient]:
    """A client for the environment that the options and settings name."""
    url, credentials = read_connection(os.environ, arguments.url)
    with connect(url, credentials) as client:
        yield client


def print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def console() -> Console:
    """Standard output; rich leaves colour away where it is no terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())
