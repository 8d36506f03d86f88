"""The command line: options in, one library call, output.

Nothing heavy is imported before a command runs, so that `--help` comes in a blink.
"""

from __future__ import annotations

import os
import sys

from oomdb.cli import (  # noqa: F401  (each adds its commands to the app)
    config,
    events,
    evidence,
    fleet,
    ingest,
    metrics,
    query,
    report,
    schedule,
    spark,
)
from oomdb.cli.app import app


def main() -> None:
    """Run the command line."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    app(prog_name="oomdb")


def _open_closed_streams() -> None:
    """Give the program a standard stream, to or from nowhere, for each that came closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
