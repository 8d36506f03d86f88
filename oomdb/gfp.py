"""The bits of gfp_mask: which bit means what in which kernel, as data.

The layout changed with nearly every release, and the highest bits of recent kernels
depend on the build. So a layout is never chosen by a version number: where the
kernel printed names (Linux 4.6 and later) it is the one under which names and number
agree, otherwise the number itself tells 4.4/4.5 from what came before.

Source: include/linux/gfp.h, since 6.0 include/linux/gfp_types.h; the names
include/trace/events/mmflags.h.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType

Bits = Mapping[int, str]

#: What each flag asks for; flags that are gone keep their meaning.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "DMA": "from the DMA zone only",
        "HIGHMEM": "may use HighMem",
        "DMA32": "below 4 GB only",
        "MOVABLE": "the page can be moved later",
        "RECLAIMABLE": "slab that can be reclaimed",
        "WAIT": "may sleep and reclaim",
        "HIGH": "may use half of the emergency reserve",
        "IO": "may start disk I/O to reclaim",
        "FS": "may call into filesystems to reclaim",
        "COLD": "prefers a cache-cold page (readahead)",
        "NOWARN": "no failure report",
        "REPEAT": "tries hard, may still fail",
        "RETRY_MAYFAIL": "tries hard, may still fail",
        "NOFAIL": "must not fail, loops for ever",
        "NORETRY": "gives up early",
        "MEMALLOC": "may use all reserves",
        "COMP": "compound page",
        "ZERO": "zero-filled",
        "NOMEMALLOC": "never uses the emergency reserves",
        "HARDWALL": "obeys the cpuset",
        "THISNODE": "this node only, no fallback",
        "ATOMIC": "cannot sleep, high priority",
        "ACCOUNT": "charged to the memory cgroup",
        "NOACCOUNT": "not charged to the memory cgroup",
        "KMEMCG": "kernel memory charged to the cgroup",
        "NOTRACK": "not tracked by kmemcheck",
        "NO_KSWAPD": "does not wake kswapd",
        "OTHER_NODE": "on behalf of another node",
        "WRITE": "will be written to soon",
        "DIRECT_RECLAIM": "may reclaim itself, and sleep",
        "KSWAPD_RECLAIM": "wakes kswapd to reclaim",
        "NOLOCKDEP": "hidden from lockdep",
        "ZEROTAGS": "zeroes memory tags",
        "SKIP_ZERO": "skips zeroing of memory tags",
        "SKIP_KASAN": "skips KASAN tagging",
        "SKIP_KASAN_POISON": "skips KASAN poisoning",
        "SKIP_KASAN_UNPOISON": "skips KASAN unpoisoning",
        "NO_OBJ_EXT": "no object extensions (profiling)",
    }
)


def _bits(start: int, names: str) -> dict[int, str]:
    """Consecutive bits from `start` on; `-` leaves one out."""
    return {start << place: name for place, name in enumerate(names.split()) if name != "-"}


_ZONES = _bits(0x1, "DMA HIGHMEM DMA32 MOVABLE")
_2_6_32 = {
    **_ZONES,
    **_bits(0x10, "WAIT HIGH IO FS COLD NOWARN REPEAT NOFAIL NORETRY MEMALLOC COMP ZERO"),
    **_bits(
        0x10000, "NOMEMALLOC HARDWALL THISNODE RECLAIMABLE - NOTRACK NO_KSWAPD OTHER_NODE WRITE"
    ),
}
_4_4 = {
    **_2_6_32,
    0x10: "RECLAIMABLE",
    0x80000: "ATOMIC",
    0x100000: "ACCOUNT",
    0x400000: "DIRECT_RECLAIM",
    0x2000000: "KSWAPD_RECLAIM",
}
_4_10 = {
    **{bit: name for bit, name in _4_4.items() if bit < 0x800000},
    **_bits(0x800000, "WRITE KSWAPD_RECLAIM NOLOCKDEP"),
}
_4_18 = {
    **{bit: name for bit, name in _4_10.items() if bit < 0x200000},
    0x100: "WRITE",
    0x400: "RETRY_MAYFAIL",
    **_bits(0x200000, "DIRECT_RECLAIM KSWAPD_RECLAIM NOLOCKDEP"),
}
_5_1 = {
    **_ZONES,
    **_bits(0x10, "RECLAIMABLE HIGH IO FS ZERO ATOMIC DIRECT_RECLAIM KSWAPD_RECLAIM WRITE NOWARN"),
    **_bits(0x4000, "RETRY_MAYFAIL NOFAIL NORETRY MEMALLOC COMP NOMEMALLOC HARDWALL THISNODE"),
    **_bits(0x400000, "ACCOUNT NOLOCKDEP"),
}
_COMMON = {bit: name for bit, name in _5_1.items() if bit < 0x800000}
_COMMON_6_3 = {bit: name for bit, name in _COMMON.items() if name != "ATOMIC"}


def _optional(base: Bits, *groups: str) -> dict[int, str]:
    """`base` with ZEROTAGS and then the build's optional flags, without gaps."""
    return {**base, **_bits(0x800000, " ".join(("ZEROTAGS", *groups)))}


