"""AdUE: which predictions of a LoRA fine-tuned text classifier to trust.

Names load on first use, so that ``import adue`` and ``adue --help`` do not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adue.config import AdueConfig, AutoSettings, FitSettings, Grid, HyperParameters
    from adue.errors import AdueError, ArtifactError, DataError, DataWarning, MissingExtraError, ModelError
    from adue.estimator import FittedHead, fit_features, score_features
    from adue.head import AdueHead, smooth_max, softmax_response, uncertainty
    from adue.model import AdueModel
    from adue.tasks import AdueModelForMultipleChoice, AdueModelForTokenClassification
    from adue.types import AdueOutput, FeatureSet, Predictions

_HOMES = {
    "adue.config": ("AdueConfig", "AutoSettings", "FitSettings", "Grid", "HyperParameters"),
    "adue.errors": ("AdueError", "ArtifactError", "DataError", "DataWarning", "MissingExtraError", "ModelError"),
    "adue.estimator": ("FittedHead", "fit_features", "score_features"),
    "adue.head": ("AdueHead", "smooth_max", "softmax_response", "uncertainty"),
    "adue.model": ("AdueModel",),
    "adue.tasks": ("AdueModelForMultipleChoice", "AdueModelForTokenClassification"),
    "adue.types": ("AdueOutput", "FeatureSet", "Predictions"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "AdueConfig",
    "AdueError",
    "AdueHead",
    "AdueModel",
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
