"""What a test says and returns when the machine lacks what it is about."""

from __future__ import annotations

import os

_STATUS = 77  # what SKIP_RETURN_CODE of etc/cmake/HangarTests.cmake names


def not_run(why: str) -> int:
    """Says why and returns the exit status: ctest's "Skipped", or a failure where that is asked."""
    print(f"NOT RUN: {why}")
    return 1 if os.environ.get("HANGAR_TEST_REQUIRE_ALL") else _STATUS
