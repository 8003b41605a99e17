"""Worker processes for jobs, which all end with the run; or this process alone."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

import torch
from threadpoolctl import threadpool_limits

from adue.foundation.errors import AdueError

Value = TypeVar("Value")


class InThisProcess(Executor):
    """Runs a job when it is submitted; what adue raises on purpose comes with the result, all else at once."""

    def submit(self, function: Callable[..., Value], /, *args: Any, **kwargs: Any) -> "Future[Value]":
        """Return the future of a job that has been run."""
        future: Future[Value] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except AdueError as error:
            future.set_exception(error)
        return future


@contextmanager
def executor(workers: int) -> Iterator[Executor]:
    """Yield an executor of `workers` processes, among which the cores are divided; of this process alone for one."""
    if workers == 1:
        yield InThisProcess()
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    # A fork of a process that has run torch may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(threads,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def default_workers() -> int:
    """Return one worker for each core, and a single one where a GPU does the work."""
    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def _begin(threads: int) -> None:
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the parent has died, by kill -9 too; a pool's process would wait for its next job without end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
