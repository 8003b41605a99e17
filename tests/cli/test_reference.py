"""docs/cli.md is what the commands say of themselves; every command and every option has help."""

from pathlib import Path

import pytest
from typer.cli import app as typer_app
from typer.testing import CliRunner

from adue.cli import app
from tests.support.commands import every_command

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = every_command()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_and_each_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        assert parameter.help, f"{name} {parameter.name}"


def test_the_page_is_what_make_reference_writes(tmp_path: Path) -> None:
    written = tmp_path / "cli.md"
    arguments = ["adue.cli", "utils", "docs", "--name", "adue", "--output", str(written)]
    assert CliRunner().invoke(typer_app, arguments).exit_code == 0
    assert PAGE.read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), "run make reference"


def test_help_does_not_wait_for_torch() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(name.split()[0] in result.stdout for name in COMMANDS)
