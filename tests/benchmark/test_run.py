"""The benchmark from a configuration to cells.csv, with tiny models."""

from adue.benchmark.store import Folders
from adue.benchmark.table import CellTable


def test_there_is_one_row_per_cell_and_method(finished: Folders) -> None:
    rows = CellTable(finished.cells).read()
    assert len(rows) == 2 * 2 * 2 * 3
    assert {row["method"] for row in rows} == {"softmax-response", "entropy", "margin"}