#: Every layout, oldest first, by the mainline version that brought it; after `+` stand
#: the build options that add bits. Bits are the kernel's, names without __GFP_.
LAYOUTS: Mapping[str, Bits] = MappingProxyType(
    {
        "linux-2.6.24": {
            **{bit: name for bit, name in _2_6_32.items() if bit not in (0x8, 0x100000)},
            0x100000: "MOVABLE",
        },
        "linux-2.6.32": _2_6_32,
        "linux-3.8": {**_2_6_32, 0x100000: "KMEMCG"},
        "linux-3.10-el7": {**_2_6_32, 0x100000: "ACCOUNT"},
        "linux-4.4": _4_4,
        "linux-4.10": _4_10,
        "linux-4.13": {**_4_10, 0x400: "RETRY_MAYFAIL"},
        "linux-4.18": _4_18,
        "linux-5.1": _5_1,
        "linux-5.13": _optional(_COMMON, "SKIP_KASAN_POISON", "NOLOCKDEP"),
        "linux-5.18": _optional(_COMMON, "-", "-", "-", "NOLOCKDEP"),
        "linux-5.18+kasan_hw_tags": _optional(
            _COMMON, "SKIP_ZERO", "SKIP_KASAN_UNPOISON", "SKIP_KASAN_POISON", "NOLOCKDEP"
        ),
        "linux-6.3": _optional(_COMMON_6_3, "-", "-", "-", "NOLOCKDEP"),
        "linux-6.3+kasan_hw_tags": _optional(
            _COMMON_6_3, "SKIP_ZERO", "SKIP_KASAN_UNPOISON", "SKIP_KASAN_POISON", "NOLOCKDEP"
        ),
        "linux-6.4": _optional(_COMMON_6_3, "-", "-", "NOLOCKDEP"),
        "linux-6.4+kasan_hw_tags": _optional(_COMMON_6_3, "SKIP_ZERO", "SKIP_KASAN", "NOLOCKDEP"),
        "linux-6.9": _optional(_COMMON_6_3, "NO_OBJ_EXT"),
        "linux-6.9+lockdep": _optional(_COMMON_6_3, "NOLOCKDEP", "NO_OBJ_EXT"),
        "linux-6.9+kasan_hw_tags": _optional(_COMMON_6_3, "SKIP_ZERO", "SKIP_KASAN", "NO_OBJ_EXT"),
        "linux-6.9+kasan_hw_tags+lockdep": _optional(
            _COMMON_6_3, "SKIP_ZERO", "SKIP_KASAN", "NOLOCKDEP", "NO_OBJ_EXT"
        ),
    }
)

