"""What is in force: options before the environment before the file before defaults."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from oomdb.errors import UsageError
from oomdb.settings import file, secret_urls
from oomdb.settings.table import BY_NAME, SETTINGS, Kind, Setting, Value
from oomdb.store.places import is_url, place_named

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "default"
#: The one path that may be a URL instead.
_DATABASE = "db"
#: What is shown in place of a secret.
MASK = "********"
_FLAGS = {"1": True, "true": True, "yes": True, "on": True}
_FLAGS |= {"0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting, its value (None: not set), and where that comes from."""

    setting: Setting
    value: Value | None
    origin: str

    @property
    def shown(self) -> str | None:
        """The value as text that may be seen; None when not set."""
        if self.value is None:
            return None
        if self.setting.secret:
            return MASK
        if self.setting.name == _DATABASE:
            return str(place_named(str(self.value)))
        if isinstance(self.value, tuple):
            return ", ".join(map(secret_urls.shown, self.value))
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


class Configuration:
    """The settings of the environment and of one file, checked as a whole.

    UsageError for a key that is no setting, a value of another type and a secret that others
    can read; the message names file and line.
    """

    def __init__(self, path: Path | None, environment: Mapping[str, str]) -> None:
        self.path = path
        self._environment = environment
        values, self._text = file.read(path) if path else ({}, "")
        self._values = {
            name: self._from_file(name, value)
            for name, value in values.items()
            if not (value == {} and _is_table(name))
        }
        self._variables = {
            setting.name: _from_variable(setting, environment[setting.variable])
            for setting in SETTINGS
            if environment.get(setting.variable)
        }

    @property
    def variables(self) -> dict[str, str]:
        """The environment's variables that are settings, as they are written there."""
        names = {BY_NAME[name].variable for name in self._variables}
        return {name: text for name, text in self._environment.items() if name in names}

    @classmethod
    def load(cls, option: Path | None = None) -> Configuration:
        """The configuration of this process; `option` names its file."""
        return cls(file.find(option, os.environ), os.environ)

    @cached_property
    def _lines(self) -> dict[str, int]:
        return file.lines_of(self._text)

    def _place(self, name: str) -> str:
        return f"{self.path}:{self._lines.get(name, 1)}"

    def _from_file(self, name: str, value: object) -> Value:
        setting = BY_NAME.get(name)
        if setting is None:
            near = _nearest(name)
            hint = f"did you mean {near}?" if near else "`oomdb config show --all` lists them"
            raise UsageError(f"{self._place(name)}: no setting is called {name}; {hint}")
        try:
            checked = _checked(setting, value)
        except ValueError as error:
            raise UsageError(f"{self._place(name)}: {name}: {error}") from None
        if setting.secret and is_open_to_others(self.path):
            other = f", or put it into a file of its own ({name}_file)"
            raise UsageError(
                f"{self._place(name)}: {name} is a secret and others can read this file:"
                f" chmod 600 {self.path}{other}"
            )
        return checked

    def in_force(self, name: str) -> InForce:
        """The value of a setting, and where it comes from."""
        setting = BY_NAME[name]
        if name in self._variables:
            return InForce(setting, self._variables[name], f"environment ({setting.variable})")
        if name in self._values:
            return InForce(setting, self._values[name], self._place(name))
        return InForce(setting, setting.default, DEFAULT)

    def set_value(self, name: str) -> Value | None:
        """What the environment or the file says; None when neither does."""
        return self._variables.get(name, self._values.get(name))

    def text(self, name: str) -> str | None:
        """A text or path in force; None when not set."""
        value = self._value(name)
        assert value is None or isinstance(value, str)
        return value

    def text_in_force(self, name: str) -> str:
        """The same of a setting that has a default."""
        text = self.text(name)
        assert text is not None
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """A list in force; empty when not set."""
        value = self._value(name)
        assert value is None or isinstance(value, tuple)
        return value or ()

    def path_of(self, name: str) -> Path | None:
        """A path in force; None when not set."""
        text = self.text(name)
        return Path(text) if text is not None else None

    def whole(self, name: str) -> int | None:
        """A number in force; None when not set and without a default."""
        value = self._value(name)
        assert value is None or isinstance(value, int)
        return value

    def number(self, name: str) -> int:
        """The number in force of a setting that has a default."""
        number = self.whole(name)
        assert number is not None
        return number

    def _value(self, name: str) -> Value | None:
        value = self.set_value(name)
        return BY_NAME[name].default if value is None else value

    def secret(self, name: str) -> str | None:
        """The secret `name`, or what the file in `name`_file holds; None when neither is set.

        UsageError when that file cannot be read, is empty, or others can read it.
        """
        told = self.text(name)
        path = self.path_of(f"{name}_file")
        if told is not None or path is None:
            return told
        return secret_in(path)


