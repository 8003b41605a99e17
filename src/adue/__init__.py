"""AdUE: which predictions of a LoRA fine-tuned text classifier to trust.

Names load on first use, so that ``import adue`` and ``adue --help`` do not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adue.foundation.config import AdueConfig, AutoSettings, FitSettings, Grid, HyperParameters
    from adue.foundation.errors import AdueError, ArtifactError, DataError, DataWarning, MissingExtraError, ModelError
    from adue.foundation.types import AdueOutput, FeatureSet, Predictions
    from adue.heads.fit import fit_features
    from adue.heads.fitted import FittedHead
    from adue.heads.head import AdueHead, smooth_max, uncertainty
    from adue.heads.score import score_features
    from adue.models.model import AdueModel
    from adue.models.tasks import (
        AdueModelForMultiLabelClassification,
        AdueModelForMultipleChoice,
        AdueModelForTokenClassification,
    )
    from adue.scores.outputs import softmax_response

_HOMES = {
    "adue.foundation.config": ("AdueConfig", "AutoSettings", "FitSettings", "Grid", "HyperParameters"),
    "adue.foundation.errors": (
        "AdueError",
        "ArtifactError",
        "DataError",
        "DataWarning",
        "MissingExtraError",
        "ModelError",
    ),
    "adue.heads.fit": ("fit_features",),
    "adue.heads.fitted": ("FittedHead",),
    "adue.heads.head": ("AdueHead", "smooth_max", "uncertainty"),
    "adue.heads.score": ("score_features",),
    "adue.models.model": ("AdueModel",),
    "adue.models.tasks": (
        "AdueModelForMultiLabelClassification",
        "AdueModelForMultipleChoice",
        "AdueModelForTokenClassification",
    ),
    "adue.foundation.types": ("AdueOutput", "FeatureSet", "Predictions"),
    "adue.scores.outputs": ("softmax_response",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "AdueConfig",
    "AdueError",
    "AdueHead",
    "AdueModel",
    "AdueModelForMultiLabelClassification",
    "AdueModelForMultipleChoice",
    "AdueModelForTokenClassification",
    "AdueOutput",
    "ArtifactError",
    "AutoSettings",
    "DataError",
    "DataWarning",
    "FeatureSet",
    "FitSettings",
    "FittedHead",
    "Grid",
    "HyperParameters",
    "MissingExtraError",
    "ModelError",
    "Predictions",
    "__version__",
    "fit_features",
    "score_features",
    "smooth_max",
    "softmax_response",
    "uncertainty",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'adue' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
