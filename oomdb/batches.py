"""Things taken together: so many, or of so many bytes, at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def in_batches(
    items: Iterable[Item], most_items: int, size_of: Callable[[Item], int], most_bytes: int
) -> Iterator[list[Item]]:
    """The items in lists, in order; a list ends with the item that fills it.

    Full is one of `most_items`, or whose sizes come to `most_bytes` or more.
    """
    batch: list[Item] = []
    size_bytes = 0
    for item in items:
        batch.append(item)
        size_bytes += size_of(item)
        if len(batch) >= most_items or size_bytes >= most_bytes:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch
