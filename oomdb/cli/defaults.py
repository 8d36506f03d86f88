"""Options that take their defaults from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oomdb.settings.table import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oomdb.settings.configuration import Configuration


def default_map(commands: Mapping[str, Any], configuration: Configuration) -> dict[str, Any]:
    """What the environment and the file say, by command and parameter, as click takes it."""
    told = {
        (setting.command, setting.parameter): value
        for setting in SETTINGS
        if setting.parameter and (value := configuration.set_value(setting.name)) is not None
    }
    return _below(commands, told, None) if told else {}


def _below(
    commands: Mapping[str, Any], told: Mapping[tuple[str | None, str], Any], path: str | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in commands.items():
        whole = f"{path} {name}" if path else name
        values = _below(getattr(command, "commands", {}), told, whole)
        for parameter in command.params:
            for owner in (None, whole):
                if (owner, parameter.name) in told:
                    value = told[owner, parameter.name]
                    values[parameter.name] = list(value) if isinstance(value, tuple) else value
        if values:
            found[name] = values
    return found
