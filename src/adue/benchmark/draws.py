"""Several answers for one row: drawn once per adapter and kept, as far as the configuration pays for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from datasets import Dataset
from torch import Tensor

from adue import AdueModel
from adue.benchmark.plan import SamplingPlan
from adue.benchmark.prepared import sample_name
from adue.benchmark.store import Store, digest
from adue.benchmark.timing import seconds_for
from adue.datasets import subsample
from adue.errors import AdueError
from adue.methods.method import Sampling
from adue.sampling.mc_dropout import mc_dropout_logits


@dataclass(frozen=True)
class Sampler:
    """How one adapter's answers are drawn."""

    model: AdueModel
    train: Dataset
    seed: int
    batch_size: int
    cache: Path


Draw = Callable[[Sampler, Sequence[str], int, Path | None], Tensor]
"""From a sampler, texts, the number of passes and a cache to logits of shape (passes, rows, classes)."""


def _mc_dropout(sampler: Sampler, texts: Sequence[str], passes: int, cache: Path | None) -> Tensor:
    return mc_dropout_logits(
        sampler.model.classifier,
        texts,
        passes=passes,
        seed=sampler.seed,
        batch_size=sampler.batch_size,
        cache=cache,
    )


DRAWS: dict[Sampling, Draw] = {"mc-dropout": _mc_dropout}
"""By kind of sampling."""


def sample_key(set_key: str, plan: SamplingPlan) -> str:
    """Return a digest of everything that the samples of a set depend on."""
    return digest(set_key, plan.passes, plan.rows)


def write_samples(
    sampler: Sampler, store: Store, kind: Sampling, plan: SamplingPlan, rows: Dataset, *, name: str, set_key: str
) -> None:
    """Draw for the rows of one evaluation set and keep logits, row numbers and seconds; or why it cannot be done."""
    numbered = rows.select_columns(["text", "label"]).add_column("number", list(range(len(rows))))
    chosen = subsample(numbered, plan.rows)
    texts, key = chosen["text"][:], sample_key(set_key, plan)
    try:
        samples = DRAWS[kind](sampler, texts, plan.passes, sampler.cache)
        seconds = seconds_for(lambda some: DRAWS[kind](sampler, some, plan.passes, None), texts)
    except AdueError as error:
        store.write(sample_name(name, kind), {}, key, reason=str(error))
        return
    tensors = {"samples": samples, "rows": torch.tensor(chosen["number"][:])}
    store.write(sample_name(name, kind), tensors, key, seconds=seconds)
