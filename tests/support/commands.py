"""The commands of `adue`, those of a group behind its name."""

from typing import Any

from typer.main import get_command

from adue.cli import app


def every_command() -> dict[str, Any]:
    """Return click's commands by what is typed, such as ``policy plan``."""
    found: dict[str, Any] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {one}": part for one, part in inner.items()}
    return found
