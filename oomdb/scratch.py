"""The temporary files of a run: in folders that are gone at its end, however it ends.

A folder is locked by the process that made it. The operating system frees the lock when
that process dies, so what has a name of ours and no holder is a leftover, which the next
run removes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path

from oomdb import held
from oomdb.errors import OomdbError, reason_of

_PREFIX = "oomdb-tmp-"
_OURS = re.compile(_PREFIX + "[a-z0-9_]{8}")
#: After multiprocessing, which removes a folder of its own in ours.
_EXIT_PRIORITY = -200

#: The folders of this process, by the folder they are in.
_folders: dict[str, str] = {}


def folder(*, large: bool = False) -> str:
    """Where this run's temporary files belong; `large` ones may be as large as logs.

    OomdbError when no folder can be made, naming where.
    """
    root = _root(large=large)
    if root not in _folders:
        try:
            _folders[root] = _made(root)
        except OSError as error:
            raise no_room(root, error) from error
    return _folders[root]


def folders() -> dict[str, str]:
    """All that this run has, made now where they are not yet, for `use` in another process."""
    folder()
    folder(large=True)
    return dict(_folders)


def remove() -> None:
    """Remove the run's folders at once, for a process that outlives the one that made them."""
    for made in set(_folders.values()):
        shutil.rmtree(made, ignore_errors=True)


def use(made: dict[str, str]) -> None:
    """Put temporary files into the folders of the process that started this one."""
    _folders.update(made)
    tempfile.tempdir = folder()
    # From now on this one is what new temporary files go by.
    _folders[tempfile.tempdir] = tempfile.tempdir


def no_room(where: str, error: OSError) -> OomdbError:
    """The error for temporary files that cannot be written."""
    return OomdbError(
        f"cannot write temporary files in {where}: {reason_of(error)};"
        " TMPDIR can name another folder"
    )


def remove_leftovers() -> None:
    """Remove what runs of this user left behind that were killed."""
    for root in {_root(large=False), _root(large=True)}:
        with contextlib.suppress(OSError), os.scandir(root) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name) and entry.path not in _folders.values():
                    with contextlib.suppress(OSError):
                        if _is_of_this_user(entry):
                            held.remove_if_left(entry.path)


def _root(*, large: bool) -> str:
    if large and "TMPDIR" not in os.environ and Path("/var/tmp").is_dir():
        return "/var/tmp"
    # Not `gettempdir`: where TMPDIR is full that would go elsewhere without a word.
    told = os.environ.get("TMPDIR")
    return told if told and Path(told).is_dir() else tempfile.gettempdir()


def _made(root: str) -> str:
    """A new folder that is locked by this process until its end."""
    while True:
        made = tempfile.mkdtemp(prefix=_PREFIX, dir=root)
        try:
            descriptor = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # taken for a leftover before it was locked
        held.hold(descriptor)  # waits for one that takes it for a leftover and removes it
        if held.is_named(descriptor, made):
            Finalize(None, _remove, args=(made, descriptor), exitpriority=_EXIT_PRIORITY)
            return made
        os.close(descriptor)


def _remove(made: str, descriptor: int) -> None:
    for root, name in list(_folders.items()):
        if name == made:
            del _folders[root]
    shutil.rmtree(made, ignore_errors=True)
    os.close(descriptor)


def _is_of_this_user(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, no link to one, that this user made."""
    is_folder = entry.is_dir(follow_symlinks=False)
    return is_folder and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
