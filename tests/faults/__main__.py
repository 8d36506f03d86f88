"""Every kill at length: `python -m tests.faults [COMMAND...]`; the suite tries some of them."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.commands import BY_NAME, COMMANDS
from tests.faults.kills import Found, Scene, at_moments, at_steps
from tests.faults.runs import Driver, scratch_root

#: Between two kills after which the command is run to its end.
_FINISH_EVERY = 5


def main(names: list[str]) -> None:
    chosen = [BY_NAME[name] for name in names] or list(COMMANDS)
    root = Path(tempfile.mkdtemp(prefix="oomdb-faults-", dir=scratch_root()))
    try:
        with Driver(root / "driver") as driver:
            for command in chosen:
                scene = Scene(command, root / command.name.replace(" ", "-"), driver)
                started = time.monotonic()
                steps = at_steps(scene, finish_every=_FINISH_EVERY)
                moments = at_moments(scene, command.moments, finish_every=_FINISH_EVERY)
                print(
                    f"{command.name:14} {_told('steps', steps)}   {_told('moments', moments)}"
                    f"   {time.monotonic() - started:4.0f} s",
                    flush=True,
                )
                shutil.rmtree(scene.folder.parent)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _told(what: str, found: Found) -> str:
    before, after = (found.states[state] for state in ("before", "after"))
    tried = f"{what} {before + after:4}: {before:4} before, {after:3} after"
    return f"{tried}, {found.finished:3} finished"


if __name__ == "__main__":
    main(sys.argv[1:])
