"""The first steps that a story recommends."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import pytest

from oomdb.explain import advice, suspects
from oomdb.explain.blocks import Blocks, Field
from oomdb.explain.event import Event
from oomdb.explain.request import Request
from oomdb.explain.suspects import Suspect
from oomdb.views import load_views

Row = TypeVar("Row")


def made(row_type: type[Row], **known: object) -> Row:
    """A row of which all is unknown but `known`."""
    names = [field.name for field in fields(row_type)]  # type: ignore[arg-type]
    values: dict[str, Any] = {**dict.fromkeys(names), **known}
    return row_type(**values)


def steps(
    *found: Suspect, trigger_kind: str = "request", kind: str = "oom_kill", **event: object
) -> tuple[str, ...]:
    """What is recommended."""
    blocks = Blocks()
    request = made(Request, trigger_kind=trigger_kind)
    advice.tell(blocks, found, made(Event, kind=kind, **event), request)
    assert len(blocks.told) < 2
    for block in blocks.told:
        assert isinstance(block, Field)
        return block.texts
    return ()


def suspect(name: str, **known: object) -> Suspect:
    return made(Suspect, **{"suspect": name, "scope": "machine", **known})


def test_there_is_a_step_for_every_suspect_of_the_view() -> None:
    (view,) = [view for view in load_views() if view.name == "memory_suspects"]
    assert set(advice._STEPS) == set(suspects._SENTENCES)
    assert [name for name in advice._STEPS if f"'{name}'" not in view.sql] == []


def test_three_steps_the_first_suspect_first_none_twice() -> None:
    found = [suspect(name) for name in ("shmem", "swap_full", "shmem", "balloon", "gpu")]
    told = steps(*found)
    assert len(told) == 3
    assert [text.partition(" ")[0] for text in told] == ["look", "add", "have"]


def test_a_process_is_named() -> None:
    (told,) = steps(suspect("large_process", subject="java", pid=7))
    assert told.startswith("find out why java (pid 7) grew")
    assert "the machine more memory" in told


def test_more_memory_does_not_help_a_cgroup() -> None:
    (told,) = steps(suspect("large_process", subject="java", pid=7, scope="cgroup"))
    assert told.startswith("find out why java (pid 7) grew")
    assert "machine" not in told


@pytest.mark.parametrize(("kind", "trigger"), [("memory_dump", "request"), ("oom_kill", "sysrq")])
def test_nothing_is_to_be_done_where_a_person_asked_for_it(kind: str, trigger: str) -> None:
    assert steps(suspect("shmem"), kind=kind, trigger_kind=trigger) == ()


def test_a_panic_that_was_configured() -> None:
    first, _ = steps(
        suspect("shmem"), kind="panic", panic_message="Out of memory: panic_on_oom is enabled"
    )
    assert first.startswith("set vm.panic_on_oom to 0")


@pytest.mark.parametrize("kind", ["panic", "no_victim"])
def test_nobody_who_might_be_killed(kind: str) -> None:
    assert "exempt fewer processes" in steps(suspect("shmem"), kind=kind)[0]


def test_a_report_that_shows_nothing() -> None:
    assert steps(damage="no_dump,wrapped")[0].startswith("look for the rest of the report")
    assert steps()[0].startswith("begin with the largest processes")
