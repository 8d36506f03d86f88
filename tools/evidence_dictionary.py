"""Train a dictionary for kept evidence from the samples, under a number that is not in use.

Run `python -m tools.evidence_dictionary NUMBER`, then set `DICTIONARY` in
`oomdb/incidents/kept.py` to it. Dictionaries that were released stay.
"""

from __future__ import annotations

import sys
from pathlib import Path

import zstandard

from oomdb.incidents.copies import in_blocks
from oomdb.incidents.kept import decompress, dictionary_file

SAMPLES = Path(__file__).parent.parent / "samples"
#: Twice as much saves hardly more.
SIZE_BYTES = 16384


def main(number: int) -> None:
    """Write the dictionary."""
    file = dictionary_file(number)
    if file.exists():
        sys.exit(f"{file.name} exists; evidence may have been kept by it")
    evidence = []
    for log in sorted(SAMPLES.glob("*.log")):
        for found in in_blocks([log.read_bytes()]):
            kept = found.sighting["evidence"]
            assert isinstance(kept, bytes)
            evidence.append(decompress(kept))
    trained = zstandard.train_dictionary(SIZE_BYTES, evidence, level=1, dict_id=number)
    file.write_bytes(trained.as_bytes())


if __name__ == "__main__":
    main(int(sys.argv[1]))
