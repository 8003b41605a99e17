"""What a benchmark compares, as one validated file: models, data sets, seeds, methods."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from adue.foundation.config import FrozenConfig, Seed
from adue.foundation.config.keys import BY_HAND, read_yaml, refuse_unknown_key, unknown_keys
from adue.foundation.defaults import LEAST_RESAMPLES, RESAMPLES
from adue.foundation.errors import DataError
from adue.research.methods.method import Sampling
from adue.scores import REFERENCE
from adue.training import TrainingSettings

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Rows = Annotated[int, Field(gt=0)]


def _names_as_sources(names: Any) -> Any:
    return {name: name for name in names} if isinstance(names, list | tuple) else names


class Choices(FrozenConfig):
    """What can be said of a model, of a data set, and of one on the other; the more special word counts.

    Attributes
    ----------
    train_rows, validation_rows
        How many rows are drawn (stratified, seed 42); by default all.
    training
        Settings of `adue.training.TrainingSettings` that differ from its defaults.
    seeds
        Seeds of the adapters; by default those of the whole benchmark.
    """

    train_rows: Rows | None = None
    validation_rows: Rows | None = None
    training: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[Seed, ...] | None = Field(default=None, min_length=1)

    @field_validator("training")
    @classmethod
    def _check_training_keys(cls, training: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = TrainingSettings.model_fields
        if info.context == BY_HAND and (unknown := unknown_keys(training, known)):
            refuse_unknown_key(unknown[0], known)
        return training

    def overlay(self, other: "Choices") -> "Choices":
        """Return these choices with those that `other` makes in their place."""
        said = {name: getattr(other, name) for name in other.model_fields_set & set(Choices.model_fields)}
        mine = {name: getattr(self, name) for name in self.model_fields_set & set(Choices.model_fields)}
        return Choices(**(mine | said | {"training": self.training | other.training}))


class ModelPlan(Choices):
    """A base model; `base_model` is a folder, hub id or packaged name, by default the model's name in the file.

    `data_sets` names those it runs on, by default all.
    """

    base_model: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    batch_size: int = Field(default=32, gt=0)
    data_sets: tuple[str, ...] | None = Field(default=None, min_length=1)


class DataPlan(Choices):
    """A data set; `source` is what ``--data`` takes elsewhere, by default its name in the file.

    `shifted` says where evaluation sets from other domains are loaded from, by the names they have in the tables; a
    list is enough where both are the same. By default those that the registry knows.
    """

    source: str | None = None
    shifted: Annotated[dict[Name, str], BeforeValidator(_names_as_sources)] | None = None


class SamplingPlan(FrozenConfig):
    """How much is spent on methods that need more than one forward pass.

    Attributes
    ----------
    passes
        Samples per row.
    seeds
        The adapters for which it is done at all; by default all.
    rows
        Rows of each evaluation set for which it is done; by default all that are evaluated.
    """

    passes: int = Field(default=20, gt=1)
    seeds: tuple[Seed, ...] | None = None
    rows: Rows | None = None


@dataclass(frozen=True)
class Task:
    """A model on a data set, with all its seeds; `choices` is what model, data set and cell say together."""

    model: str
    data_set: str
    plan: ModelPlan
    data: DataPlan
    choices: Choices
    seeds: tuple[int, ...]

    @property
    def base_model(self) -> str:
        """What the base model is loaded from."""
        return self.plan.base_model or self.model

    @property
    def source(self) -> str:
        """What the data is loaded from."""
        return self.data.source or self.data_set

    def settings(self, seed: int) -> TrainingSettings:
        """Return how the adapter of this seed is trained."""
        return TrainingSettings.from_dict(self.choices.training | {"seed": seed})


class BenchmarkConfig(FrozenConfig):
    """The file that ``adue benchmark`` reads.

    Attributes
    ----------
    cells
        Choices for one model on one data set, by ``model/data_set``.
    evaluation_rows
        Most rows of each evaluation set (stratified, seed 42); by default all.
    methods
        Names of methods and of groups of them; the softmax response is always among them.
    resamples
        Bootstrap draws behind each paired interval.
    """

    models: dict[Name, ModelPlan] = Field(min_length=1)
    data_sets: dict[Name, DataPlan] = Field(min_length=1)
    cells: dict[str, Choices] = Field(default_factory=dict)
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1)
    evaluation_rows: Rows | None = None
    methods: tuple[str, ...] = Field(default=("single-pass",), min_length=1)
    sampling: dict[Sampling, SamplingPlan] = Field(default_factory=dict)
    resamples: int = Field(default=RESAMPLES, ge=LEAST_RESAMPLES)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the configuration in a YAML file.

        Raises
        ------
        DataError
            When there is no such file, it is not YAML, a key is unknown, or a value is missing or out of range.
        """
        values = read_yaml(path)
        if not isinstance(values, dict):
            raise DataError(f"{path} must say which models and data_sets to compare; see docs/benchmark.md")
        for part in ("models", "data_sets", "cells"):
            if isinstance(values.get(part), dict):
                # 'sst2:' with nothing behind it means the defaults.
                values[part] = {str(name): {} if said is None else said for name, said in values[part].items()}
        return cls.from_dict(values, file=path)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for name, plan in self.models.items():
            for data_set in plan.data_sets or ():
                if data_set not in self.data_sets:
                    raise ValueError(f"model {name} runs on {data_set}, which is not among the data_sets")
        tasks = {f"{model}/{data_set}" for model, data_set in self._pairs()}
        for cell in self.cells:
            if cell not in tasks:
                raise ValueError(f"there is no cell '{cell}'; cells are called model/data_set")
        return self

    @property
    def tasks(self) -> list[Task]:
        """Every model on every data set it runs on, in the order of the file.

        Raises
        ------
        DataError
            When a training setting is unknown or out of range.
        """
        tasks = [self._task(model, data_set) for model, data_set in self._pairs()]
        for task in tasks:
            for seed in task.seeds:
                task.settings(seed)
        return tasks

    @property
    def asked_methods(self) -> tuple[str, ...]:
        """Names and groups of `methods`, the softmax response first."""
        return (REFERENCE, *(name for name in self.methods if name != REFERENCE))

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for model, plan in self.models.items():
            for data_set in self.data_sets:
                if plan.data_sets is None or data_set in plan.data_sets:
                    yield model, data_set

    def _task(self, model: str, data_set: str) -> Task:
        plan, data = self.models[model], self.data_sets[data_set]
        special = self.cells.get(f"{model}/{data_set}", Choices())
        choices = Choices().overlay(plan).overlay(data).overlay(special)
        return Task(model, data_set, plan, data, choices, choices.seeds or self.seeds)
