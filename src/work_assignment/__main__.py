"""`python -m work_assignment` is the `wa` command."""

import sys

from work_assignment.cli.main import main

sys.exit(main())
