"""Shell patterns for names that the kernel cut, as LIKE patterns of SQL."""

from __future__ import annotations

from oomdb.text import stored

#: TASK_COMM_LEN of the kernel is 16, the last byte being the end of the name.
COMM_BYTES = 15
ESCAPE = "!"
_WILD = {"*": "%", "?": "_"}


def like(pattern: str) -> str:
    """The pattern for `LIKE ... ESCAPE '!'`: `*` and `?` are wild, nothing else is."""
    return "".join(
        _WILD.get(letter) or (ESCAPE + letter if letter in "%_!" else letter) for letter in pattern
    )


def comm_like(pattern: str) -> str | None:
    """The pattern for names as the kernel prints them, at most 15 bytes long.

    A longer name matches by its first 15 bytes where the pattern says what those are.
    None when no printed name can match.
    """
    if is_cut(pattern):
        head = pattern.partition("*")[0]
        return like(stored(head.encode()[:COMM_BYTES].decode("latin-1"))[0])
    if len(pattern.replace("*", "").encode()) > COMM_BYTES:
        return None
    return like(pattern)


def is_cut(pattern: str) -> bool:
    """Whether the names that the pattern is for are longer than the kernel prints."""
    head, _, tail = pattern.partition("*")
    length = len(head.encode())
    return length > COMM_BYTES or (length == COMM_BYTES and bool(tail.strip("*")))


def misses_cut_names(pattern: str) -> bool:
    """Whether the pattern tells how a name goes on after `*`, which a cut name lacks."""
    return not is_cut(pattern) and bool(pattern.partition("*")[2].strip("*"))
