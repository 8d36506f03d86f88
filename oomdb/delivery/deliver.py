"""One message to all its targets: each once, none kept from it by another's failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from oomdb.errors import OomdbError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.delivery.journal import Journal
    from oomdb.delivery.message import Message
    from oomdb.delivery.retry import Patience
    from oomdb.delivery.targets import Target


class State(StrEnum):
    """What became of a message to one target."""

    SENT = "sent"
    WOULD_BE_SENT = "would be sent"
    SENT_BEFORE = "sent before"
    IN_OTHER_HANDS = "being sent by another process"
    NOTHING_TO_TELL = "not sent: nothing to tell"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it, and where; `detail` is the time or the reason, None for neither."""

    target: str
    state: State
    detail: str | None = None

    def __str__(self) -> str:
        return f"{self.target}: {self.state}{f' ({self.detail})' if self.detail else ''}"


def deliver(
    message: Message,
    targets: Sequence[Target],
    journal: Journal,
    patience: Patience,
    *,
    always: bool = False,
    dry_run: bool = False,
) -> Iterator[Outcome]:
    """Send the message to each target, and say of each what became of it.

    Without findings it goes nowhere unless `always`. A `dry_run` sends and notes nothing.
    """
    for target in targets:
        if not always and not message.has_findings:
            yield Outcome(target.shown, State.NOTHING_TO_TELL)
        elif dry_run:
            yield _would(message, target, journal)
        else:
            try:
                yield _delivered(message, target, journal, patience)
            except OomdbError as error:
                yield Outcome(target.shown, State.FAILED, str(error))
            except OSError as error:
                yield Outcome(target.shown, State.FAILED, reason_of(error))
    if not dry_run:
        journal.forget_old()


def _would(message: Message, target: Target, journal: Journal) -> Outcome:
    sent_at = journal.sent_at(message.id_for(target.key)) if target.is_noted else None
    if sent_at is not None:
        return Outcome(target.shown, State.SENT_BEFORE, sent_at)
    return Outcome(target.shown, State.WOULD_BE_SENT)


def _delivered(message: Message, target: Target, journal: Journal, patience: Patience) -> Outcome:
    if not target.is_noted:
        target.send(message)
        return Outcome(target.shown, State.SENT)
    message_id = message.id_for(target.key)
    with journal.sending(message_id) as slip:
        if slip is None:
            return Outcome(target.shown, State.IN_OTHER_HANDS)
        if slip.sent_at is not None:
            return Outcome(target.shown, State.SENT_BEFORE, slip.sent_at)
        tries = patience.run(lambda: target.send(message))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        slip.note(
            sent_at=now,
            target=target.shown,
            subject=message.subject,
            since=message.since.isoformat(),
            until=message.until.isoformat(),
        )
    return Outcome(target.shown, State.SENT, f"at try {tries}" if tries > 1 else None)
