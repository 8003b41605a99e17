"""Facts as tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table


def list_columns(names: Sequence[str]) -> str | None:
    """Return the columns that were read as the text, as one fact; None where none is known."""
    kind = "pairs: " if len(names) > 1 else ""
    return kind + " and ".join(names) if names else None


def facts(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Return a table of names and values; rows without a value are left out."""
    table = Table(title=escape(title), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        if value is not None:
            table.add_row(name, escape(str(value)))
    return table
