"""The local host with a clock that is not its own: `python -m tests.torture.host ...` is `wa host ...`."""

from __future__ import annotations

import sys

from tests.torture.tampering import install

from work_assignment.cli.main import main

if __name__ == "__main__":
    install()
    sys.exit(main(["host", *sys.argv[1:]]))
