"""`dev.py fuzz` takes a number of requests, and says so when it is given something else."""

from __future__ import annotations

import pytest
from tests.fuzz.__main__ import main


@pytest.mark.parametrize("given", ["-5", "0", "many"])
def test_what_is_no_number_of_requests_is_refused(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main([f"--requests={given}"])

    assert refused.value.code == 2
    assert f"'{given}' is not a number of requests: 1 or more" in capsys.readouterr().err
