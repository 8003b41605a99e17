"""Configurations: frozen, validated, and the same after a round trip through JSON."""

from adue.foundation.config.frozen import Fraction, FrozenConfig, SavedConfig
from adue.foundation.config.grid import GRIDS, Grid, points_to_train
from adue.foundation.config.keys import read_yaml
from adue.foundation.config.reading import ChatTemplate, LongTexts, Reading
from adue.foundation.config.saved_answers import (
    ANSWERS_VERSION,
    Answers,
    ProbeAnswers,
    SavedAnswers,
    Setup,
    TextAnswers,
)
from adue.foundation.config.saved_head_config import (
    FORMAT_VERSION,
    Activation,
    AdueConfig,
    Digest,
    FitMetrics,
    HeadShape,
    HeadSource,
    Provenance,
)
from adue.foundation.config.settings import (
    PRESETS,
    SETTINGS_TYPES,
    AutoSettings,
    FitSettings,
    HeadScore,
    HyperParameters,
    ScoreName,
    Seed,
    Settings,
)
from adue.foundation.config.token_limit import TokenLimit

__all__ = [
    "ANSWERS_VERSION",
    "FORMAT_VERSION",
    "GRIDS",
    "PRESETS",
    "SETTINGS_TYPES",
    "Activation",
    "AdueConfig",
    "Answers",
    "AutoSettings",
    "ChatTemplate",
    "Digest",
    "FitMetrics",
    "FitSettings",
    "Fraction",
    "FrozenConfig",
    "Grid",
    "HeadScore",
    "HeadShape",
    "HeadSource",
    "HyperParameters",
    "LongTexts",
    "ProbeAnswers",
    "Provenance",
    "Reading",
    "SavedAnswers",
    "SavedConfig",
    "ScoreName",
    "Seed",
    "Settings",
    "Setup",
    "TextAnswers",
    "TokenLimit",
    "points_to_train",
    "read_yaml",
]
