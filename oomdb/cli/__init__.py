"""The command line: options in, one library call, output.

Nothing heavy is imported before a command runs, so that `--help` comes in a blink.
"""

from __future__ import annotations

import sys

from oomdb.cli import events, evidence, fleet, ingest, query  # noqa: F401  (each adds its commands to the app)
from oomdb.cli.app import app


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    app(prog_name="oomdb")
