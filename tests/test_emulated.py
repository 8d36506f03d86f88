"""Every number of a report is read as it was printed, whatever kernel and carrier printed it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulated.carriers import CARRIERS, STAMPED
from tests.emulated.compare import differences, read
from tests.emulated.kernel import KERNELS
from tests.emulated.report import draw_report

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
