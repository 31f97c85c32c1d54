"""docs/mock.md names every route and every option."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from work_assignment.cli import mock
from work_assignment.mock_dataverse.server import MockServer

TEXT = (Path(__file__).parents[3] / "docs" / "mock.md").read_text(encoding="utf-8")


def test_every_admin_route_is_documented_and_every_documented_one_exists(
    server: MockServer,
) -> None:
    routes = {f"{route.method} /__mock/{route.pattern}" for route in server.admin_routes}
    documented = set(re.findall(r"`((?:GET|PUT|POST|DELETE) /__mock/[^`]+)`", TEXT))
    assert routes == documented


def test_every_option_of_the_command_is_documented() -> None:
    parser = argparse.ArgumentParser()
    mock.add_arguments(parser)
    for option in set(re.findall(r"--[a-z-]+", parser.format_help())) - {"--help"}:
        assert re.search(rf"`{option}[ `]", TEXT), option
