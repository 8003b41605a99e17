"""What a method of the comparison is: something fitted on features that then says how likely each row is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from jaxtyping import Float
from torch import Tensor

from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead

Sampling = Literal["mc-dropout", "lora-laplace"]
"""Ways to draw several answers of the same model for one row; they need the model, not its features."""


@dataclass(frozen=True)
class FitRows:
    """The labelled rows a method may learn from: three disjoint sets, none of which is ever a test row.

    Attributes
    ----------
    train
        The rows the adapter was trained on; its errors here are fewer than on new texts.
    selection
        Held-out rows to choose hyperparameters on, or to learn from by cross-fitting.
    calibration
        Other held-out rows: for calibration and thresholds only.
    classifier_head
        The classifier's own head, which gave the logits.
    seed
        Of everything the method draws.
    members
        The same rows seen by other adapters of the same task, each with its own head; for ensembles.
    """

    train: FeatureSet
    selection: FeatureSet
    calibration: FeatureSet
    classifier_head: AdueHead
    seed: int = 0
    members: tuple["FitRows", ...] = ()


@dataclass(frozen=True)
class ScoreRows:
    """The rows to score, without labels for the method to look at.

    Attributes
    ----------
    rows
        Features and logits of the classifier whose answers are judged.
    samples
        Logits by kind of sampling, each of shape (samples, rows, classes).
    members
        The same rows seen by the adapters of `FitRows.members`, in their order.
    """

    rows: FeatureSet
    samples: Mapping[Sampling, Float[Tensor, "samples rows classes"]] = field(default_factory=dict)
    members: tuple[FeatureSet, ...] = ()


Scorer: TypeAlias = Callable[[ScoreRows], Tensor]
"""From rows to u of shape (rows,); higher means that the classifier's own answer is more likely wrong."""


@dataclass(frozen=True)
class Method:
    """One row of the tables.

    Attributes
    ----------
    name
        In lower case with hyphens, the name in the literature where there is one.
    source
        Where it is from: authors, year, arXiv number or venue; "adue" for our own.
    fit
        Learns from rows and returns what scores others. Methods that need no fitting ignore the rows.
    sampling
        The extra forward passes it needs, None for one pass.
    ensemble
        Whether it needs the other adapters of the same task.
    probability
        Whether u is meant as the probability that the answer is wrong, so that 1 - u can be judged as a confidence.
    error_probability
        From the rows to that probability, where u itself is on another scale.
    """

    name: str
    source: str
    fit: Callable[[FitRows], Scorer]
    sampling: Sampling | None = None
    ensemble: bool = False
    probability: bool = False
    error_probability: Scorer | None = None

    @property
    def single_pass(self) -> bool:
        """Whether one forward pass of the classifier is all it needs to score a row."""
        return self.sampling is None and not self.ensemble
