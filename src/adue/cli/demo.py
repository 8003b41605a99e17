"""`adue demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import progress_bar
from adue.cli.evaluate import print_evaluation
from adue.cli.fit import print_fit
from adue.cli.plan_tables import print_plan

if TYPE_CHECKING:
    from adue.workflows.demo import DemoResult
    from adue.workflows.options import ModelOptions


@command(model_options=opt.cached_model_options)
def demo(
    model_options: "ModelOptions",
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for the adapter, its head and the report.")
    ] = Path("adue-demo"),
    as_json: opt.Json = False,
) -> None:
    """Run the main job on movie reviews: fit a head, evaluate it, write the report, and plan with example costs."""
    from adue.workflows.inputs import check_inputs

    check_inputs(base_model=model_options.base_model, folder=out_folder)

    from adue.workflows.demo import demo as run

    show(run(out_folder, model_options=model_options, progress=progress_bar), print_demo, as_json=as_json)


def print_demo(result: "DemoResult") -> None:
    """Print what was fitted, how it did, where the report is, and what to do with the answers."""
    print_fit(result.fit)
    print_evaluation(result.evaluation, Path(result.report))
    print_plan(result.plan)
