"""A command of ours with a clock that is not its own: `python -m tests.torture.command` is `wa`."""

from __future__ import annotations

import sys

from tests.torture.tampering import install

from work_assignment.cli.main import main

if __name__ == "__main__":
    install()
    sys.exit(main(sys.argv[1:]))
