"""Processes that accelerate or torchrun has started together: which one this is, and waiting for the others."""

import atexit
import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from adue.foundation.environment import set_where_empty
from adue.foundation.errors import AdueError

if TYPE_CHECKING:
    from accelerate import PartialState

Value = TypeVar("Value")
_SIZES = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
_USE_CPU = "ACCELERATE_USE_CPU"
_LONGEST_WAIT = timedelta(days=7)
"""The others wait while one process fits; a process that dies is noticed by the launcher, which ends all."""


class Processes:
    """The processes that work on the same task; only one where nothing has launched several.

    Parameters
    ----------
    state
        What accelerate knows of them, None for a process on its own.
    """

    def __init__(self, state: "PartialState | None" = None) -> None:
        self._state = state

    @property
    def count(self) -> int:
        """How many there are."""
        return 1 if self._state is None else int(self._state.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this is the one that fits, prints and writes."""
        return self._state is None or bool(self._state.is_main_process)

    def owns(self, number: int) -> bool:
        """Return whether this process is the one to do the job of this number, counted from 0."""
        return self._state is None or number % self.count == self._state.process_index

    def wait(self) -> None:
        """Return when all processes have come to this point."""
        if self._state is not None:
            self._state.wait_for_everyone()

    def once(self, work: Callable[[], Value]) -> Value:
        """Return in every process what `work` returns in the main one, the only one that does it."""
        if self._state is None:
            return work()
        from accelerate.utils import broadcast_object_list

        done = [work()] if self.is_main else [None]
        result: Value = broadcast_object_list(done)[0]
        return result


@cache
def processes() -> Processes:
    """Return the processes of this task, connected to each other.

    Nothing is set up where the environment does not say that there are several. With GPUs each process gets one of its
    host's as the device "cuda".

    Raises
    ------
    AdueError
        When they cannot reach each other.
    """
    if _launched() <= 1:
        return Processes()
    state = _connect()
    # gloo's threads hold tensors that Python made: one that drops its tensor while the interpreter is shut down aborts
    # the process, so they end before that.
    atexit.register(state.destroy_process_group)
    return Processes(state)


def _launched() -> int:
    """Return how many processes the launcher says there are; accelerate, slow to import, reads the same variables."""
    said = (int(os.environ.get(name) or "-1") for name in _SIZES)
    return next((count for count in said if count >= 0), 1)


def _connect() -> "PartialState":
    import torch
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env

    # accelerate cannot read an empty variable, which means the same as none.
    asked_for_cpu = os.environ.get(_USE_CPU) and parse_flag_from_env(_USE_CPU)
    cpu = bool(asked_for_cpu) or not torch.cuda.is_available()
    # accelerate warns where nobody has set the number of threads; torch's own number is right.
    set_where_empty("OMP_NUM_THREADS", str(torch.get_num_threads()))
    try:
        return PartialState(cpu=cpu, timeout=_LONGEST_WAIT)
    except RuntimeError as error:
        raise AdueError(
            f"the processes cannot reach each other ({' '.join(str(error).split())}); where a host's name stands for "
            "its loopback address, set GLOO_SOCKET_IFNAME (on GPUs NCCL_SOCKET_IFNAME) to its network interface"
        ) from error
