"""Folders for what lives as long as the process: made on demand, and swept after a crash."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

_PREFIX = "mock-dataverse-"
_LOCK = "lock"
_YOUNG_SECONDS = 60.0
_PATIENCE = 0.2


class DatabaseLock:
    """An exclusive lock on a file of its own, which the operating system frees on a kill.

    The file stays when the lock is given back: who deletes it could delete another's lock.
    """

    def __init__(self, path: Path, patience: float = _PATIENCE) -> None:
        self._db = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except BaseException:
            self._db.close()
            raise

    def release(self) -> None:
        self._db.close()


class PrivateFolder:
    """A temporary folder that nobody else uses."""

    def __init__(self) -> None:
        _sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = DatabaseLock(self.path / _LOCK)

    def remove(self) -> None:
        """Delete the folder; on Windows only what nobody has open any more."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep() -> None:
    """Delete the folders of processes that were killed: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        # A young folder may be one whose maker has not locked it yet.
        if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
            return False
        DatabaseLock(folder / _LOCK, patience=0).release()
    except (OSError, sqlite3.Error):
        return False
    return True
