"""The command line; every command is a thin shell over one function of adue.workflows."""

import typer

from adue.cli.demo import demo
from adue.cli.evaluate import evaluate
from adue.cli.fit import fit
from adue.cli.info import info
from adue.cli.predict import predict
from adue.cli.train import train

app = typer.Typer(
    name="adue",
    help="Which predictions of a LoRA fine-tuned text classifier to trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (demo, train, fit, evaluate, predict, info):
    app.command()(command)


@app.callback()
def _root() -> None:
    """Give every command its own name, even if there were only one."""


def main() -> None:
    """Run the command line."""
    app()
