"""Data sets by name: the demo set's domains, each with the domains it can be shifted to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from datasets import DatasetDict

from adue.datasets.vader import BINARY, FIVE, load_domain, load_reviews


@dataclass(frozen=True)
class NamedDataset:
    """A data set that has a name.

    Attributes
    ----------
    description
        One line for a person.
    load
        Returns the splits, downloading them on the first call.
    shifted
        Names of data sets with the same classes from other domains, for evaluation only.
    """

    description: str
    load: Callable[[], DatasetDict]
    shifted: tuple[str, ...] = ()


DATASETS: dict[str, NamedDataset] = {
    "reviews": NamedDataset(
        "sentences of movie reviews, negative or positive; train, validation and test",
        partial(load_reviews, BINARY),
        shifted=("products", "editorials", "tweets"),
    ),
    "products": NamedDataset("sentences of product reviews; test only", partial(load_domain, "products", BINARY)),
    "editorials": NamedDataset("sentences of editorials; test only", partial(load_domain, "editorials", BINARY)),
    "tweets": NamedDataset("tweets; test only", partial(load_domain, "tweets", BINARY)),
    "reviews5": NamedDataset(
        "the sentences of reviews in five classes, very negative to very positive",
        partial(load_reviews, FIVE),
        shifted=("products5", "editorials5", "tweets5"),
    ),
    "products5": NamedDataset("the sentences of products in five classes", partial(load_domain, "products", FIVE)),
    "editorials5": NamedDataset("the editorials in five classes", partial(load_domain, "editorials", FIVE)),
    "tweets5": NamedDataset("the tweets in five classes", partial(load_domain, "tweets", FIVE)),
}
"""Every data set that can be asked for by name."""
