"""Every number of a report is read as it was printed, whatever kernel and carrier printed it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulated.carriers import CARRIERS, STAMPED, caller
from tests.emulated.compare import differences, read
from tests.emulated.kernel import KERNELS
from tests.emulated.paper import Draw, Paper
from tests.emulated.report import draw_report, memcg_kill, oom_kill

if TYPE_CHECKING:
    from tests.emulated.carriers import Carrier
    from tests.emulated.kernel import Kernel

SEEDS = st.integers(0, 2**32)
#: A hundred examples are few for so many kernels; `make fuzz` asks for more.
EXAMPLES = max(200, settings().max_examples)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_each_kernels_reports_are_read_whole(kernel: Kernel) -> None:
    for seed in range(12):
        paper = draw_report(kernel, Random(seed))
        [batch] = read(CARRIERS[seed % len(CARRIERS)](paper))
        assert differences(paper, batch) == []


@given(st.sampled_from(KERNELS), st.sampled_from(CARRIERS), SEEDS)
@settings(max_examples=EXAMPLES)
def test_names_and_paths_mislead_nobody(kernel: Kernel, carrier: Carrier, seed: int) -> None:
    paper = draw_report(kernel, Random(seed), hostile=True)
    [batch] = read(carrier(paper))
    assert differences(paper, batch) == []


@given(st.sampled_from(KERNELS), st.sampled_from(STAMPED), SEEDS)
@settings(max_examples=EXAMPLES)
def test_newlines_in_names_break_no_line(kernel: Kernel, carrier: Carrier, seed: int) -> None:
    paper = draw_report(kernel, Random(seed), hostile=True, broken=True)
    [batch] = read(carrier(paper))
    assert differences(paper, batch) == []


@pytest.mark.parametrize("kernel", KERNELS[::3], ids=str)
def test_kernels_that_print_their_callers_may_print_two_reports_at_once(kernel: Kernel) -> None:
    random = Random(kernel.release)
    papers = [Paper(Draw(random)), Paper(Draw(random))]
    oom_kill(kernel, papers[0])
    memcg_kill(kernel, papers[1])
    lines = [(line, 0) for line in caller(papers[0])]
    lines += [(line.replace("T1234", "T5678"), 1) for line in caller(papers[1])]
    batches = read([line for line, _ in sorted(lines, key=lambda line: (line[0][:18], line[1]))])
    assert [differences(*pair) for pair in zip(papers, batches, strict=True)] == [[], []]
