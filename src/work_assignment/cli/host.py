"""wa host: runs function_app.py on this machine: HTTP, timers and queues."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from work_assignment.azure_storage.errors import StorageUnavailable
from work_assignment.azure_storage.opening import open_leases, open_notes, open_queues
from work_assignment.bootstrap import clock_of
from work_assignment.cli.common import (
    DONE,
    Refused,
    add_common,
    call_when_told_to_end,
    port,
    print_json,
)
from work_assignment.local_host.errors import LocalHostError
from work_assignment.local_host.host import LocalHost
from work_assignment.local_host.keys import Keys
from work_assignment.local_host.settings_file import read_settings as read_file
from work_assignment.local_host.timers import GLANCE, LONGEST_WAIT
from work_assignment.settings import SettingsError, read_clock, read_settings

SUMMARY = "run the function app on this machine"
DEFAULT_PORT = 7071
SETTINGS_FILE = "local.settings.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        help=f"0 takes a free one; default {DEFAULT_PORT}",
    )
    parser.add_argument(
        "--app-root", type=Path, default=Path.cwd(), help="where function_app.py is; default: here"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check everything, print what runs, and serve until interrupted."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    try:
        return _serve(arguments)
    except (LocalHostError, StorageUnavailable) as exc:
        raise Refused(str(exc)) from None


def _serve(arguments: argparse.Namespace) -> int:
    environment = read_file(arguments.app_root / SETTINGS_FILE, os.environ)
    if arguments.url:
        environment["DATAVERSE_URL"] = arguments.url
    try:
        settings = read_settings(environment)
        clock = clock_of(environment)
    except SettingsError as exc:
        raise Refused(
            f"{exc} (in {arguments.app_root / SETTINGS_FILE} or the environment)"
        ) from None
    keys, made = _keys(environment)
    with (
        closing(open_queues(settings.storage)) as queues,
        closing(open_leases(settings.storage)) as leases,
        closing(open_notes(settings.storage)) as notes,
    ):
        queues.names()  # a storage that cannot be used is said now, not by a listener that dies
        host = LocalHost(
            arguments.app_root,
            queues=queues,
            keys=keys,
            settings=environment,
            port=arguments.port,
            leases=leases,
            notes=notes,
            clock=clock,
            longest_wait=GLANCE if read_clock(environment) else LONGEST_WAIT,
        )
        call_when_told_to_end(host.stop)
        host.start()
        if arguments.json:
            print_json({"url": host.url, "mode": settings.mode})
        else:
            print(host.describe())
            for name in made:
                print(f"No {name} is set; for this run it is {made[name]}")
            print(f"Work Assignment ready at {host.url}, mode {settings.mode}", flush=True)
        host.wait()
    return DONE


def _keys(environment: Mapping[str, str]) -> tuple[Keys, dict[str, str]]:
    """The keys that are set, else new ones; and those that were made, by their settings' names."""
    names = ("WA_FUNCTION_KEY", "WA_MASTER_KEY")
    made = {name: secrets.token_urlsafe(32) for name in names if not environment.get(name)}
    function, master = (environment.get(name) or made[name] for name in names)
    return Keys(function, master), made
