"""`adue demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command
from adue.cli.console import print_json, progress_bar
from adue.cli.evaluate import print_evaluation
from adue.cli.fit import print_fit

if TYPE_CHECKING:
    from adue.workflows.options import ModelOptions


@command(model_options=opt.model_options)
def demo(
    model_options: "ModelOptions",
    out: Annotated[Path, typer.Option(help="Folder for the adapter, its head and the report.")] = Path("adue-demo"),
    use_cache: opt.UseCache = True,
    as_json: opt.Json = False,
) -> None:
    """Run the main job on movie reviews with MiniLM: fit a head, evaluate it at home and abroad, write the report."""
    from adue.workflows.demo import demo as run

    result = run(out, model_options=model_options.model_copy(update={"use_cache": use_cache}), progress=progress_bar)
    if as_json:
        print_json(result)
        return
    print_fit(result.fit)
    print_evaluation(result.evaluation, Path(result.report))
