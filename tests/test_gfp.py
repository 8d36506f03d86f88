"""Masks mean what the kernel that printed them meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oomdb.gfp import COMPOSITES, LAYOUTS, MEANINGS, choose_layout, flags, reference_rows

#: Masks and names as printed by kernels 4.6 to 7.3.
PRINTED = [
    (0x0, ""),
    (0xCC0, "GFP_KERNEL"),
    (0x820, "GFP_ATOMIC"),
    (0xA20, "GFP_ATOMIC"),
    (0x2DC2, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_ZERO"),
    (0x40CD0, "GFP_KERNEL|__GFP_COMP|__GFP_RECLAIMABLE"),
    (0x442DC0, "GFP_KERNEL_ACCOUNT|__GFP_NOWARN|__GFP_COMP|__GFP_ZERO"),
    (0x500CC2, "GFP_HIGHUSER|__GFP_ACCOUNT"),
    (0x101CC0, "GFP_USER|__GFP_WRITE"),
    (0x100CCA, "GFP_HIGHUSER_MOVABLE"),
    (0x1100CCA, "GFP_HIGHUSER_MOVABLE"),
    (0x4100CCA, "GFP_HIGHUSER_MOVABLE"),
    (0x140DCA, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO"),
    (0x1C24CA, "GFP_TRANSHUGE"),
    (0x6200CA, "GFP_HIGHUSER_MOVABLE"),
    (0x6040C0, "GFP_KERNEL|__GFP_COMP"),
    (0x14200CA, "GFP_HIGHUSER_MOVABLE"),
    (0x15080C0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"),
    (0x24201CA, "GFP_HIGHUSER_MOVABLE|__GFP_COLD"),
    (0x27080C0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_NOTRACK"),
    (0x1000CC0, "GFP_KERNEL|0x1000000"),
]


def test_the_mask_of_a_page_cache_fill_on_linux_3_10() -> None:
    layout, basis = choose_layout(0x201DA, None)
    assert basis == "mask"
    assert layout is not None
    assert flags(0x201DA, layout) == ("HIGHMEM", "MOVABLE", "WAIT", "IO", "FS", "COLD", "HARDWALL")


@pytest.mark.parametrize(("mask", "names"), PRINTED)
def test_names_and_number_agree(mask: int, names: str) -> None:
    layout, basis = choose_layout(mask, names)
    assert basis == "names"
    assert layout is not None
    spelled = [name for name in names.split("|") if name.startswith("__GFP_")]
    assert {name.removeprefix("__GFP_") for name in spelled} <= set(flags(mask, layout))


@pytest.mark.parametrize(
    ("mask", "layout"),
    [
        (0x1201D2, "linux-2.6.24"),
        (0x280DA, "linux-2.6.32"),
        (0x1000D0, "linux-3.10-el7"),
        (0x24201CA, "linux-4.4"),
    ],
)
def test_a_bare_number_tells_its_time(mask: int, layout: str) -> None:
    assert choose_layout(mask, None) == (layout, "mask")


def test_names_that_no_kernel_prints_for_the_number_choose_nothing() -> None:
    assert choose_layout(0xCC0, "GFP_ATOMIC") == (None, None)
    assert choose_layout(0xCC0, "GFP_UNHEARD_OF") == (None, None)


@given(st.sampled_from([name for name in LAYOUTS if name >= "linux-4"]), st.data())
def test_flags_spelled_one_by_one_give_the_mask_back(layout: str, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(LAYOUTS[layout]))))
    names = "|".join(f"__GFP_{LAYOUTS[layout][bit]}" for bit in sorted(chosen))
    found, basis = choose_layout(sum(chosen), names)
    assert basis == "names"
    assert found is not None
    assert set(flags(sum(chosen), found)) == {LAYOUTS[layout][bit] for bit in chosen}


def test_every_flag_has_a_meaning_and_every_row_one_bit() -> None:
    rows = reference_rows()
    assert {row["flag"] for row in rows} <= MEANINGS.keys()
    assert len({(row["layout"], row["bit"]) for row in rows}) == len(rows)
    assert all(int(str(row["bit"])).bit_count() == 1 for row in rows)
    for layout, bits in LAYOUTS.items():
        assert len(set(bits.values())) == len(bits), layout


def test_composites_are_made_of_known_flags() -> None:
    known = set(MEANINGS)
    assert all(set(parts) <= known for forms in COMPOSITES.values() for parts in forms)
