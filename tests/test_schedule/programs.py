"""Programs of the system that tests need; where one is missing they are skipped, but in CI fail."""

from __future__ import annotations

import os
import shutil

import pytest

#: Set in CI: what is missing is a failure.
VARIABLE = "OOMDB_SYSTEM_TESTS"


def need(program: str) -> None:
    """Skip the test, with the reason, where the program is missing."""
    if shutil.which(program) is None:
        missing = f"no program {program} here"
        if os.environ.get(VARIABLE) == "required":
            pytest.fail(missing)
        pytest.skip(missing)
