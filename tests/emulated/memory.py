"""The Mem-Info block, from its first line to the trailer (show_mem, show_free_areas)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulated.kernel import Kernel
    from tests.emulated.paper import Paper

_LRU = ("active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable")
_ISOLATED = ("isolated(anon)", "isolated(file)")
_THP = ("shmem_thp", "shmem_pmdmapped", "anon_thp")


def mem_info(kernel: Kernel, paper: Paper) -> None:
    """The whole block: pagesets, counters, nodes, zones, free lists, trailer."""
    paper.line("Mem-Info:")
    nodes = sorted(paper.draw.random.sample(range(9), k=2)) if kernel.numa else [0]
    places = [(node, zone) for node in nodes for zone in _zones_of(kernel, node == nodes[0])]
    if not kernel.since(4, 1) and kernel.rhel != 7:
        for node, zone in places:
            _pageset(kernel, paper, node, zone)
    _counters(kernel, paper)
    if kernel.since(4, 8):
        for node in nodes:
            _node(kernel, paper, node)
    for node, zone in places:
        _zone(kernel, paper, node, zone)
    for node, zone in places:
        _free_list(kernel, paper, node, zone)
    _trailer(kernel, paper, nodes)


def _zones_of(kernel: Kernel, is_first: bool) -> tuple[str, ...]:
    populated = [zone for zone in kernel.zones if zone not in ("Movable", "Device")]
    return tuple(populated) if is_first else tuple(populated[-1:])


def _prefix(kernel: Kernel, node: int, zone: str) -> str:
    return f"Node {node} {zone}" if kernel.numa else zone


def _pageset(kernel: Kernel, paper: Paper, node: int, zone: str) -> None:
    paper.line(f"{_prefix(kernel, node, zone)} per-cpu:")
    for cpu in range(2):
        kinds: tuple[str | None, ...] = (None,) if kernel.since(2, 6, 25) else ("Hot", "Cold")
        pieces = []
        for kind in kinds:
            high, batch, used = (paper.draw.number(99999) for _ in range(3))
            pieces.append(f"{kind + ': ' if kind else ''}hi:{high:5}, btch:{batch:4} usd:{used:4}")
            paper.row(
                "per_cpu_pages",
                node=node,
                zone=zone,
                cpu=cpu,
                temperature=kind,
                high_pages=high,
                batch_pages=batch,
                used_pages=used,
            )
        paper.line(f"CPU {cpu:4}: {'   '.join(pieces)}")


def _counter_lines(kernel: Kernel) -> list[list[str]]:
    if not kernel.since(2, 6, 28):
        return [
            ["Active", "inactive", "dirty", "writeback", "unstable"],
            ["free", "slab", "mapped", "pagetables", "bounce"],
        ]
    unstable = [] if kernel.since(5, 8) else ["unstable"]
    lines = [
        ["active_anon", "inactive_anon", "isolated_anon"],
        ["active_file", "inactive_file", "isolated_file"],
        ["unevictable", "dirty", "writeback", *unstable],
    ]
    if not kernel.since(4, 1) and kernel.rhel != 7:
        lines.append(["free", "slab_reclaimable", "slab_unreclaimable"])
        lines.append(["mapped", "shmem", "pagetables", "bounce"])
        return [*lines, ["free_cma"]] if kernel.since(3, 7) else lines
    lines.append(["slab_reclaimable", "slab_unreclaimable"])
    if kernel.since(6, 1):
        lines += [["mapped", "shmem", "pagetables"], ["sec_pagetables", "bounce"]]
    else:
        lines.append(["mapped", "shmem", "pagetables", "bounce"])
    if kernel.since(5, 15):
        lines.append(["kernel_misc_reclaimable"])
    if kernel.unheard:
        lines.append(["cxl_lent", "cxl_borrowed"])
    return [*lines, ["free", "free_pcp", "free_cma"]]


def _counters(kernel: Kernel, paper: Paper) -> None:
    record: list[str] = []
    for keys in _counter_lines(kernel):
        fields = []
        for key in keys:
            pages = paper.draw.pages()
            fields.append(f"{key}:{pages}")
            paper.row("memory_counters", name=key.lower(), pages=pages)
        record.append(("" if not record else " ") + " ".join(fields))
    paper.record(record)


def _fields(paper: Paper, keys: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    """The text of `key:valuekB` fields, with their columns.

    `key:` and `key ` print another blank, `KEY` ends in KB, `#key` is a count.
    """
    texts: list[str] = []
    columns: dict[str, object] = {}
    for key in keys:
        if key == "all_unreclaimable":
            answer = paper.draw.chance()
            texts.append(f"all_unreclaimable? {'yes' if answer else 'no'}")
            columns[key] = answer
            continue
        value = paper.draw.kb()
        name = key.strip("#^ ")
        unit = "" if key[0] == "#" else "KB" if key[0] == "^" else "kB"
        texts.append(f"{name}:{' ' if key[-1] == ' ' else ''}{value}{unit}")
        column = name.replace("(", "_").replace(")", "").lower()
        columns[column if key[0] == "#" else f"{column}_kb"] = value
    return " ".join(texts), columns


def _node_keys(kernel: Kernel) -> tuple[str, ...]:
    keys = [*_LRU, *_ISOLATED, "mapped", "dirty", "writeback", "shmem"]
    if kernel.thp:
        keys += [key if kernel.since(6, 6) else f"{key} " for key in _THP]
    if not kernel.since(6, 15):
        keys.append("writeback_tmp")
    if not kernel.since(5, 8):
        keys.append("unstable")
    if not kernel.since(4, 12):
        keys.append("#pages_scanned")
    if kernel.since(5, 9):
        keys.append("kernel_stack")
        keys += ["shadow_call_stack"] if kernel.arch == "arm64" else []
    if kernel.since(5, 11):
        keys.append("pagetables")
    if kernel.since(6, 1):
        keys.append("sec_pagetables")
    keys.append("all_unreclaimable")
    keys += ["Balloon"] if kernel.since(6, 15) else []
    keys += ["gpu_active", "gpu_reclaim"] if kernel.since(7, 1) else []
    if kernel.unheard:
        keys.insert(3, "lent(cxl)")
    return tuple(keys)


def _node(kernel: Kernel, paper: Paper, node: int) -> None:
    text, columns = _fields(paper, _node_keys(kernel))
    paper.line(f"Node {node} {text}")
    if kernel.unheard:
        paper.unknown("nodes", "lent(cxl)", columns.pop("lent_cxl_kb"), node=node)
    paper.row("nodes", node=node, **columns)


def _zone_keys(kernel: Kernel) -> tuple[str, ...]:
    if not kernel.since(2, 6, 28):
        return ("active", "inactive", "present", "#pages_scanned", "all_unreclaimable")
    managed = ["managed"] if kernel.since(3, 8) else []
    pcp = ["free_pcp", "local_pcp"] if kernel.since(4, 1) or kernel.rhel == 7 else []
    cma = ["free_cma"] if kernel.since(3, 7) else []
    slab = ["slab_reclaimable", "slab_unreclaimable"]
    if not kernel.since(4, 8):
        return (
            *_LRU,
            *_ISOLATED,
            "present",
            *managed,
            *("mlocked", "dirty", "writeback", "mapped", "shmem", *slab),
            *("kernel_stack", "pagetables", "unstable", "bounce", *pcp, *cma),
            *("writeback_tmp", "#pages_scanned", "all_unreclaimable"),
        )
    keys = []
    if kernel.since(5, 6):
        keys.append("^reserved_highatomic")
    if kernel.since(6, 15):
        keys.append("^free_highatomic")
    keys += [*_LRU, "writepending"]
    if kernel.since(6, 18):
        keys.append("zspages")
    keys += ["present", "managed", "mlocked"]
    if not kernel.since(4, 13):
        keys += slab
    if not kernel.since(5, 9):
        keys.append("kernel_stack")
    if not kernel.since(5, 11):
        keys.append("pagetables")
    if kernel.unheard:
        keys.insert(2, "lent(cxl)")
    return (*keys, "bounce", *pcp, *cma)


def _zone(kernel: Kernel, paper: Paper, node: int, zone: str) -> None:
    free, free_columns = _fields(paper, ("free",))
    boost = ("boost",) if kernel.since(5, 16) else ()
    marks, mark_columns = _fields(paper, (*boost, "min", "low", "high"))
    rest, columns = _fields(paper, _zone_keys(kernel))
    paper.line(f"{_prefix(kernel, node, zone)} {free} {marks} {rest}")
    if kernel.unheard:
        paper.unknown("zones", "lent(cxl)", columns.pop("lent_cxl_kb"), node=node, zone=zone)
    paper.row(
        "zones",
        node=node,
        zone=zone,
        node_basis="printed" if kernel.numa else "no_numa",
        **free_columns,
        **columns,
    )
    paper.row("watermarks", node=node, zone=zone, **mark_columns)
    reserves = [paper.draw.pages() for _ in kernel.zones]
    paper.line("lowmem_reserve[]: " + " ".join(map(str, reserves)))
    for index, pages in enumerate(reserves):
        paper.row("lowmem_reserves", node=node, zone=zone, class_index=index, reserve_pages=pages)


def _free_list(kernel: Kernel, paper: Paper, node: int, zone: str) -> None:
    letters = "UMEHCI" if kernel.since(4, 4) else "UEMRCI"
    terms, total = [], 0
    for order in range(9 if kernel.page_kb == 64 else 11):
        blocks, size = paper.draw.number(2**20), kernel.page_kb << order
        types = None
        if blocks and kernel.since(3, 8):
            chosen = [letter for letter in letters if paper.draw.chance(0.4)] or [letters[0]]
            types = "".join(chosen)
        terms.append(f"{blocks}*{size}kB{f' ({types})' if types else ''}")
        total += blocks * size
        paper.row(
            "buddy_orders",
            node=node,
            zone=zone,
            alloc_order=order,
            block_kb=size,
            free_blocks=blocks,
            migratetypes=types,
        )
    paper.line(f"{_prefix(kernel, node, zone)}: {' '.join(terms)} = {total}kB")
    paper.row("buddy_totals", node=node, zone=zone, total_kb=total)


def _pages(paper: Paper, text: str, name: str) -> None:
    pages = paper.draw.pages()
    paper.line(text.format(pages))
    if name in ("ram_pages", "reserved_pages"):
        paper.event[name] = pages
    else:
        paper.row("memory_counters", name=name, pages=pages)


def _trailer(kernel: Kernel, paper: Paper, nodes: list[int]) -> None:
    draw = paper.draw
    if kernel.since(3, 10):
        for node in nodes:
            for size in (1048576, 2048):
                counts = [draw.number(9999) for _ in range(3)]
                paper.line(
                    f"Node {node} hugepages_total={counts[0]} hugepages_free={counts[1]}"
                    f" hugepages_surp={counts[2]} hugepages_size={size}kB"
                )
                paper.row(
                    "hugepages",
                    node=node,
                    size_kb=size,
                    total_count=counts[0],
                    free_count=counts[1],
                    surplus_count=counts[2],
                )
    _pages(paper, "{} total pagecache pages", "pagecache")
    _swap(kernel, paper)
    if kernel.arch == "arm" and not kernel.since(3, 13):
        _pages(paper, "{} pages of RAM", "ram_pages")
        _pages(paper, "{} free pages", "free_pages")
        _pages(paper, "{} reserved pages", "reserved_pages")
        _pages(paper, "{} slab pages", "slab_pages")
        _pages(paper, "{} pages shared", "shared")
        _pages(paper, "{} pages swap cached", "swap_cache")
        return
    _pages(paper, "{} pages RAM", "ram_pages")
    if kernel.since(3, 13) or "HighMem" in kernel.zones:
        _pages(
            paper, f"{{}} pages HighMem{'/MovableOnly' if kernel.since(3, 13) else ''}", "highmem"
        )
    _pages(paper, "{} pages reserved", "reserved_pages")
    if not kernel.since(3, 12):
        _pages(paper, "{} pages shared", "shared")
        _pages(paper, "{} pages non-shared", "non_shared")
    if kernel.cma and kernel.since(3, 19):
        _pages(paper, "{} pages cma reserved", "cma_reserved")
    if kernel.since(3, 14):
        _pages(paper, "{} pages hwpoisoned", "hwpoisoned")
    if kernel.profiled:
        _profile(kernel, paper)


def _swap(kernel: Kernel, paper: Paper) -> None:
    draw = paper.draw
    if kernel.arch != "arm" or kernel.since(3, 13):
        _pages(paper, "{} pages in swap cache", "swap_cache")
    if not kernel.since(6, 0):
        names = ("add", "delete", "find_success", "find_total")
        stats = {f"swap_cache_{name}": draw.number(2**62) for name in names}
        add, delete, success, total = stats.values()
        paper.line(
            f"Swap cache stats: add {add}, delete {delete}, find {success}/{total}",
            **stats,
        )
    free, total = draw.kb(), draw.kb()
    paper.line(f"Free swap  = {free}kB", swap_free_kb=free)
    paper.line(f"Total swap = {total}kB", swap_total_kb=total)


def _profile(kernel: Kernel, paper: Paper) -> None:
    state = " (profiling is currently turned on)" if kernel.since(6, 18) else ""
    paper.line(f"Memory allocations{state}:")
    for position in range(1, 4):
        size, calls = paper.draw.kb(), paper.draw.number(2**40)
        module = "xfs" if paper.draw.chance() else None
        shown = f"{size % 1000 / 8:.3g} GiB" if kernel.since(6, 12) else str(size)
        place = f"mm/memory.c:{position}{f' [{module}]' if module else ''} func:do_anonymous_page"
        paper.line(f"{shown:>12} {calls:8} {place}")
        paper.row(
            "allocation_sites",
            position=position,
            size_printed=shown,
            size_bytes=int(shown) if shown.isdecimal() else None,
            calls=calls,
            site=f"mm/memory.c:{position}",
            module=module,
            function="do_anonymous_page",
        )
