"""Where a model runs: on the device that was asked for, or the best one that this machine has."""

import os
from typing import Literal

import torch

from adue.foundation.errors import ModelError

AUTO: Literal["auto"] = "auto"


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; for ``auto`` CUDA where there is one, then MPS, then the processor.

    Processes that accelerate has started on processors only (``accelerate launch --cpu``) stay there.

    Raises
    ------
    ModelError
        When this machine has no such device.
    """
    if name == AUTO:
        return torch.device(_best())
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"there is no device '{name}' here; use auto, cpu, or cuda where torch has it") from error
    return device


def _best() -> str:
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in {"1", "true", "yes"}:
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
