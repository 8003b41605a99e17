"""Our way against the ordinary way, in alternating runs, each in a process of its own."""

import argparse
import json
import multiprocessing
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Run:
    """One run: wall-clock seconds of the work itself, what it used at most, and what came out."""

    seconds: float
    peak_mb: float
    answer: Any


def timed(work: Callable[[], Any]) -> Run:
    """Return the run of `work` in this process; the peak counts from the process's start."""
    started = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - started
    return Run(seconds, peak_mb(), answer)


def peak_mb() -> float:
    """Return the largest resident memory of this process so far.

    The kernel's own counter, where there is one: that of getrusage begins at the parent's memory.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def alone(way: Callable[[], Run]) -> Run:
    """Return one run in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(way).result()


def compare(ours: Callable[[], Run], ordinary: Callable[[], Run], repeats: int) -> tuple[list[Run], list[Run]]:
    """Return the runs of both ways, taken in turn, so that a slow minute of the machine hits both."""
    first, second = in_turn([ours, ordinary], repeats)
    return first, second


def in_turn(ways: Sequence[Callable[[], Run]], repeats: int) -> list[list[Run]]:
    """Return the runs of each way; all ways are run once before any is run again."""
    runs: list[list[Run]] = [[] for _ in ways]
    for _ in range(repeats):
        for way, kept in zip(ways, runs, strict=True):
            kept.append(alone(way))
    return runs


def arguments(description: str | None) -> argparse.Namespace:
    """Return the options that every benchmark has."""
    return parser_of(description).parse_args()


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that every benchmark has, for one that has more."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--full", action="store_true", help="at the size that the goal is stated for")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    return parser


def speed(ours: Sequence[Run], ordinary: Sequence[Run]) -> dict[str, float]:
    """Return the median, lowest and highest ratio of ordinary time over ours, of runs in turn."""
    ratios = [plain.seconds / fast.seconds for fast, plain in zip(ours, ordinary, strict=True)]
    ratio, low, high = (round(choose(ratios), 2) for choose in (statistics.median, min, max))
    return {"ratio": ratio, "ratio_low": low, "ratio_high": high}


def report(name: str, ours: list[Run], ordinary: list[Run], *, agree: bool, target: Path | None, **more: Any) -> None:
    """Print the result as JSON, and write it to `target`; `ratio` is ordinary time over ours, higher is better."""
    result = {
        "benchmark": name,
        **speed(ours, ordinary),
        "agree": agree,
        "seconds": round(statistics.median(run.seconds for run in ours), 3),
        "ordinary_seconds": round(statistics.median(run.seconds for run in ordinary), 3),
        "peak_mb": round(max(run.peak_mb for run in ours)),
        "ordinary_peak_mb": round(max(run.peak_mb for run in ordinary)),
        **more,
        "versions": {package: version(package) for package in ("adue", "torch", "scikit-learn")},
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, Python {platform.python_version()}",
    }
    write(result, target)


def write(result: Mapping[str, Any], target: Path | None) -> None:
    """Print `result` as JSON, and write it to `target`."""
    text = json.dumps(result, indent=2)
    print(text)
    if target is not None:
        target.write_text(text + "\n", encoding="utf-8")
