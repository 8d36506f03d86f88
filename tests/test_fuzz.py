"""Every target of the fuzzer for a moment, with the same mutations in each run."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import seeds
from tests.fuzz.mutations import MOST_BYTES, mutated
from tests.fuzz.targets import TARGETS
from tests.fuzz.watch import executed

#: A moment each; inputs are smaller than those of a long run.
EXECUTIONS = {"sources": 40, "carriers": 60, "scan": 150, "cut": 12, "rows": 8}
_MOST_BYTES = 8 << 10


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_our_own_errors(name: str) -> None:
    draw, known = random.Random(f"oomdb {name}"), seeds.of(name)
    for _ in range(EXECUTIONS.get(name, 30)):
        data = draw.choice(known)
        start = draw.randrange(max(len(data) - _MOST_BYTES, 1)) if name != "sources" else 0
        data = mutated(data[start : start + _MOST_BYTES], draw.choice(known), draw)
        finding = executed(TARGETS[name], data)
        assert finding is None, f"{finding.place}: {finding.told}\n{data[:2000]!r}"


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves_pass(name: str) -> None:
    for data in seeds.of(name)[:: 1 if name in ("sources", "sheets") else 9]:
        assert executed(TARGETS[name], data[:MOST_BYTES]) is None


def test_a_fault_is_found() -> None:
    def fails(data: bytes) -> None:
        raise KeyError(data)

    def hangs(data: bytes) -> None:
        while True:
            data = data[:1]

    def grows(data: bytes) -> None:
        assert len(b"x" * (300 << 20)) > len(data)

    assert str(executed(fails, b"x")).count("KeyError")
    assert str(executed(hangs, b"x")).count("slow")
    assert str(executed(grows, b"x")).count("memory")
