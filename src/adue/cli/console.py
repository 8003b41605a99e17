"""Printing: results on standard output, everything else on standard error."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import typer
from rich.console import Console
from rich.markup import escape

from adue.foundation.errors import AdueError, DataWarning

if TYPE_CHECKING:
    from adue.foundation.result import Result

out = Console(soft_wrap=False)
err = Console(stderr=True)

FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes; the last one is what shells give a command that Ctrl-C ended."""


@contextmanager
def friendly(*, debug: bool, code: int) -> Iterator[None]:
    """Turn errors and warnings inside the block into one line each on standard error; errors exit with `code`.

    With `debug` errors keep their traceback.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = _show_warning
        try:
            yield
        except KeyboardInterrupt:
            err.print("[yellow]interrupted[/]: nothing half-written was left, and what was finished is kept")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader has seen enough; typer ends the command quietly.
            raise
        except (AdueError, OSError) as error:
            if debug:
                raise
            err.print(f"[bold red]error[/]: {escape(str(error))}", soft_wrap=True, highlight=False)
            raise typer.Exit(code) from None


@contextmanager
def progress_bar(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show one step's progress on standard error; nothing where that is not a terminal."""
    if not err.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done: progress.update(task, advance=done)


def print_json(result: "Result", *, to: TextIO | None = None) -> None:
    """Print a result as one line of JSON, on standard output by default; values that are not a number become null."""
    (to or sys.stdout).write(result.model_dump_json() + "\n")


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    err.print(f"[yellow]warning[/]: {escape(str(message))}", soft_wrap=True, highlight=False)
