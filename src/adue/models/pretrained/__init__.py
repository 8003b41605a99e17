"""Base models, the frozen ground of every classifier."""

from adue.models.pretrained.errors import in_one_line
from adue.models.pretrained.loading import LoadedClassifier, SavedParts, load_classifier
from adue.models.pretrained.packaged import PACKAGED_MODELS, canonical_base_model, resolve_base_model
from adue.models.pretrained.quiet import quiet_peft, quiet_transformers
from adue.models.pretrained.tokenizer import load_tokenizer

__all__ = [
    "PACKAGED_MODELS",
    "LoadedClassifier",
    "SavedParts",
    "canonical_base_model",
    "in_one_line",
    "load_classifier",
    "load_tokenizer",
    "quiet_peft",
    "quiet_transformers",
    "resolve_base_model",
]
