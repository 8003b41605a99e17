"""Work on a Ray cluster: each worker prepares once, then does one item after the other; a dead one is replaced."""

import logging
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
import ray.data
from ray.exceptions import RayError

import adue.foundation.errors
from adue.foundation.environment import set_where_empty
from adue.foundation.errors import AdueError

Item = dict[str, Any]
Work = Callable[[Item], Item]

ATTEMPTS = 3
"""How often a worker tries an item that fails, as reading and writing do at times."""
MOST_BLOCKS = 10_000
_LOCAL_STORE_BYTES = 100 * 2**20
"""Only items and answers pass through Ray's object store, so that the least it allows is plenty."""
_LOGS = "Ray's logs on the worker's host say more"


@dataclass(frozen=True)
class Workers:
    """How many workers there are at most (None: all that the cluster has cores for), and what each of them takes."""

    count: int | None = None
    cpus: int = 1
    gpus: int = 0


@contextmanager
def ray_cluster(address: str | None, workers: Workers) -> Iterator[None]:
    """Connect to the cluster at `address` inside the block, or start one on this host; an open connection is used.

    Ray's own messages are not shown.

    Raises
    ------
    AdueError
        When no cluster answers at `address`.
    """
    # Set before Ray starts its processes, which read them; nothing is reported home.
    set_where_empty("RAY_BACKEND_LOG_LEVEL", "fatal")
    set_where_empty("RAY_USAGE_STATS_ENABLED", "0")
    ours = not ray.is_initialized()
    with _quiet():
        if ours:
            _start(address, workers)
        try:
            yield
        finally:
            if ours:
                ray.shutdown()


def work_on_ray(prepare: Callable[[], Work], items: Sequence[Item], workers: Workers) -> Iterator[Item]:
    """Yield one answer per item, in any order, from workers that have called `prepare` once each.

    An item may be worked on more than once, when a worker or its host dies; its answer is yielded once.

    Parameters
    ----------
    prepare
        Makes a worker's function from item to answer, both of them numbers and strings by name.

    Raises
    ------
    AdueError
        What a worker raised on purpose, or one line on what ended the work.
    """
    answers = ray.data.from_items(list(items), override_num_blocks=min(len(items), MOST_BLOCKS)).map(
        _Worker,  # type: ignore[arg-type]
        fn_constructor_args=(prepare,),
        num_cpus=workers.cpus,
        num_gpus=workers.gpus,
        # One worker is enough to begin with: the pool grows while cores are free, and shrinks to free them for a worker
        # that has lost its host.
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers.count, max_tasks_in_flight_per_actor=2),
    )
    try:
        yield from map(_open_answer, answers.iter_rows())
    except RayError as error:
        first = "".join(str(error).strip().splitlines()[:1])
        raise AdueError(f"the work on Ray ended with {type(error).__name__}: {first}; {_LOGS}") from error


class _Worker:
    """One process of the cluster; what is raised on purpose becomes an answer, as Ray would wrap an exception."""

    def __init__(self, prepare: Callable[[], Work]) -> None:
        self.failed: Item | None = None
        try:
            self.work = prepare()
        except AdueError as error:
            self.failed = _failure(error, str(error))

    def __call__(self, item: Item) -> Item:
        if self.failed is not None:
            return self.failed
        try:
            return self._try_item(item) | {"error": "", "message": ""}
        except AdueError as error:
            return _failure(error, str(error))
        except Exception as error:  # noqa: BLE001 - any error becomes one line; Ray would show a page
            traceback.print_exc()
            return _failure(AdueError(), f"the work on Ray ended with {type(error).__name__}: {error}; {_LOGS}")

    def _try_item(self, item: Item) -> Item:
        for attempt in range(1, ATTEMPTS):
            try:
                return self.work(item)
            except AdueError:
                raise
            except Exception:  # noqa: BLE001 - file systems raise what their own libraries raise
                time.sleep(attempt)
        return self.work(item)


def _failure(error: AdueError, message: str) -> Item:
    return {"error": type(error).__name__, "message": message}


def _open_answer(answer: Item) -> Item:
    if answer["error"]:
        raise getattr(adue.foundation.errors, answer["error"], AdueError)(answer["message"])
    return {name: value for name, value in answer.items() if name not in {"error", "message"}}


def _start(address: str | None, workers: Workers) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        count = None if workers.count is None else workers.count * workers.cpus
        options |= {"num_cpus": count, "object_store_memory": _LOCAL_STORE_BYTES, "include_dashboard": False}
    try:
        with _no_standard_error():
            ray.init(address or "local", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"at '{address}'" if address else "on this host"
        reason = str(error).strip().splitlines()[0]
        raise AdueError(
            f"no Ray cluster {where}: {reason}; start one with ray start --head, or leave --address out"
        ) from error


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Silence what Ray's C++ prints while it starts; what goes wrong is raised."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Ray's messages about itself, on standard output too; what ends the work is raised."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        warnings.catch_warnings(),
        _quiet_data(),
    ):
        yield


@contextmanager
def _quiet_data() -> Iterator[None]:
    warnings.filterwarnings("ignore", module=r"ray\.")
    logger, context = logging.getLogger("ray.data"), ray.data.DataContext.get_current()
    level, bars, words = logger.level, context.enable_progress_bars, context.print_on_execution_start
    logger.setLevel(logging.CRITICAL)
    context.enable_progress_bars = context.print_on_execution_start = False
    try:
        yield
    finally:
        logger.setLevel(level)
        context.enable_progress_bars, context.print_on_execution_start = bars, words
