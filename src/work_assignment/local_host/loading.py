"""Reads a whole function app, and refuses it with everything that is wrong at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from work_assignment.local_host.checks import Checker
from work_assignment.local_host.errors import AppRefused
from work_assignment.local_host.host_json import HostConfig, read_host_json
from work_assignment.local_host.indexing import index_app
from work_assignment.local_host.specs import FunctionSpec


@dataclass(frozen=True, slots=True)
class LoadedApp:
    """An app that passed every check."""

    config: HostConfig
    functions: tuple[FunctionSpec, ...]


def load_app(app_root: Path, settings: Mapping[str, str], *, at: datetime) -> LoadedApp:
    """Load function_app.py and host.json of this folder; raises AppRefused with all problems."""
    config, config_problems = read_host_json(app_root)
    indexed = index_app(app_root)
    checker = Checker(settings, config.route_prefix, at=at)
    functions = checker.check(indexed.functions)
    problems = [*config_problems, *indexed.problems, *checker.problems]
    if not problems and not functions:
        problems.append(f"{app_root} declares no functions")
    if problems:
        raise AppRefused(problems)
    return LoadedApp(config, functions)


def put_in_environment(settings: Mapping[str, str]) -> Callable[[], None]:
    """Make the settings environment variables, as Azure does; returns what takes them back."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)

    def take_back() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    return take_back
