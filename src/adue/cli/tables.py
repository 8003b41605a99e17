"""Facts as tables for a terminal."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table


def facts(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Return a table of names and values; rows without a value are left out."""
    table = Table(title=escape(title), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        if value is not None:
            table.add_row(name, escape(str(value)))
    return table
