"""wa mock: a Dataverse of one's own on this machine, over the real Web API."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from work_assignment.cli import sample_data
from work_assignment.cli.common import (
    DONE,
    Refused,
    add_common,
    call_when_told_to_end,
    port,
    print_json,
)
from work_assignment.mock_dataverse.server import MockServer, PortUnavailable
from work_assignment.mock_dataverse.storage.store import StoreUnavailable
from work_assignment.mock_dataverse.tables.solutions.files import product_solution
from work_assignment.mock_dataverse.tables.solutions.xml_files import SolutionError

SUMMARY = "serve a mock Dataverse on this machine"
DEFAULT_PORT = 7072


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        help=f"0 takes a free one; default {DEFAULT_PORT}",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--database",
        default=":memory:",
        metavar="FILE",
        help=":memory: (default) or a file to keep",
    )
    parser.add_argument("--sample", action="store_true", help="fill it with a sample organisation")
    parser.add_argument(
        "--solution",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a solution folder to install besides the product's own; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; one line says when it is ready."""
    try:
        server = MockServer(
            arguments.database,
            host=arguments.host,
            port=arguments.port,
            solutions=[product_solution(), *arguments.solution],
        )
        server.start()
    except (PortUnavailable, StoreUnavailable, SolutionError) as exc:
        raise Refused(str(exc)) from None
    try:
        if arguments.sample and not sample_data.is_filled(server.url):
            sample_data.fill(server.url)
        if arguments.json:
            print_json({"url": server.url})
        else:
            print(f"Mock Dataverse ready at {server.url}", flush=True)
        ended = threading.Event()
        call_when_told_to_end(ended.set)
        ended.wait()
    finally:
        server.stop()
    return DONE
