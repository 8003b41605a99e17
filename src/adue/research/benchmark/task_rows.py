"""The texts of one task: what the adapter learns from, what chooses its epoch, and every set it is evaluated on."""

from dataclasses import dataclass

from datasets import Dataset

from adue.datasets import LabelledSplits, fingerprint, has_pairs, load_splits, subsample
from adue.foundation.errors import DataError
from adue.research.benchmark.configuration import Task

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class EvaluationSet:
    """Rows to evaluate on, and whether they come from another domain than the training rows."""

    name: str
    rows: Dataset
    shifted: bool
    available: int
    """Rows there were before subsampling."""


@dataclass(frozen=True)
class TaskRows:
    """Everything that is read for one model on one data set; the same for all seeds."""

    train: Dataset
    validation: Dataset
    evaluation: tuple[EvaluationSet, ...]
    id2label: dict[int, str]

    @property
    def by_name(self) -> dict[str, Dataset]:
        """All sets, the train and validation rows among them."""
        return {TRAIN: self.train, VALIDATION: self.validation} | {one.name: one.rows for one in self.evaluation}

    @property
    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of the texts and labels of each set."""
        return {name: fingerprint(rows) for name, rows in self.by_name.items()}


def load_task_rows(task: Task, evaluation_rows: int | None) -> TaskRows:
    """Return the subsampled rows of a task: the in-domain test set first, then its companions and the shifted sets.

    Rows of a shifted set whose text stands among the train or validation rows are left out: two data sets of one
    domain may be cut from the same texts.

    Raises
    ------
    DataError
        When a set cannot be loaded, or its labels are not those of the in-domain set.
    """
    own = load_splits(task.source, need=("train", "validation", "test"))
    shifted = {name: name for name in own.shifted} if task.data.shifted is None else task.data.shifted
    if has_pairs(own["test"]):
        raise DataError(f"{task.source} is pairs of texts, and the benchmark compares classifiers of single texts")
    sets = [(task.data_set, own["test"], False)]
    sets += [(name, _load_other(name, own), False) for name in own.companions]
    sets += [(name, _load_other(source, own), True) for name, source in shifted.items()]
    train = subsample(own["train"], task.choices.train_rows)
    validation = subsample(own["validation"], task.choices.validation_rows)
    seen = {_bare(text) for rows in (train, validation) for text in rows["text"][:]}
    evaluation = []
    for name, rows, is_shifted in sets:
        chosen = subsample(rows, evaluation_rows)
        if is_shifted:
            chosen = chosen.select([row for row, text in enumerate(chosen["text"][:]) if _bare(text) not in seen])
        evaluation.append(EvaluationSet(name, chosen, is_shifted, len(rows)))
    return TaskRows(
        train=train,
        validation=validation,
        evaluation=tuple(evaluation),
        id2label={index: name for name, index in own.label2id.items()},
    )


def _bare(text: str) -> str:
    """Return the letters and digits of a text, without case: what two copies of it have in common."""
    return "".join(filter(str.isalnum, text.casefold()))


def _load_other(source: str, own: LabelledSplits) -> Dataset:
    return load_splits(source, need=("test",), label2id=own.label2id)["test"]
