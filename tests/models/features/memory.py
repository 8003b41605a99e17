"""How much memory an extraction needs at most, in a process of its own."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest.mock import patch

from adue import AdueModel
from adue.models.features.extract import extract


def peak_mb(adapter: Path, cache: Path, rows: int, shard_rows: int) -> float:
    """Return the largest resident memory, in MB, of a new process that reads `rows` texts one after the other."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_read, adapter, cache, rows, shard_rows).result()


def _read(adapter: Path, cache: Path, rows: int, shard_rows: int) -> float:
    classifier = AdueModel.from_pretrained(adapter).classifier
    with patch("adue.models.features.extract.SHARD_ROWS", shard_rows):
        extract(classifier, (f"good film number {row}" for row in range(rows)), cache=cache)
    # Not of getrusage, which begins at the memory of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
