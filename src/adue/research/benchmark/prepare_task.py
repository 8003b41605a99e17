"""From a task of the configuration to features on disk: adapters trained or found, every set read once by each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.folder.read import read_folder
from adue.research.benchmark.adapters import ensure_adapter
from adue.research.benchmark.configuration import BenchmarkConfig, SamplingPlan, Task
from adue.research.benchmark.draw_samples import Sampler, sample_key, write_samples
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.prepared_cell import PreparedTask, SetFacts, sample_name
from adue.research.benchmark.stored_tensors import Store, digest, write_features, write_head
from adue.research.benchmark.task_rows import TRAIN, VALIDATION, TaskRows, load_task_rows
from adue.research.benchmark.timing import seconds_for
from adue.research.methods.method import Sampling
from adue.research.sampling.ensemble import load_members, member_active


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
    adapters = {seed: folders.adapter(task.model, task.data_set, seed) for seed in task.seeds}
    there = {seed: folder for seed, folder in adapters.items() if ensure_adapter(folder, task, seed, rows, train=train)}
    members = _Members(task, there)
    for seed in there:
        _Extraction(task, seed, rows, members, folders).run(sampling)
    return PreparedTask(
        model=task.model,
        data_set=task.data_set,
        seeds=tuple(there),
        sets=tuple(SetFacts(one.name, one.shifted, len(one.rows), one.available) for one in rows.evaluation),
        train_rows=len(rows.train),
    )


@dataclass(frozen=True)
class _Members:
    """The adapters of a task by seed, on one base model that is loaded when it first reads rows."""

    task: Task
    adapters: Mapping[int, Path]

    @cached_property
    def classifiers(self) -> dict[int, FrozenClassifier]:
        dtype = self.task.plan.dtype
        members = load_members(
            list(self.adapters.values()),
            base_model=self.task.base_model,
            dtype=dtype if dtype == "auto" else getattr(torch, dtype),
            device="cuda" if torch.cuda.is_available() else "cpu",
        )
        return dict(zip(self.adapters, members, strict=True))


@dataclass(frozen=True)
class _Extraction:
    """One adapter reading all sets of its task."""

    task: Task
    seed: int
    rows: TaskRows
    members: _Members
    folders: Folders

    def run(self, sampling: Mapping[Sampling, SamplingPlan]) -> None:
        missing = [name for name, key in self.keys.items() if self.store.key(name) != key]
        undrawn = [
            (kind, one)
            for kind, plan in sampling.items()
            for one in self.rows.evaluation
            if (plan.seeds is None or self.seed in plan.seeds)
            and self.store.key(sample_name(one.name, kind)) != sample_key(self.keys[one.name], plan)
        ]
        if not missing and not undrawn and self.store.key("head") == self.source:
            return
        classifier = self.members.classifiers[self.seed]
        with member_active(classifier):
            write_head(self.store, classifier.head, self.source)
            for name in missing:
                self._extract(classifier, name)
            sampler = Sampler(classifier, self.rows.train, self.seed, self.task.plan.batch_size, self.folders.features)
            for kind, one in undrawn:
                write_samples(sampler, self.store, kind, sampling[kind], one, set_key=self.keys[one.name])

    @property
    def store(self) -> Store:
        return self.folders.extraction(self.task.model, self.task.data_set, self.seed)

    @cached_property
    def source(self) -> str:
        """A digest of what reads: the adapter and the type in which it computes."""
        return digest(read_folder(self.members.adapters[self.seed]).sha256, self.task.plan.dtype)

    @cached_property
    def keys(self) -> dict[str, str]:
        """What the features of each set are made from."""
        return {name: digest(self.source, fingerprint) for name, fingerprint in self.rows.fingerprints.items()}

    def _extract(self, classifier: FrozenClassifier, name: str) -> None:
        texts, labels = self.rows.by_name[name]["text"][:], self.rows.by_name[name]["label"][:]
        batch_size = self.task.plan.batch_size
        features = extract(classifier, texts, labels, batch_size=batch_size, cache=self.folders.features)
        timed = name not in {TRAIN, VALIDATION}
        seconds = seconds_for(lambda some: extract(classifier, some, batch_size=batch_size), texts) if timed else 0.0
        write_features(self.store, name, features, self.keys[name], seconds=seconds)
