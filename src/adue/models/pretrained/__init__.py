"""Base models, the frozen ground of every classifier."""

from adue.models.pretrained.loading import LoadedClassifier, load_classifier, load_tokenizer
from adue.models.pretrained.packaged import PACKAGED_MODELS, canonical_base_model, resolve_base_model
from adue.models.pretrained.quiet import quiet_peft, quiet_transformers

__all__ = [
    "PACKAGED_MODELS",
    "LoadedClassifier",
    "canonical_base_model",
    "load_classifier",
    "load_tokenizer",
    "quiet_peft",
    "quiet_transformers",
    "resolve_base_model",
]
