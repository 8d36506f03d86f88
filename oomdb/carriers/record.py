"""What a record says beside its message, and the kernel's lines that come of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from oomdb.carriers import prefix
from oomdb.carriers.line import KernelLine, plausible_uptime_s
from oomdb.carriers.names import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oomdb.carriers.names import Fields, Names

#: More than any carrier's record; what is longer is passed over, not held.
MOST_RECORD = 1 << 20
#: Whoever writes it otherwise than the kernel does: values of journald's _TRANSPORT.
_USER_SPACE = frozenset({"audit", "driver", "syslog", "journal", "stdout"})
_KERNELS_FACILITY = frozenset({"0", "kern", "kernel", "kernel messages"})
#: Numbers are points in time only between 1973 and 2286.
_EPOCH_S = range(10**8, 10**10)
_EPOCH = datetime(1970, 1, 1)
#: A stamp that is longer is none.
_MOST_STAMP = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: the number and offset of its first line, and its end."""

    line_no: int
    first_byte: int
    last_byte: int


@dataclass(frozen=True, slots=True)
class Record:
    """What a record tells about its message.

    `exact` tells that the message is the kernel's own text, without any prefix.
    """

    carrier: str
    host: str | None = None
    stamp: str | None = None
    uptime_s: float | None = None
    boot_id: str | None = None
    caller: str | None = None
    foreign: bool = False
    doubtful: bool = False
    exact: bool = False

    def lines(self, message: str, raw: str, place: Place) -> Iterator[KernelLine]:
        """The message's lines, one character per byte; blank ones are left out.

        A line that has a prefix of its own tells its host and its stamps itself; one
        that has none follows the line before it.
        """
        told: KernelLine | None = None
        for text in self._texts(message):
            if not text or text.isspace():
                continue
            line = KernelLine(text, place.line_no, place.first_byte, place.last_byte, raw, "")
            if not self.exact:
                line = prefix.split(text, place.line_no, place.first_byte, place.last_byte)
            if told is None or line.prefixed:
                told = self._completed(line, raw)
                yield told
            else:
                yield replace(told, text=line.text)

    def _texts(self, message: str) -> list[str]:
        """The lines of a message; shippers may have escaped the newlines between them."""
        parts = [part.rstrip("\r") for part in message.split("\n")]
        if self.exact:
            return parts
        # Syslog daemons leave the blank after the tag before the message.
        parts[0] = parts[0].removeprefix(" ")
        return [text for part in parts for text in prefix.ESCAPED_NEWLINE.split(part)]

    def _completed(self, line: KernelLine, raw: str) -> KernelLine:
        """The line with what only the record tells."""
        names_program = line.carrier == "syslog"
        return replace(
            line,
            raw=raw,
            carrier=self.carrier,
            prefixed=True,
            host=line.host or self.host,
            stamp=line.stamp or self.stamp,
            received=self.stamp if line.stamp else None,
            uptime_s=self.uptime_s if line.uptime_s is None else line.uptime_s,
            boot_id=self.boot_id,
            caller=line.caller or self.caller,
            foreign=line.foreign or (self.foreign and not names_program),
            doubtful=line.doubtful or self.doubtful,
        )


def described(objects: Sequence[Fields], names: Names, carrier: str | None = None) -> Record:
    """What an object, and after it those round it, say about the object's message.

    `carrier` names the format where the fields did not come from JSON.
    """
    own = objects[0]
    transport = _first_text(objects, names.transport)
    facility = _first_text(objects, names.facility)
    identifier = _first_text(objects, names.identifier)
    foreign = (
        transport in _USER_SPACE
        or own.get("_TRANSPORT", "kernel") != "kernel"
        or facility not in (None, "0")
    )
    if identifier is not None:
        foreign = foreign or identifier.partition("[")[0].rstrip(": ") != "kernel"
    uptime_s, is_ring = _ring_uptime_s(own)
    if uptime_s is None:
        uptime_us = _first_text(objects, names.uptime_us)
        if uptime_us is not None and uptime_us.isdecimal() and len(uptime_us) < _MOST_STAMP:
            uptime_s = plausible_uptime_s(int(uptime_us) / 1e6)
    from_journal = carrier is not None or (
        isinstance(own.get("MESSAGE"), (str, list))
        and ("_TRANSPORT" in own or "__REALTIME_TIMESTAMP" in own)
    )
    caller = own.get("caller") if is_ring else None
    relayed_as = _first_text(objects, names.relayed_facility)
    return Record(
        carrier=carrier or _json_carrier(is_ring, from_journal),
        host=_told(_first_text(objects, names.host)),
        stamp=None if is_ring else _told(_first_stamp(objects, names.time)),
        uptime_s=uptime_s,
        boot_id=_told(_first_text(objects, names.boot_id)),
        caller=_told(caller) if isinstance(caller, str) else None,
        foreign=foreign or (is_ring and _is_written_by_user(own)),
        doubtful=relayed_as is not None and relayed_as.lower() not in _KERNELS_FACILITY,
        exact=is_ring or from_journal,
    )


