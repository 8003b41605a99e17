"""The demo set: sentences from four domains, each rated by 15 people or more (Hutto and Gilbert 2014).

Source: C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
Text", ICWSM 2014; the data lie in the source archive of vaderSentiment 0.5, under the MIT licence.
"""

import html
import io
import math
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.model_selection import train_test_split

from adue.datasets.named.archive import fetch_archive
from adue.foundation.errors import DataError

DOMAINS = {
    "reviews": "movieReviewSnippets",
    "products": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
    "tweets": "tweets",
}
"""Our name of a domain, and the archive's."""

INNER_ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
SEED = 42
_SAME_MEAN = 1e-5


@dataclass(frozen=True)
class Classes:
    """Classes cut from the mean rating: a sentence's class is the number of `cuts` that its mean lies above."""

    names: tuple[str, ...]
    cuts: tuple[float, ...]

    def of(self, means: Sequence[float]) -> list[int]:
        """Return the class id of every mean."""
        return [int(index) for index in np.searchsorted(self.cuts, means)]


BINARY = Classes(("negative", "positive"), cuts=(0.0,))
FIVE = Classes(("very negative", "negative", "neutral", "positive", "very positive"), cuts=(-2.0, -0.7, 0.7, 2.0))


@dataclass(frozen=True)
class RatedText:
    """A sentence with the mean of its ratings (-4 to 4) and their spread, None where the ratings are not its own."""

    id: str
    text: str
    mean: float
    std: float | None


def load_reviews(classes: Classes) -> DatasetDict:
    """Return 10,605 sentences of movie reviews as train, validation and test (70, 10 and 20 %).

    The splits are the same rows for every `classes`, and no text stands in two of them. Ids name no review, and
    neighbouring sentences share no more words than others, so that there are no documents to keep together.

    Raises
    ------
    DataError
        When the archive cannot be had.
    """
    rows = read_domain(fetch_archive(), "reviews")
    by_text: dict[str, list[RatedText]] = {}
    for row in rows:
        by_text.setdefault(row.text, []).append(row)
    texts = list(by_text)
    strata = FIVE.of([by_text[text][0].mean for text in texts])
    rest, test, rest_strata, _ = train_test_split(texts, strata, test_size=0.2, stratify=strata, random_state=SEED)
    train, validation = train_test_split(rest, test_size=0.125, stratify=rest_strata, random_state=SEED)
    parts = {"train": train, "validation": validation, "test": test}
    return DatasetDict(
        {name: _as_dataset([row for text in part for row in by_text[text]], classes) for name, part in parts.items()}
    )


def load_domain(domain: str, classes: Classes) -> DatasetDict:
    """Return all sentences of another domain as one split, test.

    Raises
    ------
    DataError
        When the archive cannot be had.
    """
    return DatasetDict({"test": _as_dataset(read_domain(fetch_archive(), domain), classes)})


def read_domain(archive: Path, domain: str) -> list[RatedText]:
    """Return the sentences of one of DOMAINS in the order of the archive.

    Raises
    ------
    DataError
        When the archive has not the layout that is known.
    """
    try:
        with (
            zipfile.ZipFile(archive) as outer,
            tarfile.open(fileobj=io.BytesIO(outer.read(INNER_ARCHIVE)), mode="r:gz") as inner,
        ):
            texts = _table(inner, f"{DOMAINS[domain]}_GroundTruth.txt")
            ratings = _table(inner, f"{DOMAINS[domain]}_anonDataRatings.txt")
    except (KeyError, OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DataError(f"{archive} does not hold the {domain}: {error}; delete it and fetch it again") from error
    spreads = {row[0]: (float(row[1]), float(row[2])) for row in ratings}
    return [_rate(name, text, float(mean), spreads.get(name)) for name, mean, text in texts]


def _table(archive: tarfile.TarFile, name: str) -> list[list[str]]:
    member = archive.extractfile(f"hutto_ICWSM_2014/{name}")
    if member is None:
        raise KeyError(name)
    lines = member.read().decode("utf-8-sig").split("\r\n")
    return [line.split("\t") for line in lines if line]


def _rate(name: str, text: str, mean: float, spread: tuple[float, float] | None) -> RatedText:
    """Join a sentence to its ratings.

    The two files hold the same ids (20 product sentences in another order), and the mean of the ratings found by id
    is the mean beside the text, with the exception of 199 tweets. All of these are one of the contrived sentences that
    come in several loudnesses ("Yay. Another good phone interview.", "YAY!! ..."); the mean beside the text rises with
    the loudness, that of the ratings hardly does, and no other order of rows makes the two agree. So these ratings are
    not those behind the mean, and their spread is left out.
    """
    std = spread[1] if spread is not None and math.isclose(spread[0], mean, abs_tol=_SAME_MEAN) else None
    # &amp; &lt; &gt; are traces of the web page that a sentence was taken from; some editorials were escaped twice.
    return RatedText(name, html.unescape(html.unescape(text)).strip(), mean, std)


def _as_dataset(rows: Sequence[RatedText], classes: Classes) -> Dataset:
    columns = {
        "text": [row.text for row in rows],
        "label": classes.of([row.mean for row in rows]),
        "id": [row.id for row in rows],
        "rating_mean": [row.mean for row in rows],
        "rating_std": [row.std for row in rows],
    }
    ratings = {"rating_mean": Value("float64"), "rating_std": Value("float64")}
    label = ClassLabel(names=list(classes.names))
    features = Features({"text": Value("string"), "label": label, "id": Value("string")} | ratings)
    return Dataset.from_dict(columns, features=features)
