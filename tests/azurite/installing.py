"""Installs Azurite once for each virtual environment, with the npm client of the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "3.37.0"
OLDEST_NODE = 20
INSTALLS_IN = 300


class NoAzurite(Exception):
    """Azurite cannot be had here; the text says what is missing."""


def node() -> str:
    """The program that runs Azurite."""
    return _tool("node")


def azurite_program() -> Path:
    """Where Azurite's main file is; it is installed if it is not there yet."""
    folder = Path(sys.prefix) / f"azurite-{VERSION}"
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    with _alone(folder.with_name(f"{folder.name}.lock")):
        if not program.exists():
            _install(folder)
    return program


def _install(folder: Path) -> None:
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    options = ["--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--ignore-scripts"]
    done = subprocess.run(  # noqa: S603 - our own command
        [_tool("npm"), "install", "--prefix", str(draft), *options, f"azurite@{VERSION}"],
        capture_output=True,
        text=True,
        timeout=INSTALLS_IN,
        check=False,
    )
    if done.returncode:
        raise NoAzurite(f"npm could not install azurite@{VERSION}: {done.stderr[-2000:]}")
    # Whole or not at all: an installation that was interrupted is begun anew.
    os.replace(draft, folder)


def _tool(name: str) -> str:
    """A program of the machine's Node.js if that is new enough, else of the one among our packages."""
    for folder in (None, str(Path(sys.executable).parent)):
        node, tool = shutil.which("node", path=folder), shutil.which(name, path=folder)
        if node and tool and _major_version(node) >= OLDEST_NODE:
            return tool
    raise NoAzurite(
        f"Azurite, on which queues and leases are tested, needs '{name}' of Node.js {OLDEST_NODE} or "
        "newer; install it, or the packages of requirements-dev.txt, which have one"
    )


def _major_version(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    match = re.match(r"v(\d+)\.", said.stdout)
    return int(match[1]) if match else 0


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time: tests run in several."""
    import fcntl  # the other tests of these folders run on Windows, too

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