#: Composite names as %pGg prints them, by the flags they stand for. A flag that a
#: layout lacks adds nothing.
_RECLAIM = ("DIRECT_RECLAIM", "KSWAPD_RECLAIM")
_KERNEL = (*_RECLAIM, "IO", "FS")
_USER = (*_KERNEL, "HARDWALL")
_HIGHUSER = (*_USER, "HIGHMEM")
_HIGHUSER_MOVABLE = (*_HIGHUSER, "MOVABLE")
_SKIP = ("SKIP_KASAN_POISON", "SKIP_KASAN_UNPOISON", "SKIP_KASAN")
_TRANSHUGE_LIGHT = ("HIGHMEM", "MOVABLE", "IO", "FS", "HARDWALL", "COMP", "NOMEMALLOC", "NOWARN")
COMPOSITES: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "GFP_TRANSHUGE": (
            (*_TRANSHUGE_LIGHT, "DIRECT_RECLAIM"),
            (*_TRANSHUGE_LIGHT, "NORETRY", "DIRECT_RECLAIM"),
            (*_TRANSHUGE_LIGHT, "NORETRY"),
            (*_TRANSHUGE_LIGHT, "DIRECT_RECLAIM", *_SKIP),
        ),
        "GFP_TRANSHUGE_LIGHT": (_TRANSHUGE_LIGHT, (*_TRANSHUGE_LIGHT, *_SKIP)),
        "GFP_HIGHUSER_MOVABLE": (
            _HIGHUSER_MOVABLE,
            (*_HIGHUSER_MOVABLE, "SKIP_KASAN_POISON"),
            (*_HIGHUSER_MOVABLE, *_SKIP),
        ),
        "GFP_HIGHUSER": (_HIGHUSER,),
        "GFP_USER": (_USER,),
        "GFP_TEMPORARY": ((*_KERNEL, "RECLAIMABLE"),),
        "GFP_KERNEL_ACCOUNT": ((*_KERNEL, "ACCOUNT"),),
        "GFP_KERNEL": (_KERNEL,),
        "GFP_NOFS": ((*_RECLAIM, "IO"),),
        "GFP_ATOMIC": (
            ("HIGH", "ATOMIC", "KSWAPD_RECLAIM"),
            ("HIGH", "KSWAPD_RECLAIM"),
        ),
        "GFP_NOIO": (_RECLAIM,),
        "GFP_NOWAIT": (("KSWAPD_RECLAIM",), ("KSWAPD_RECLAIM", "NOWARN")),
        "__GFP_RECLAIM": (_RECLAIM,),
    }
)
#: Kernels print names since 4.6, which still has the layout of 4.4.
_WITH_NAMES = tuple(LAYOUTS)[list(LAYOUTS).index("linux-4.4") :]
#: Set by every sleeping request of Linux 4.4 and 4.5, unknown before.
_SINCE_4_4 = 0x2000000
#: In 2.6.24 to 2.6.2x MOVABLE was this bit; later kernels that print no names use it for
#: cgroup accounting, and then never without __GFP_WAIT alone.
_MOVABLE_2_6_24 = 0x100000


def flags(mask: int, layout: str) -> tuple[str, ...]:
    """The names of the bits set in `mask`, lowest bit first; unnamed bits in hexadecimal.

    KeyError when there is no such layout.
    """
    bits = LAYOUTS[layout]
    return tuple(
        bits.get(1 << place, hex(1 << place))
        for place in range(mask.bit_length())
        if mask & (1 << place)
    )


@lru_cache(maxsize=1024)
def choose_layout(mask: int, names: str | None) -> tuple[str | None, str | None]:
    """The layout that explains a printed mask, and the basis: `names` or `mask`.

    With names it is the oldest layout under which they stand for exactly the mask,
    (None, None) when none does. A bare number is from before 4.6. Layouts that agree on
    every bit of the mask are interchangeable, so the choice among them is free.
    """
    if names is not None:
        for layout in _WITH_NAMES:
            if mask in _values(names, layout):
                return layout, "names"
        return None, None
    if mask & _SINCE_4_4:
        return "linux-4.4", "mask"
    if mask & _MOVABLE_2_6_24 and mask & 0x2 and not mask & 0x8:
        return "linux-2.6.24", "mask"
    if mask & _MOVABLE_2_6_24:
        return "linux-3.10-el7", "mask"
    return "linux-2.6.32", "mask"


@cache
def _values(names: str, layout: str) -> frozenset[int]:
    """The masks that the printed names can stand for; none when a name is unknown."""
    totals = {0}
    by_name = {name: bit for bit, name in LAYOUTS[layout].items()}
    for name in filter(None, names.split("|")):
        if re.fullmatch(r"0x[0-9a-f]+", name):
            masks = {int(name, 16)}
        elif name in COMPOSITES:
            masks = {
                sum(by_name.get(flag, 0) for flag in parts)
                for parts in COMPOSITES[name]
                if all(flag in by_name or flag in _MAY_LACK for flag in parts)
            }
        else:
            bit = by_name.get(name.removeprefix("__").removeprefix("GFP_"))
            if bit is None:
                return frozenset()
            masks = {bit}
        totals = {total | one for total in totals for one in masks}
    return frozenset(totals)


_MAY_LACK = frozenset(_SKIP) | {"ATOMIC"}


def reference_rows() -> list[dict[str, object]]:
    """One row of `gfp_bits` for every bit of every layout."""
    return [
        {"layout": layout, "bit": bit, "flag": flag, "meaning": MEANINGS[flag]}
        for layout, bits in LAYOUTS.items()
        for bit, flag in sorted(bits.items())
    ]
