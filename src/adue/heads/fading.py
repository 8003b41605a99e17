"""A logistic regression of errors that fades, with the distance from home, into one on the softmax response alone.

Pure functions of arrays: :mod:`adue.heads.correction` says which inputs the score ``auto`` has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.special import logit
from torch import Tensor

from adue.foundation.config import AutoSettings
from adue.foundation.defaults import FOLDS, MIN_OF_EACH
from adue.metrics import delong_test

FREE = 10.0
"""Prior variance of the softmax response's own weight, large enough to leave that weight free."""

FLOOR = 1e-6
"""Least standard deviation of an input, and least width of a fade."""

LEAST_SLOPE = 1e-3
"""Least weight of z in b(z): where a few held-out errors are the confident ones, U must not reverse the order."""

Rows: TypeAlias = tuple[
    Float[Tensor, "rows inputs"], Float[Tensor, " rows"], Int[Tensor, " rows"], Bool[Tensor, " rows"]
]
"""Inputs, of which the first is the softmax response as log odds; distances from home; answers; which are errors."""


class _Gain(NamedTuple):
    """A mean difference in AUROC and its standard error."""

    mean: float
    standard_error: float


class FadingRegression(NamedTuple):
    """Weights of a correction; float64.

    With z the first input, x all of them, standardised, b(z) a logistic regression on z alone, kept from falling, m one
    on x, c the weight of the predicted class in the same regression, and v and w in [0, 1], both falling with the
    distance, the log odds of an error are ``b(z) + v (m - b(z)) + w c``.
    """

    fade: Float[Tensor, "2 2"]
    """Distances where v, and where w, begins to fall and is zero."""
    center: Float[Tensor, " inputs"]
    scale: Float[Tensor, " inputs"]
    plain: Float[Tensor, " 2"]
    """Weight of z and intercept of b."""
    weights: Float[Tensor, " inputs_and_intercept"]
    class_weights: Float[Tensor, " classes"]

    def log_odds(
        self, inputs: Float[Tensor, "rows inputs"], distance: Float[Tensor, " rows"], answers: Int[Tensor, " rows"]
    ) -> Float[Tensor, " rows"]:
        """Return the log odds that the answers are wrong."""
        standard = (inputs - self.center) / self.scale
        plain = standard[:, 0] * self.plain[0] + self.plain[1]
        full = standard @ self.weights[:-1] + self.weights[-1]
        near, far = self.fade.unbind(dim=-1)
        # FLOOR: where all held-out rows are equally far, every row that is farther counts as away.
        share = ((far - distance[:, None]) / (far - near).clamp_min(FLOOR)).clamp(0, 1)
        return plain + share[:, 0] * (full - plain) + share[:, 1] * self.class_weights[answers]

    @classmethod
    def sizes(cls, inputs: int, classes: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each field, by name: what a saved correction keeps of its regression."""
        shapes = ((2, 2), (inputs,), (inputs,), (2,), (inputs + 1,), (classes,))
        return dict(zip(cls._fields, shapes, strict=True))

    @property
    def corrects(self) -> bool:
        """Whether anything but the first input counts anywhere."""
        return bool(self.weights[1:-1].any()) or bool(self.class_weights.any())

    def without_correction(self) -> "FadingRegression":
        """Return b(z) at every distance: it ranks as the softmax response does."""
        nothing = torch.zeros_like(self.weights[1:-1])
        weights = torch.cat([self.plain[:1], nothing, self.plain[1:]])
        return self._replace(weights=weights, class_weights=torch.zeros_like(self.class_weights))


@dataclass(frozen=True)
class Learner:
    """How a correction is learned.

    Attributes
    ----------
    prior_variances
        Of the weight of every input after the first, for inputs of unit variance.
    class_variance
        Of each class's weight.
    fade, class_fade
        Quantiles of the distance between which v, and w, falls from one to zero.
    """

    classes: int
    prior_variances: Sequence[float]
    class_variance: float
    fade: tuple[float, float]
    class_fade: tuple[float, float]

    def fit(
        self,
        inputs: Float[Tensor, "rows inputs"],
        distance: Float[Tensor, " rows"],
        answers: Int[Tensor, " rows"],
        errors: Bool[Tensor, " rows"],
    ) -> FadingRegression:
        """Return what these rows show; some of them are errors and some are not."""
        center, scale = inputs.mean(dim=0), inputs.std(dim=0, correction=0).clamp_min(FLOOR)
        standard = ((inputs - center) / scale).numpy()
        levels = torch.tensor([self.fade, self.class_fade], dtype=torch.float64)
        prior = [FREE, *self.prior_variances]
        columns = np.hstack([standard, np.eye(self.classes)[answers.numpy()]])
        full = _logistic(columns, errors.numpy(), prior + self.classes * [self.class_variance])
        return FadingRegression(
            fade=torch.quantile(distance, levels.flatten()).view(2, 2),
            center=center,
            scale=scale,
            plain=_platt(standard[:, :1], errors.numpy()),
            weights=torch.cat([full[: len(prior)], full[-1:]]),
            class_weights=full[len(prior) : -1],
        )


def learners(settings: AutoSettings, classes: int, *, more_inputs: int = 0) -> list[Learner]:
    """Return the corrections of the score ``auto`` to choose from, by how much weight they leave the ranking head.

    Parameters
    ----------
    more_inputs
        Number of inputs after softmax response, entropy, distance and ranking head; they get the head's prior.
    """
    variance, fades = settings.prior_variance, (settings.fade, settings.class_fade)
    return [
        Learner(classes, (variance, variance, *(1 + more_inputs) * (of_head,)), variance, *fades)
        for of_head in sorted(settings.head_prior_variance)
    ]


def fit_weakest(
    candidates: Sequence[Learner], rows: Rows, *, required_gain: float | None, seed: int
) -> FadingRegression:
    """Return the weakest correction that ranks as well as the best one does, as far as these rows can tell.

    The weakest of all is none: the softmax response. One that is stronger is taken when the best lies more than
    `required_gain` standard errors above all that are weaker, in cross-validated AUROC; where there are too few errors,
    or right rows, for that, nothing is corrected. With None, the last candidate is always taken.

    Source: the one-standard-error rule of Breiman et al. 1984, Classification and Regression Trees, section 3.4.3, with
    the standard error of the paired difference (DeLong et al. 1988) in place of the best one's own.

    Parameters
    ----------
    candidates
        From the weakest to the strongest.
    """
    if required_gain is None:
        return candidates[-1].fit(*rows)
    rung = _lowest_rung(_scores_of_left_out(candidates, rows, seed), required_gain)
    return candidates[rung - 1].fit(*rows) if rung else candidates[0].fit(*rows).without_correction()


@dataclass(frozen=True)
class _LeftOut:
    """The rows of one fold: log odds of the softmax response and of every candidate, and which rows are errors."""

    log_odds: Sequence[np.ndarray]
    errors: np.ndarray


def _scores_of_left_out(candidates: Sequence[Learner], rows: Rows, seed: int) -> list[_LeftOut]:
    from sklearn.model_selection import StratifiedKFold

    errors = rows[-1].numpy()
    folds = min(FOLDS, int(errors.sum()) // MIN_OF_EACH, int((~errors).sum()) // MIN_OF_EACH)
    if folds < 2:  # noqa: PLR2004 - one fold leaves nothing to learn from
        return []
    result = []
    for learned, left in StratifiedKFold(folds, shuffle=True, random_state=seed).split(errors, errors):
        learned_from = [part[torch.from_numpy(learned)] for part in rows]
        inputs, distance, answers = (part[torch.from_numpy(left)] for part in rows[:-1])
        fitted = [candidate.fit(*learned_from).log_odds(inputs, distance, answers).numpy() for candidate in candidates]
        result.append(_LeftOut([inputs[:, 0].numpy(), *fitted], errors[left]))
    return result


def _lowest_rung(left_out: Sequence[_LeftOut], required_gain: float) -> int:
    """Return the first score that the best does not beat by `required_gain` standard errors; 0 without any folds."""
    if not left_out:
        return 0
    best = max(range(len(left_out[0].log_odds)), key=lambda rung: _gain(left_out, rung, 0).mean)
    for rung in range(best):
        gain = _gain(left_out, best, rung)
        if gain.mean <= required_gain * gain.standard_error:
            return rung
    return best


def _gain(left_out: Sequence[_LeftOut], one: int, other: int) -> _Gain:
    """Return how much better one ranks than the other: the mean over the folds, with DeLong's variance in each."""
    tests = [delong_test(fold.log_odds[one], fold.log_odds[other], fold.errors) for fold in left_out]
    error = np.linalg.norm([test.standard_error for test in tests]) / len(tests)
    return _Gain(float(np.mean([test.difference.value for test in tests])), float(error))


def _platt(log_odds: np.ndarray, errors: np.ndarray) -> Float[Tensor, " 2"]:
    """Return weight and intercept of b: a logistic regression that keeps the order of the log odds."""
    fitted = _logistic(log_odds, errors, [FREE])
    if fitted[0] >= LEAST_SLOPE:
        return fitted
    # Next to no slope on standardised log odds: the intercept alone gives the share of errors.
    return fitted.new_tensor([LEAST_SLOPE, float(logit(errors.mean()))])


def _logistic(inputs: np.ndarray, errors: np.ndarray, prior: Sequence[float]) -> Float[Tensor, " weights"]:
    """Return weights and, last, the intercept of a logistic regression whose weights have these prior variances."""
    from sklearn.linear_model import LogisticRegression

    # A weight of variance v on an input is a weight of variance one, which is C = 1, on sqrt(v) times that input.
    scale = np.sqrt(prior)
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(inputs * scale, errors)
    return torch.from_numpy(np.append(fitted.coef_[0] * scale, fitted.intercept_[0]))
