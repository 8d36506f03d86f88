"""Prints the entries of a binary journal by the library of the extra `journal`.

A program of its own, `python -m oomdb.sources.journal_library FILE`: the kernel's entries
as `journalctl -o json` prints them, an empty line for each other entry.
"""

from __future__ import annotations

import json
import os
import sys

#: A journal whose entries fail this often in a row has nothing more to give.
_MOST_FAILURES = 1000


def main(path: str) -> None:
    """Print the entries of the journal at `path`."""
    from cysystemd.reader import JournalReader

    reader = JournalReader()
    reader.open_files(os.path.realpath(path))
    failures = 0
    while failures < _MOST_FAILURES:
        try:
            entry = reader.next()
        except SystemError:
            failures += 1
            continue
        if entry is None:
            return
        failures = 0
        fields = dict(entry.data)
        if fields.get("_TRANSPORT") == "kernel":
            fields["__REALTIME_TIMESTAMP"] = str(entry.get_realtime_usec())
            fields["__MONOTONIC_TIMESTAMP"] = str(entry.get_monotonic_usec())
            fields.setdefault("_BOOT_ID", entry.boot_id.hex)
            print(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
        else:
            print()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    main(sys.argv[1])
