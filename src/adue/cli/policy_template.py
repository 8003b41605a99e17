"""`adue policy template`."""

from pathlib import Path
from typing import Annotated

import typer

from adue.cli.command import command
from adue.cli.console import out
from adue.foundation.errors import ArtifactError
from adue.foundation.languages import Language
from adue.workflows.policy.template import read_template


@command()
def template(
    lang: Annotated[Language, typer.Option(help="Language of the comments.")] = "en",
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write; by default standard output.")
    ] = None,
) -> None:
    """Write a file of costs with comments, for the owner of the business to fill in."""
    text = read_template(lang)
    if file is None:
        typer.echo(text, nl=False)
        return
    if file.exists():
        raise ArtifactError(f"{file} is there already; choose another --out, or move it away")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"cannot write {file}: {error.strerror or error}; choose another --out") from error
    out.print(f"written to {file}", markup=False, highlight=False, soft_wrap=True)
