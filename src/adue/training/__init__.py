"""LoRA fine-tuning: from a base model and labelled texts to a plain PEFT adapter."""

from adue.training.lora import TARGET_MODULES
from adue.training.record import RECORD_NAME, EpochRecord, TrainingRecord, TrainingResult
from adue.training.run import train_adapter
from adue.training.settings import TrainingSettings

__all__ = [
    "RECORD_NAME",
    "TARGET_MODULES",
    "EpochRecord",
    "TrainingRecord",
    "TrainingResult",
    "TrainingSettings",
    "train_adapter",
]
