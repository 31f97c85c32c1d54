"""wa mock: a Dataverse of one's own on this machine, over the real Web API."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from work_assignment.cli.common import (
    DONE,
    Refused,
    add_json,
    call_when_told_to_end,
    port,
    print_json,
)
from work_assignment.cli.mock_ending import Ending
from work_assignment.mock_dataverse.server import MockServer, PortUnavailable
from work_assignment.mock_dataverse.serving.certificates import CertificateUnavailable
from work_assignment.mock_dataverse.serving.entra.applications import DEFAULT_SECRET
from work_assignment.mock_dataverse.serving.latency import LatencySettings
from work_assignment.mock_dataverse.serving.protection import LimitSettings
from work_assignment.mock_dataverse.storage.row_locks import LockSettings
from work_assignment.mock_dataverse.storage.store import IN_MEMORY, StoreUnavailable
from work_assignment.mock_dataverse.tables.solutions.xml_files import SolutionError
from work_assignment.mock_dataverse.well_known import TENANT_ID
from work_assignment.packaged_solution import product_solution
from work_assignment.settings import Credentials

SUMMARY = "serve a mock Dataverse on this machine"
DEFAULT_PORT = 7072
_TRUSTED = "REQUESTS_CA_BUNDLE"
_LONGEST_MS = 600_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    _add_place(parser)
    _add_content(parser)
    _add_sign_in(parser)
    _add_behaviour(parser)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        help=f"0 takes a free one; default {DEFAULT_PORT}",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--tls", action="store_true", help="serve HTTPS with a certificate authority of its own"
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="where to write the authority's certificate, for REQUESTS_CA_BUNDLE and the like;"
        " default: beside the database, or a temporary file",
    )


def _add_content(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        default=":memory:",
        metavar="FILE",
        help=":memory: (default) or a file to keep",
    )
    parser.add_argument("--sample", action="store_true", help="fill it with a sample organisation")
    parser.add_argument(
        "--import",
        dest="folders",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="fill it with CSV files: one for each table, named after it, or those of a CRM export;"
        " may be repeated",
    )
    parser.add_argument(
        "--solution",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="a solution folder to install besides the product's own; may be repeated",
    )


def _add_sign_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--auth", action="store_true", help="accept only tokens of its own")
    parser.add_argument(
        "--client",
        action="append",
        type=_client,
        default=[],
        metavar="ID:SECRET",
        help="an application that may ask for tokens, as a system administrator; may be repeated",
    )


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--latency",
        type=_milliseconds,
        metavar="MS",
        help="let each request take so much longer, in milliseconds",
    )
    parser.add_argument(
        "--limits",
        action="store_true",
        help="enforce the service protection limits of Dataverse (429)",
    )
    parser.add_argument(
        "--locks",
        type=_milliseconds,
        metavar="MS",
        help="lock rows to the end of a change set, each write taking so many milliseconds",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; one line says when it is ready."""
    server = _made(arguments)
    try:
        if arguments.sample or arguments.folders:
            _start_filled(server, arguments)
        else:
            _start(server)
        _configure(server, arguments)
        ending = Ending(server)
        call_when_told_to_end(ending.begin, ending.end_at_once)
        _tell(server, arguments)
        ending.wait()
    finally:
        server.stop()
    return DONE


def _made(arguments: argparse.Namespace) -> MockServer:
    if arguments.ca_file is not None and not arguments.tls:
        raise Refused("--ca-file goes with --tls.")
    try:
        return MockServer(
            arguments.database,
            host=arguments.host,
            port=arguments.port,
            solutions=[
                product_solution(),
                *arguments.solution,
                *_solutions_for(arguments.folders),
            ],
            auth=arguments.auth,
            clients=dict(arguments.client),
            tls=arguments.tls,
            ca_file=(arguments.ca_file or _beside(arguments.database)) if arguments.tls else None,
        )
    except (StoreUnavailable, SolutionError, CertificateUnavailable) as exc:
        raise Refused(str(exc)) from None


def _start(server: MockServer) -> None:
    try:
        server.start()
    except PortUnavailable as exc:
        raise Refused(str(exc)) from None


