"""Rows of cells.csv as the tests of tables need them: every number chosen, none computed."""

from pathlib import Path

from adue.research.benchmark.cells_csv import COLUMNS, CellTable, Value


def write_rows(path: Path, rows: list[dict[str, Value]]) -> Path:
    """Write rows that say only what is given, and return the file."""
    table = CellTable(path)
    for row in rows:
        plain: dict[str, Value] = dict.fromkeys(COLUMNS)
        plain |= {"model": "m", "seed": 0, "n": 100, "errors": 20, "accuracy": 0.8, "note": "", "key": "k"}
        plain |= {"shifted": False, "fit_seconds": 1.0, "predict_seconds": 2.0, "train_rows": 50}
        table.append(plain | row)
    return path


def result(method: str, data_set: str, auroc: float, difference: float = 0.0, **more: Value) -> dict[str, Value]:
    """Return a row whose paired interval reaches 0.01 to both sides of the difference."""
    bounds = {"sr_difference": difference, "sr_low": difference - 0.01, "sr_high": difference + 0.01}
    return {"method": method, "data_set": data_set, "evaluation_set": data_set, "auroc": auroc, **bounds, **more}
