"""`adue benchmark`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import FAILED, err, out

if TYPE_CHECKING:
    from adue.research.benchmark.result import BenchmarkResult


@command()
def benchmark(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file: models, data sets, seeds, methods.")],
    folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for adapters, features, rows and tables.")
    ] = Path("adue-benchmark"),
    workers: Annotated[
        int | None, typer.Option(help="Processes; by default one per core, or a single one with a GPU.", min=1)
    ] = None,
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Write the tables from the rows that are there.")
    ] = False,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Train adapters that are missing, or leave their cells out.")
    ] = True,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="Run this method or group in place of those in the file; repeatable."),
    ] = None,
    redo: Annotated[
        list[str] | None, typer.Option(help="Compute the rows of this method or group again; repeatable.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Compare methods on models, data sets and seeds; a stopped run goes on, tables are written at the end."""
    from adue.foundation.config.keys import read_yaml
    from adue.workflows.inputs import check_inputs

    check_inputs(folder=folder)
    read_yaml(config)

    from adue.research.benchmark.workflow import benchmark as run

    result = run(
        config,
        folder,
        workers=workers,
        render_only=render_only,
        train=train,
        methods=methods or (),
        redo=redo or (),
        on_line=_show_line,
    )
    show(result, print_benchmark, as_json=as_json)
    if result.failures:
        raise typer.Exit(FAILED)


def _show_line(line: str) -> None:
    err.print(line, markup=False, highlight=False, soft_wrap=True)


def print_benchmark(result: "BenchmarkResult") -> None:
    """Print how the methods rank, what failed, and where the tables are."""
    from adue.cli.tables import facts

    rows: list[tuple[str, object]] = [(one.method, one.words) for one in result.ranking]
    out.print(facts(f"{result.rows:,} rows: mean rank of single-pass methods", rows))
    for path in result.files:
        out.print(path, markup=False, highlight=False, soft_wrap=True)
