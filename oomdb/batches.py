"""Things taken together: so many, or of such a size, at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def in_batches(
    items: Iterable[Item], most_items: int, size_of: Callable[[Item], int], most: int
) -> Iterator[list[Item]]:
    """The items in lists, in order; a list ends with the item that fills it.

    Full is one of `most_items`, or whose sizes come to `most` or more.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += size_of(item)
        if len(batch) >= most_items or size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
