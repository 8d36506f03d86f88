"""Sizes: one meaning wherever one is written, and shown so that it can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb import sizes
from oomdb.guard.limits import Limits as QueryLimits
from oomdb.sources.limits import Limits as SourceLimits


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1000 B", 1000),
        ("4k", 4096),
        ("4kB", 4096),
        ("512M", 512 << 20),
        ("1.5 GiB", 3 << 29),
        ("0.1G", (1 << 30) // 10),
        (" 2TB ", 2 << 40),
    ],
)
def test_what_sizes_mean(text: str, size_bytes: int) -> None:
    assert sizes.parsed(text) == size_bytes


@pytest.mark.parametrize(
    "text", ["", "G", "-1", "1.G", ".5G", "1X", "1GBB", "1e9", "\u0661", "1,5G"]
)
def test_what_is_no_size(text: str) -> None:
    assert sizes.parsed(text) is None


@pytest.mark.parametrize("text", ["4G", "4GB", "4GiB", "4g", "4096M"])
def test_a_size_is_the_same_for_files_and_queries(text: str) -> None:
    assert QueryLimits.of("1", text, text) == QueryLimits(1, 4 << 30, 4 << 30)
    assert SourceLimits().set_to([f"spool_bytes={text}"]).spool_bytes == 4 << 30


@given(st.integers(0, 1 << 60))
def test_what_is_written_is_read_back(size_bytes: int) -> None:
    assert sizes.parsed(sizes.written(size_bytes)) == size_bytes
    read = sizes.parsed(sizes.shown(size_bytes).replace(" bytes", "").replace(",", ""))
    assert read is not None
    assert abs(read - size_bytes) <= max(size_bytes, 1) // 20


def test_sizes_for_people() -> None:
    told = [0, 999, 1024, 200 << 20, 4 << 30, 3 << 29, 5000 << 40]
    assert [sizes.shown(one) for one in told] == [
        "0 bytes",
        "999 bytes",
        "1 KiB",
        "200 MiB",
        "4 GiB",
        "1.5 GiB",
        "5,000 TiB",
    ]
    assert [sizes.written(one) for one in told[:4]] == ["0", "999", "1K", "200M"]
