"""LoRA fine-tuning: from a base model and labelled texts to a plain PEFT adapter.

Settings and records are light; `train_adapter` loads on first use, with all that it trains with.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adue.training.record import RECORD_NAME, EpochRecord, TrainingRecord, TrainingResult
from adue.training.settings import TrainingSettings

if TYPE_CHECKING:
    from adue.training.lora import TARGET_MODULES
    from adue.training.run import train_adapter

_LAZY = {"TARGET_MODULES": "adue.training.lora", "train_adapter": "adue.training.run"}

__all__ = [
    "RECORD_NAME",
    "TARGET_MODULES",
    "EpochRecord",
    "TrainingRecord",
    "TrainingResult",
    "TrainingSettings",
    "train_adapter",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'adue.training' has no attribute '{name}'")
    return getattr(import_module(_LAZY[name]), name)
