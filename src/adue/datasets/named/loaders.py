"""The public data sets of the comparison: from ADUE_DATA_DIR where a copy lies there, else from their homes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import datasets
import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, concatenate_datasets
from sklearn.datasets import fetch_20newsgroups

from adue.datasets.hub import load_hub
from adue.datasets.named.local import VARIABLE, local_folder, read_local
from adue.datasets.split_names import TEST, TRAIN
from adue.datasets.splits import rename_splits
from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE_NAME

OOS_TEST = "oos_test"
"""The split of clinc150 with texts that no class fits."""

OOS_INTENT = "oos"
"""What the Hub's copy of clinc150 calls these texts, as if it were an intent."""

NON_OVERLAP = "test_nonoverlap"
"""The test rows of toxigen whose texts do not stand in its training rows."""

TOXIC_ABOVE = 5.5
"""A text of toxigen is toxic where toxicity_ai + toxicity_human is larger."""


@dataclass(frozen=True)
class PublicDataset:
    """A data set that others have published.

    Attributes
    ----------
    name
        Ours, and that of its folder in ADUE_DATA_DIR.
    download
        Returns the splits of its home with the columns text and label, a ClassLabel.
    classes
        Their names in the order of the ids; None where a local copy must name them.
    """

    name: str
    download: Callable[[], DatasetDict]
    classes: tuple[str, ...] | None = None

    def load(self) -> DatasetDict:
        """Return the splits of the local copy, else of the data set's home, which is downloaded on the first call.

        Raises
        ------
        DataError
            When there is no local copy and the download fails.
        """
        folder = local_folder(self.name)
        if folder is not None:
            return read_local(folder, self.classes)
        try:
            return self.download()
        except DataError as error:
            raise DataError(f"{error}; or put a copy into the folder '{self.name}' of {VARIABLE}") from error

    def load_as_test(self, *splits: str) -> DatasetDict:
        """Return one split, test, of all rows of `splits`.

        Raises
        ------
        DataError
            When the data set cannot be had or lacks one of `splits`.
        """
        loaded = self.load()
        for split in splits:
            if split not in loaded:
                raise DataError(
                    f"{self.name} has no {split} split (it has: {', '.join(loaded)}); add a file {split}.jsonl"
                )
        return DatasetDict({TEST: concatenate_datasets([loaded[split] for split in splits])})


def _load_labelled(source: str, text_column: str, classes: Sequence[str]) -> DatasetDict:
    """Return what the Hub has as it is; its labels have the ids of `classes`."""
    loaded = _load(source, {text_column, "label"})
    return DatasetDict({split: _rows(rows[text_column], rows["label"], classes) for split, rows in loaded.items()})


def _toxigen(classes: Sequence[str]) -> DatasetDict:
    loaded = _load("hf:toxigen/toxigen-data:annotated", {"text", "toxicity_ai", "toxicity_human"})
    splits = DatasetDict({split: _rows(rows["text"], _toxic(rows), classes) for split, rows in loaded.items()})
    seen = set(map(_plain, splits[TRAIN]["text"]))
    fresh = [row for row, text in enumerate(splits[TEST]["text"]) if _plain(text) not in seen]
    return DatasetDict(splits | {NON_OVERLAP: splits[TEST].select(fresh)})


def _toxic(rows: Dataset) -> list[int]:
    """Return 1 where a text is toxic, 0 where it is not, -1 where a rating is missing."""
    ai, human = (np.array(rows[column][:], dtype=float) for column in ("toxicity_ai", "toxicity_human"))
    labels: list[int] = np.where(np.isnan(ai + human), -1, ai + human > TOXIC_ABOVE).tolist()
    return labels


def _plain(text: str) -> str:
    """Return a text without what makes no difference to a reader: case and spaces."""
    return " ".join(text.lower().split())


def _clinc150() -> DatasetDict:
    """Return the rows of the 150 intents; the out-of-scope rows of test are a split of their own, others left out."""
    loaded = _load("hf:clinc/clinc_oos:plus", {"text", "intent"})
    names = loaded[TRAIN].features["intent"].names
    classes = [name for name in names if name != OOS_INTENT]
    ids = [classes.index(name) if name in classes else len(classes) for name in names]
    splits = DatasetDict(
        {
            split: _rows(rows["text"], [ids[intent] for intent in rows["intent"]], [*classes, OUT_OF_SCOPE_NAME])
            for split, rows in loaded.items()
        }
    )
    within = {split: np.array(rows["label"][:]) < len(classes) for split, rows in splits.items()}
    kept = {split: rows.select(np.flatnonzero(within[split])) for split, rows in splits.items()}
    return DatasetDict(kept | {OOS_TEST: splits[TEST].select(np.flatnonzero(~within[TEST]))})


def _newsgroups() -> DatasetDict:
    """Return the by-date split with headers, footers and quotes, as scikit-learn fetches it by default."""
    splits = DatasetDict()
    for split in (TRAIN, TEST):
        try:
            found = fetch_20newsgroups(
                subset=split, shuffle=False, download_if_missing=not datasets.config.HF_HUB_OFFLINE
            )
        except OSError as error:
            raise DataError(
                f"cannot fetch 20newsgroups with scikit-learn: {error}; connect to the network once"
            ) from error
        splits[split] = _rows(found.data, found.target.tolist(), found.target_names)
    return splits


def _load(source: str, columns: set[str]) -> DatasetDict:
    """Return the splits that the Hub has, which must have these columns."""
    loaded = rename_splits(load_hub(source))
    for split, rows in loaded.items():
        missing = columns - set(rows.column_names)
        if missing:
            raise DataError(
                f"'{source}', {split} has no column {', '.join(sorted(missing))} (it has: "
                f"{', '.join(rows.column_names)}): its layout has changed; write its rows to files of your own"
            )
    return loaded


def _rows(texts: Iterable[str], labels: Iterable[int], classes: Sequence[str]) -> Dataset:
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(classes))})
    return Dataset.from_dict({"text": list(texts), "label": list(labels)}, features=features)


_TWO = ("negative", "positive")
_FIVE = ("very negative", "negative", "neutral", "positive", "very positive")
_ACCEPTABLE = ("unacceptable", "acceptable")
_TOXIC = ("benign", "toxic")
_OFFENSIVE = ("non-offensive", "offensive")

SST2 = PublicDataset("sst2", partial(_load_labelled, "hf:nyu-mll/glue:sst2", "sentence", _TWO), _TWO)
SST5 = PublicDataset("sst5", partial(_load_labelled, "hf:SetFit/sst5", "text", _FIVE), _FIVE)
COLA = PublicDataset("cola", partial(_load_labelled, "hf:nyu-mll/glue:cola", "sentence", _ACCEPTABLE), _ACCEPTABLE)
TOXIGEN = PublicDataset("toxigen", partial(_toxigen, _TOXIC), _TOXIC)
TWEET_OFFENSIVE = PublicDataset(
    "tweet_offensive", partial(_load_labelled, "hf:cardiffnlp/tweet_eval:offensive", "text", _OFFENSIVE), _OFFENSIVE
)
CLINC150 = PublicDataset("clinc150", _clinc150)
NEWSGROUPS = PublicDataset("20newsgroups", _newsgroups)
