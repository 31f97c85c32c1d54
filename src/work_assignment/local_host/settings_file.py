"""local.settings.json: what Azure keeps as app settings, for a local run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from work_assignment.local_host.errors import SettingsRefused

SECTIONS = frozenset({"IsEncrypted", "Values"})


def read_settings(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The file's values with the real environment on top, which wins. No file means no values."""
    return {**_values(path), **environ}


def _values(path: Path) -> dict[str, str]:
    document = _document(path)
    unknown = sorted(set(document) - SECTIONS)
    if unknown:
        raise SettingsRefused(
            f"{path}: '{unknown[0]}' has no effect in a local run; "
            f"only IsEncrypted and Values are read"
        )
    if document.get("IsEncrypted", False) is not False:
        raise SettingsRefused(
            f"{path}: the values are encrypted; run 'func settings decrypt' and start again"
        )
    values = document.get("Values", {})
    if not isinstance(values, dict):
        raise SettingsRefused(f"{path}: Values must be an object of names and texts")
    for name, value in values.items():
        if not isinstance(value, str) or "\0" in value:
            # The value itself may be a secret and is not repeated.
            raise SettingsRefused(f"{path}: the value of '{name}' must be text in quotes")
        if not name or "=" in name or "\0" in name:
            raise SettingsRefused(f"{path}: '{name}' cannot be the name of a setting")
    return values


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as exc:
        raise SettingsRefused(f"{path} is not UTF-8 text") from exc
    except json.JSONDecodeError as exc:
        raise SettingsRefused(f"{path} line {exc.lineno} column {exc.colno}: {exc.msg}") from exc
    except OSError as exc:
        raise SettingsRefused(f"{path} cannot be read: {exc.strerror}") from exc
    if not isinstance(document, dict):
        raise SettingsRefused(f"{path}: must be an object with IsEncrypted and Values")
    return document