def message_of(fields: Fields, names: Names) -> str | None:
    """The message of a record, one character per byte; None when it has none."""
    for name in names.message:
        found = at_path(fields, name)
        if isinstance(found, str) and found:
            return _as_bytes(found)
        if isinstance(found, list) and found:
            text = _of_bytes(found)
            if text is not None:
                return text
    return None


def decoded(latin1: str) -> str:
    """Text of one character per byte as the UTF-8 it is; bytes that are none stay apart."""
    if latin1.isascii():
        return latin1
    return latin1.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def stamp_of(value: object) -> str | None:
    """A time as ISO 8601 in UTC where a number stands for it, else as printed.

    The size of a number tells its unit: seconds, or thousandths, down to nanoseconds.
    None when the value is no time.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text or len(text) > _MOST_STAMP:
            return None
        whole, _, fraction = text.partition(".")
        if not (whole.isdecimal() and whole.isascii() and (fraction or "0").isdecimal()):
            return text
    else:
        if not -1e19 < value < 1e19:
            return None
        whole, _, fraction = format(value, ".6f" if isinstance(value, float) else "d").partition(
            "."
        )
    digits = whole + fraction
    for shorter in (0, 3, 6, 9):
        seconds = whole[: len(whole) - shorter] if shorter < len(whole) else ""
        if seconds.isdecimal() and int(seconds) in _EPOCH_S:
            moment = (_EPOCH + timedelta(seconds=int(seconds))).isoformat()
            rest = digits[len(seconds) :][:9]
            return f"{moment}.{rest.ljust(6, '0')}Z" if int(rest or "0") else f"{moment}Z"
    return None


def _json_carrier(is_ring: bool, from_journal: bool) -> str:
    if is_ring:
        return "dmesg-json"
    return "journal-json" if from_journal else "json"


def _ring_uptime_s(own: Fields) -> tuple[float | None, bool]:
    """The kernel's stamp in a record of its ring buffer, and whether it is one.

    `dmesg --json` writes it as `time` beside the priority, Fluent Bit's kmsg input as
    `sec` and `usec`.
    """
    if "msg" not in own:
        return None, False
    time_s, sec, usec = own.get("time"), own.get("sec"), own.get("usec")
    if "pri" in own and isinstance(time_s, (int, float)):
        return plausible_uptime_s(time_s), True
    if "sequence" in own and isinstance(sec, int) and isinstance(usec, int):
        told = plausible_uptime_s(sec) is not None and 0 <= usec < 10**6
        return float(f"{sec}.{usec:06d}") if told else None, False
    return None, False


def _is_written_by_user(ring: Fields) -> bool:
    """Whether a program wrote the record to /dev/kmsg: the kernel keeps facility 0 for itself."""
    priority = ring.get("pri")
    return ring.get("fac", "kern") != "kern" or (isinstance(priority, int) and priority > 7)


def _first_text(objects: Sequence[Fields], paths: Sequence[str]) -> str | None:
    for fields in objects:
        for path in paths:
            found = _single(at_path(fields, path))
            if isinstance(found, int) and not isinstance(found, bool):
                return str(found)
            if isinstance(found, str) and found:
                return found
    return None


def _first_stamp(objects: Sequence[Fields], paths: Sequence[str]) -> str | None:
    for fields in objects:
        for path in paths:
            stamp = stamp_of(_single(at_path(fields, path)))
            if stamp is not None:
                return stamp
    return None


def _single(value: Any) -> Any:
    """The one value of a list of one; search results of Elastic wrap each value so."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _of_bytes(values: list[Any]) -> str | None:
    """A message given as byte numbers, as a list of one text, or as several texts."""
    if all(isinstance(value, int) and 0 <= value < 256 for value in values):
        return bytes(values).decode("latin-1")
    if all(isinstance(value, str) for value in values):
        return _as_bytes("\n".join(values))
    return None


def _told(text: str | None) -> str | None:
    r"""What a field tells of a message, one character per byte.

    No name and no time holds a zero byte, nor can any text of a server: it becomes `\x00`.
    """
    return None if text is None else _as_bytes(text.replace("\0", r"\x00"))


def _as_bytes(text: str | None) -> str | None:
    """Decoded text as one character per byte; surrogates that stand alone are kept."""
    if text is None or text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    return raw.decode("latin-1")
