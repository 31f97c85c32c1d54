"""wa host: runs function_app.py on this machine: HTTP, timers and queues."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.cli.common import DONE, Refused, add_common, print_json
from work_assignment.local_host.errors import LocalHostError
from work_assignment.local_host.host import LocalHost
from work_assignment.local_host.keys import Keys
from work_assignment.local_host.settings_file import read_settings as read_file
from work_assignment.settings import read_settings

SUMMARY = "run the function app on this machine"
DEFAULT_PORT = 7071


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"0 takes a free one; default {DEFAULT_PORT}"
    )
    parser.add_argument(
        "--app-root", type=Path, default=Path.cwd(), help="where function_app.py is; default: here"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check everything, print what runs, and serve until interrupted."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    try:
        return _serve(arguments)
    except LocalHostError as exc:
        raise Refused(str(exc)) from None


def _serve(arguments: argparse.Namespace) -> int:
    environment = read_file(arguments.app_root / "local.settings.json", os.environ)
    if arguments.url:
        environment["DATAVERSE_URL"] = arguments.url
    settings = read_settings(environment)
    keys, made = _keys(environment)
    host = LocalHost(
        arguments.app_root,
        queues=SqliteQueues(settings.storage),
        keys=keys,
        settings=environment,
        port=arguments.port,
        last_runs_file=settings.storage.with_name(f"{settings.storage.name}.timers.json"),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=host.stop).start())
    host.start()
    if arguments.json:
        print_json({"url": host.url, "mode": settings.mode})
    else:
        print(host.describe())
        for name in made:
            print(f"No {name} is set; a new one was made for this run.")
        print(f"Work Assignment ready at {host.url}, mode {settings.mode}", flush=True)
    host.wait()
    return DONE


def _keys(environment: Mapping[str, str]) -> tuple[Keys, list[str]]:
    """The keys that are set, else new ones; and the names of those that were made."""
    names = ("WA_FUNCTION_KEY", "WA_MASTER_KEY")
    made = [name for name in names if not environment.get(name)]
    function, master = (environment.get(name) or secrets.token_urlsafe(32) for name in names)
    return Keys(function, master), made
