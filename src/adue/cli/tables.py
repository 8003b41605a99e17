"""Facts as tables for a terminal."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from adue.foundation.config import Provenance


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


def origin_rows(origin: "Provenance") -> list[tuple[str, object]]:
    """Return how a classifier was loaded and read texts when its head was fitted, as facts."""
    return [
        ("fitted in", f"{origin.dtype}, {'merged' if origin.merged else 'not merged'}"),
        ("long texts", _long_texts(origin)),
        ("rows", "pairs of texts" if origin.reading.pairs else None),
        ("text prefix", repr(origin.reading.prefix) if origin.reading.prefix else None),
        ("text suffix", repr(origin.reading.suffix) if origin.reading.suffix else None),
        ("chat template", origin.reading.chat_template),
        ("classification head from", origin.head_source),
        ("training data SHA-256", origin.training_data_sha256),
    ]


def _long_texts(origin: "Provenance") -> str:
    if origin.reading.long_texts == "cut":
        return f"cut at {origin.max_length:,} tokens"
    stride = origin.max_length // 4 if origin.reading.stride is None else origin.reading.stride
    return f"in windows of {origin.max_length:,} tokens, of which {stride:,} are shared"
