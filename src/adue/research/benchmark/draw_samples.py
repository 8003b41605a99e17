"""Several answers for one row: drawn once per adapter and kept, as far as the configuration allows."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from datasets import Dataset
from torch import Tensor

from adue.datasets import subsample
from adue.foundation.errors import AdueError, DataWarning, MissingExtraError
from adue.models.features.classifier import FrozenClassifier
from adue.research.benchmark.configuration import SamplingPlan
from adue.research.benchmark.prepared_cell import sample_name
from adue.research.benchmark.stored_tensors import Store, digest
from adue.research.benchmark.task_rows import EvaluationSet
from adue.research.benchmark.timing import seconds_for
from adue.research.methods.method import Sampling
from adue.research.sampling.lora_laplace import LoraDraws, draw_lora_weights, lora_laplace_logits
from adue.research.sampling.mc_dropout import mc_dropout_logits


@dataclass(frozen=True)
class Sampler:
    """How one adapter's answers are drawn; the adapter must be the active one."""

    classifier: FrozenClassifier
    train: Dataset
    seed: int
    batch_size: int
    cache: Path

    def mc_dropout(self, texts: Sequence[str], passes: int, cache: Path | None) -> Tensor:
        """Return logits of passes with dropout on."""
        return mc_dropout_logits(
            self.classifier, texts, passes=passes, seed=self.seed, batch_size=self.batch_size, cache=cache
        )

    def lora_laplace(self, texts: Sequence[str], passes: int, cache: Path | None) -> Tensor:
        """Return logits of adapters drawn from their Laplace posterior."""
        weights = self._drawn_weights(passes)
        return lora_laplace_logits(self.classifier, texts, weights, batch_size=self.batch_size, cache=cache)

    def _drawn_weights(self, passes: int) -> LoraDraws:
        if passes not in self._weights:
            texts, labels = self.train["text"][:], self.train["label"][:]
            self._weights[passes] = draw_lora_weights(
                self.classifier, texts, labels, samples=passes, seed=self.seed, batch_size=self.batch_size
            )
        return self._weights[passes]

    @cached_property
    def _weights(self) -> dict[int, LoraDraws]:
        return {}


DRAWS: dict[Sampling, Callable[[Sampler, Sequence[str], int, Path | None], Tensor]] = {
    "mc-dropout": Sampler.mc_dropout,
    "lora-laplace": Sampler.lora_laplace,
}
"""By kind of sampling: from texts, the number of passes and a cache to logits of shape (passes, rows, classes)."""


def sample_key(set_key: str, plan: SamplingPlan) -> str:
    """Return a digest of everything that the samples of a set depend on."""
    return digest(set_key, plan.passes, plan.rows)


def write_samples(
    sampler: Sampler, store: Store, kind: Sampling, plan: SamplingPlan, one: EvaluationSet, *, set_key: str
) -> None:
    """Draw for the rows of one evaluation set; keep logits, row numbers and seconds, or the reason why it failed."""
    numbered = one.rows.select_columns(["text", "label"]).add_column("number", list(range(len(one.rows))))
    chosen = subsample(numbered, plan.rows)
    texts, key, draw = chosen["text"][:], sample_key(set_key, plan), DRAWS[kind]
    try:
        samples = draw(sampler, texts, plan.passes, sampler.cache)
        seconds = seconds_for(lambda some: draw(sampler, some, plan.passes, None), texts)
    except MissingExtraError as error:
        # Nothing is kept: with the package there, the next run draws.
        warnings.warn(f"{kind} is left out: {error}", DataWarning, stacklevel=2)
        return
    except AdueError as error:
        store.write(sample_name(one.name, kind), {}, key, reason=str(error))
        return
    tensors = {"samples": samples, "rows": torch.tensor(chosen["number"][:])}
    store.write(sample_name(one.name, kind), tensors, key, seconds=seconds)
