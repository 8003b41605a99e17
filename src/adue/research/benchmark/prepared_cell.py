"""One cell ready to be compared: its rows as features, split into rows to learn from and rows to score."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from adue.foundation.defaults import MIN_OF_EACH
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.research.benchmark.configuration import SamplingPlan
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.stored_tensors import Store, digest, read_features, read_head
from adue.research.benchmark.task_rows import TRAIN, VALIDATION
from adue.research.methods.method import FitRows, Method, Sampling, ScoreRows

HALVES_SEED = 42


@dataclass(frozen=True)
class SetFacts:
    """An evaluation set by name, without its texts."""

    name: str
    shifted: bool
    rows: int
    available: int


@dataclass(frozen=True)
class PreparedTask:
    """A model on a data set whose rows have been extracted for these seeds; everything else is on disk."""

    model: str
    data_set: str
    seeds: tuple[int, ...]
    sets: tuple[SetFacts, ...]
    train_rows: int


@dataclass(frozen=True)
class RowsToScore:
    """Rows to score without their labels, where the classifier is wrong, and which rows of the set they are."""

    given: ScoreRows
    errors: Tensor
    rows: Tensor


@dataclass(frozen=True)
class Cell:
    """One adapter of a prepared task, and the folder in which its features lie."""

    task: PreparedTask
    seed: int
    folders: Folders
    sampling: Mapping[Sampling, SamplingPlan]

    @property
    def store(self) -> Store:
        """Features of this adapter."""
        return self._store(self.seed)

    @property
    def scores(self) -> Store:
        """Scores of this adapter's rows."""
        return self.folders.scores(self.task.model, self.task.data_set, self.seed)

    @property
    def member_seeds(self) -> tuple[int, ...]:
        """The other adapters of the same task."""
        return tuple(seed for seed in self.task.seeds if seed != self.seed)

    def allows(self, method: Method) -> bool:
        """Whether everything that the method needs was extracted for this cell."""
        if method.ensemble and not self.member_seeds:
            return False
        return method.sampling is None or self.samples(method.sampling)

    def samples(self, kind: Sampling) -> bool:
        """Whether that kind of sampling is wanted and done for this seed."""
        plan = self.sampling.get(kind)
        wanted = plan is not None and (plan.seeds is None or self.seed in plan.seeds)
        return wanted and all(self.store.key(sample_name(one.name, kind)) for one in self.task.sets)

    def key(self, evaluation_set: str, method: Method, resamples: int) -> str:
        """Return a digest of everything that this method's row on that set is computed from."""
        seeds = (self.seed, *self.member_seeds) if method.ensemble else (self.seed,)
        parts: list[object] = [self._keys[seed][name] for seed in seeds for name in (TRAIN, VALIDATION, evaluation_set)]
        if method.sampling:
            parts.append(self.store.key(sample_name(evaluation_set, method.sampling)))
        return digest(*parts, resamples)

    @cached_property
    def fit_rows(self) -> FitRows:
        """Training rows, and the validation rows in two halves; with the same rows as seen by the other adapters."""
        validation = read_features(self.store, VALIDATION)
        halves = split_by_error(validation)
        members = tuple(self._fit_rows(self._store(seed), halves) for seed in self.member_seeds)
        return self._fit_rows(self.store, halves, members)

    @cached_property
    def evaluation(self) -> dict[str, tuple[FeatureSet, ...]]:
        """Each evaluation set as this adapter sees it, and as the others do."""
        stores = [self._store(seed) for seed in (self.seed, *self.member_seeds)]
        return {one.name: tuple(read_features(store, one.name) for store in stores) for one in self.task.sets}

    def rows_to_score(self, evaluation_set: str, sampling: Sampling | None = None) -> RowsToScore:
        """Return the rows of a set to be scored: all, or those that were sampled."""
        own, *members = self.evaluation[evaluation_set]
        chosen, samples = torch.arange(len(own)), {}
        if sampling is not None:
            drawn = self._drawn(sample_name(evaluation_set, sampling))
            chosen, samples = drawn["rows"], {sampling: drawn["samples"]}
        given = ScoreRows(_without_labels(own, chosen), samples, tuple(_without_labels(one, chosen) for one in members))
        return RowsToScore(given, own.errors[chosen], chosen)

    def _drawn(self, name: str) -> dict[str, Tensor]:
        if reason := self.store.about(name).get("reason"):
            raise DataError(str(reason))
        return self.store.read(name)

    def forward_seconds(self, one: SetFacts, method: Method, rows: int) -> float:
        """Return the seconds of the forward passes that this method needs for `rows` rows of a set."""
        stores = [self.store] + ([self._store(seed) for seed in self.member_seeds] if method.ensemble else [])
        seconds = sum(float(store.about(one.name)["seconds"]) for store in stores) * rows / max(one.rows, 1)
        if method.sampling:
            seconds += float(self.store.about(sample_name(one.name, method.sampling))["seconds"])
        return seconds

    @cached_property
    def _keys(self) -> dict[int, dict[str, str | None]]:
        names = (TRAIN, VALIDATION, *(one.name for one in self.task.sets))
        return {seed: {name: self._store(seed).key(name) for name in names} for seed in self.task.seeds}

    def _store(self, seed: int) -> Store:
        return self.folders.extraction(self.task.model, self.task.data_set, seed)

    def _fit_rows(self, store: Store, halves: tuple[Tensor, Tensor], members: tuple[FitRows, ...] = ()) -> FitRows:
        validation = read_features(store, VALIDATION)
        selection, calibration = (validation.select(half) for half in halves)
        return FitRows(read_features(store, TRAIN), selection, calibration, read_head(store), self.seed, members)


def sample_name(evaluation_set: str, kind: Sampling) -> str:
    """Return the name under which the samples of a set are kept."""
    return f"{evaluation_set} {kind}"


def split_by_error(rows: FeatureSet) -> tuple[Tensor, Tensor]:
    """Return the row numbers of two halves with equal shares of errors, each in the rows' order.

    >>> rows = FeatureSet(torch.zeros(4, 1), torch.eye(2)[[0, 1, 0, 1]], torch.tensor([0, 1, 1, 0]))
    >>> sorted(len(half) for half in split_by_error(rows))
    [2, 2]
    """
    errors = rows.errors.numpy()
    enough = min(errors.sum(), (~errors).sum()) >= MIN_OF_EACH
    first, second = train_test_split(
        np.arange(len(rows)), test_size=0.5, stratify=errors if enough else None, random_state=HALVES_SEED
    )
    return torch.from_numpy(np.sort(first)), torch.from_numpy(np.sort(second))


def _without_labels(rows: FeatureSet, chosen: Tensor) -> FeatureSet:
    return FeatureSet(rows.features[chosen], rows.logits[chosen])
