"""`adue policy page`."""

from pathlib import Path
from typing import Annotated

import typer

from adue.cli.command import command
from adue.cli.console import out
from adue.foundation.languages import Language


@command()
def page(
    adapter: Annotated[Path, typer.Argument(metavar="ADAPTER", help="Folder with a policy of adue policy set.")],
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="HTML file to write.")],
    lang: Annotated[Language, typer.Option(help="Language of the page.")] = "en",
) -> None:
    """Write one printable page about the policy, for a manager who reads no code."""
    from adue.foundation.files import require_file_place
    from adue.models.policy_files import load_policy

    require_file_place(file)
    policy = load_policy(adapter.expanduser())

    from adue.report.manager_page import write_manager_page

    write_manager_page(file, policy, lang)
    out.print(f"page: {file.resolve()}", markup=False, highlight=False, soft_wrap=True)