def _start_filled(server: MockServer, arguments: argparse.Namespace) -> None:
    """Open the port to nobody but the one who fills, so that nobody meets a half-filled mock."""
    with server.filling() as token:
        _start(server)
        if arguments.sample:
            _fill(server, Credentials(token=token))
        for folder in arguments.folders:
            _import(server, folder, Credentials(token=token))


def _beside(database: str) -> Path | None:
    return None if database == IN_MEMORY else Path(f"{database}.ca.pem")


def _fill(server: MockServer, credentials: Credentials) -> None:
    """Write the sample organisation through the front door, as its administrator."""
    # A mock that starts empty needs no client, which takes as long to load as the mock itself.
    from work_assignment.cli import sample_data

    with _trusting(server.ca_file):
        if not sample_data.is_filled(server.url, credentials):
            sample_data.fill(server.url, credentials)


def _import(server: MockServer, folder: Path, credentials: Credentials) -> None:
    from work_assignment.cli import mock_import

    with _trusting(server.ca_file):
        mock_import.fill(server, folder, credentials)


def _solutions_for(folders: Sequence[Path]) -> Iterable[Path]:
    if not folders:
        return ()
    from work_assignment.cli import mock_import

    needed = (path for folder in folders for path in mock_import.solutions_for(folder))
    return dict.fromkeys(needed)


@contextmanager
def _trusting(ca_file: Path | None) -> Iterator[None]:
    """Let this process's own client trust the authority that this process has just made."""
    known = os.environ.get(_TRUSTED)
    if ca_file is not None:
        os.environ[_TRUSTED] = str(ca_file)
    try:
        yield
    finally:
        os.environ.pop(_TRUSTED, None)
        if known is not None:
            os.environ[_TRUSTED] = known


def _configure(server: MockServer, arguments: argparse.Namespace) -> None:
    """Turn on what makes the mock slower or stricter, once the sample is there."""
    if arguments.latency is not None:
        server.controls.latency.configure(LatencySettings(request_ms=arguments.latency))
    if arguments.limits:
        server.controls.protection.configure(LimitSettings(enabled=True))
    if arguments.locks is not None:
        settings = LockSettings(enabled=True, write_latency=arguments.locks / 1000)
        server.store.row_locks.configure(settings)
    server.counters.reset()
    server.keep_settings()


def _tell(server: MockServer, arguments: argparse.Namespace) -> None:
    """Say where the mock is and how to get in, in one line each or as JSON."""
    known: dict[str, Any] = {"url": server.url}
    if server.ca_file is not None:
        known["ca_file"] = str(server.ca_file)
    if arguments.auth or arguments.client:
        known |= {
            "tenant_id": TENANT_ID,
            "client_ids": server.applications.ids(),
            "token_url": f"{server.url}/{TENANT_ID}/oauth2/v2.0/token",
        }
    if arguments.auth and not arguments.client:
        known["client_secret"] = DEFAULT_SECRET
    if arguments.json:
        print_json(known)
        sys.stdout.flush()
        return
    # Programs read this line too, and take its last word for the address.
    how_to_end = " (Ctrl-C ends it)" if sys.stdout.isatty() else ""
    lines = [f"Mock Dataverse ready at {server.url}{how_to_end}"]
    if server.ca_file is not None:
        lines.append(f"Certificate authority: {server.ca_file}")
    if "client_ids" in known:
        secret = f", secret {DEFAULT_SECRET}" if "client_secret" in known else ""
        lines.append(f"Tenant {TENANT_ID}, client {', '.join(known['client_ids'])}{secret}")
        lines.append(f"Tokens from {known['token_url']}")
    print("\n".join(lines), flush=True)


def _client(text: str) -> tuple[str, str]:
    """An application for argparse: its id, a colon, its secret."""
    client_id, _, secret = text.partition(":")
    try:
        known = str(uuid.UUID(client_id))
    except ValueError:
        known = ""
    if not known or not secret:
        raise argparse.ArgumentTypeError("an application is a guid, a colon and a secret")
    return known, secret


def _milliseconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid milliseconds: '{text}'") from None
    if not 0 <= number <= _LONGEST_MS:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {_LONGEST_MS} milliseconds")
    return number
