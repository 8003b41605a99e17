"""From a task of the configuration to features on disk: adapters trained or found, every set read once by each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from adue import AdueModel
from adue.benchmark.adapters import ensure_adapter
from adue.benchmark.draws import Sampler, sample_key, write_samples
from adue.benchmark.plan import BenchmarkConfig, SamplingPlan, Task
from adue.benchmark.prepared import PreparedTask, SetFacts, sample_name
from adue.benchmark.rows import TRAIN, VALIDATION, TaskRows, load_task_rows
from adue.benchmark.store import Folders, Store, digest, write_features, write_head
from adue.benchmark.timing import seconds_for
from adue.digests import tensors_sha256
from adue.features.loading import read_adapter
from adue.methods.method import Sampling


def prepare_task(
    task: Task,
    config: BenchmarkConfig,
    folders: Folders,
    *,
    samplings: Sequence[Sampling] = (),
    train: bool = True,
) -> PreparedTask:
    """Train the adapters that are missing, extract what is not extracted yet, and return what there is now.

    Parameters
    ----------
    samplings
        Kinds of sampling that some method needs.
    train
        Whether missing adapters are trained; otherwise their seeds are left out.

    Raises
    ------
    AdueError
        When data, base model or an adapter cannot be used.
    """
    rows = load_task_rows(task, config.evaluation_rows)
    sampling = {kind: plan for kind, plan in config.sampling.items() if kind in samplings}
    seeds = []
    for seed in task.seeds:
        adapter = folders.adapter(task.model, task.data_set, seed)
        if ensure_adapter(adapter, task, seed, rows, train=train):
            seeds.append(seed)
            _Extraction(task, seed, rows, adapter, folders).run(sampling)
    return PreparedTask(
        model=task.model,
        data_set=task.data_set,
        seeds=tuple(seeds),
        sets=tuple(SetFacts(one.name, one.shifted, len(one.rows), one.available) for one in rows.evaluation),
        train_rows=len(rows.train),
    )


@dataclass(frozen=True)
class _Extraction:
    """One adapter reading all sets of its task; it is loaded only where something is missing."""

    task: Task
    seed: int
    rows: TaskRows
    adapter: Path
    folders: Folders

    def run(self, sampling: Mapping[Sampling, SamplingPlan]) -> None:
        keys = {name: digest(self.source, fingerprint) for name, fingerprint in self.rows.fingerprints.items()}
        for name, key in keys.items():
            if self.store.key(name) != key:
                self._extract(name, key)
        if self.store.key("head") != self.source:
            write_head(self.store, self.model.classifier.head, self.source)
        for kind, plan in sampling.items():
            if plan.seeds is None or self.seed in plan.seeds:
                for one in self.rows.evaluation:
                    if self.store.key(sample_name(one.name, kind)) != sample_key(keys[one.name], plan):
                        write_samples(
                            self._sampler, self.store, kind, plan, one.rows, name=one.name, set_key=keys[one.name]
                        )

    @property
    def store(self) -> Store:
        return self.folders.extracted(self.task.model, self.task.data_set, self.seed)

    @cached_property
    def source(self) -> str:
        """A digest of what reads: the adapter and the type in which it computes."""
        return digest(tensors_sha256(read_adapter(self.adapter)), self.task.plan.dtype)

    @cached_property
    def model(self) -> AdueModel:
        return load_adapter(self.task, self.adapter)

    @property
    def _sampler(self) -> Sampler:
        return Sampler(self.model, self.rows.train, self.seed, self.task.plan.batch_size, self.folders.features)

    def _extract(self, name: str, key: str) -> None:
        texts, labels = self.rows.by_name[name]["text"][:], self.rows.by_name[name]["label"][:]
        batch_size = self.task.plan.batch_size
        features = self.model.extract(texts, labels, batch_size=batch_size, cache=self.folders.features)
        judged = name not in {TRAIN, VALIDATION}
        seconds = seconds_for(lambda some: self.model.extract(some, batch_size=batch_size), texts) if judged else 0.0
        write_features(self.store, name, features, key, seconds=seconds)


def load_adapter(task: Task, adapter: Path) -> AdueModel:
    """Return the classifier of a cell, on the GPU where there is one."""
    dtype = task.plan.dtype
    return AdueModel.from_pretrained(
        adapter,
        base_model=task.base_model,
        with_head=False,
        dtype=dtype if dtype == "auto" else getattr(torch, dtype),
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
