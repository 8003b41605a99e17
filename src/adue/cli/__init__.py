"""The command line; every command is a thin shell over one function of adue.workflows."""

from typing import Annotated

import typer

from adue import __version__
from adue.cli.benchmark import benchmark
from adue.cli.console import out
from adue.cli.demo import demo
from adue.cli.evaluate import evaluate
from adue.cli.export import export
from adue.cli.fit import fit
from adue.cli.info import info
from adue.cli.policy import policy
from adue.cli.predict import predict
from adue.cli.sweep import sweep
from adue.cli.train import train
from adue.cli.verify import verify

app = typer.Typer(
    name="adue",
    help="Which predictions of a LoRA fine-tuned text classifier to trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (demo, train, fit, evaluate, predict, export, verify, info, sweep, benchmark):
    app.command()(command)
app.add_typer(policy)


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"adue {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Which predictions of a LoRA fine-tuned text classifier to trust."""


def main() -> None:
    """Run the command line."""
    app()