def _is_table(name: str) -> bool:
    """Whether settings are in a table so called."""
    return any(known.startswith(f"{name}.") for known in BY_NAME)


def _nearest(name: str) -> str | None:
    """The setting that was meant: by its key, if in another table, else by its whole name."""
    from difflib import get_close_matches

    keys = {known.rpartition(".")[2]: known for known in BY_NAME}
    close = get_close_matches(name, BY_NAME, n=1, cutoff=0.85)
    close += get_close_matches(name.rpartition(".")[2], keys, n=1, cutoff=0.7)
    close += get_close_matches(name, BY_NAME, n=1, cutoff=0.6)
    return keys.get(close[0], close[0]) if close else None


def secret_in(path: Path) -> str:
    """What the file holds, without white space around it; UsageError as `Configuration.secret`."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"cannot read the secret in {path}: {reason}") from None
    if is_open_to_others(path):
        raise UsageError(f"others can read the secret in {path}: chmod 600 {path}")
    if not text or "\n" in text:
        raise UsageError(f"{path} has to hold one secret on one line")
    return text


def is_open_to_others(path: Path | None) -> bool:
    """Whether group or others can read the file, but for what systemd hands a service.

    Those credentials lie in a folder of the service's own, and the group's bits of their
    modes stand for an access list that names the service's user alone.
    """
    if path is None:
        return False
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(handed)):
        return False
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _checked(setting: Setting, value: object) -> Value:
    """`value` of the file, where it fits the setting; ValueError where it does not."""
    kind = setting.kind
    if kind in (Kind.TEXTS, Kind.PATHS):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f'has to be a list of texts, such as ["..."], not {_named(value)}')
        is_path = kind is Kind.PATHS
        return tuple(_path(one, may_be="-") if is_path else _filled(one) for one in value)
    if kind is Kind.FLAG:
        if not isinstance(value, bool):
            raise ValueError(f"has to be true or false, not {_named(value)}")
        return value
    if kind is Kind.WHOLE:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"has to be a whole number, not {_named(value)}")
        return _in_range(setting, value)
    if not isinstance(value, str):
        raise ValueError(f"has to be text in quotes, not {_named(value)}")
    if kind is not Kind.PATH or (setting.name == _DATABASE and is_url(value)):
        return _one_of(setting, _filled(value))
    return _path(value)


def _from_variable(setting: Setting, text: str) -> Value:
    """The value that a variable gives to the setting; UsageError where it fits not."""
    try:
        match setting.kind:
            case Kind.PATHS:
                return tuple(_filled(one) for one in text.split(os.pathsep))
            case Kind.TEXTS:
                return tuple(text.split())
            case Kind.FLAG:
                if text.lower() not in _FLAGS:
                    raise ValueError(f"has to be true or false, not {text!r}")
                return _FLAGS[text.lower()]
            case Kind.WHOLE:
                if not text.strip().isdecimal():
                    raise ValueError(f"has to be a whole number, not {text!r}")
                return _in_range(setting, int(text))
            case _:
                return _one_of(setting, text)
    except ValueError as error:
        raise UsageError(f"{setting.variable}: {error}") from None


def _named(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return repr(value) if isinstance(value, str | int | float) else str(value)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; leave it out")
    return text


def _path(text: str, *, may_be: str | None = None) -> str:
    """A path that means the same wherever a command runs."""
    if text == may_be:
        return text
    whole = os.path.expanduser(_filled(text))  # noqa: PTH111  (a URL would lose a slash)
    if not whole.startswith("/"):
        raise ValueError(f"{text!r} is a relative path; begin it with / or ~")
    return whole


def _in_range(setting: Setting, number: int) -> int:
    if setting.least is not None and number < setting.least:
        raise ValueError(f"has to be at least {setting.least}, not {number}")
    if setting.most is not None and number > setting.most:
        raise ValueError(f"has to be at most {setting.most}, not {number}")
    return number


def _one_of(setting: Setting, text: str) -> str:
    if setting.choices and text not in setting.choices:
        raise ValueError(f"has to be one of {', '.join(setting.choices)}, not {text!r}")
    if setting.form is not None:
        setting.form(text)
    return text
