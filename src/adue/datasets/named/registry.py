"""Data sets by name: the demo set's domains and those of the comparison, each with the sets it is evaluated on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from datasets import DatasetDict

from adue.datasets.named.loaders import (
    CLINC150,
    COLA,
    NEWSGROUPS,
    NON_OVERLAP,
    OOS_TEST,
    SST2,
    SST5,
    TOXIGEN,
    TWEET_OFFENSIVE,
)
from adue.datasets.named.vader import BINARY, FIVE, load_domain, load_reviews
from adue.datasets.split_names import TEST


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
    companions
        Names of data sets to evaluate on beside the own test split that are not shifted.
    """

    description: str
    load: Callable[[], DatasetDict]
    shifted: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()


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
    "sst2": NamedDataset(
        "phrases of movie reviews, negative or positive (GLUE); the public dev set is test",
        SST2.load,
        shifted=("products", "editorials", "tweets", "reviews"),
    ),
    "sst5": NamedDataset(
        "sentences of movie reviews in five classes, very negative to very positive",
        SST5.load,
        shifted=("products5", "editorials5", "tweets5"),
    ),
    "cola": NamedDataset("sentences, acceptable English or not (GLUE); the public dev set is test", COLA.load),
    "20newsgroups": NamedDataset("posts to 20 newsgroups with their headers, split by date", NEWSGROUPS.load),
    "toxigen": NamedDataset(
        "machine-written statements about minorities, benign or toxic by human rating",
        TOXIGEN.load,
        companions=("toxigen-nonoverlap",),
    ),
    "toxigen-nonoverlap": NamedDataset(
        "the test rows of toxigen whose texts do not stand in its training rows; test only",
        partial(TOXIGEN.load_as_test, NON_OVERLAP),
    ),
    "clinc150": NamedDataset(
        "requests to an assistant, 150 intents; oos_test holds requests that none of them fits",
        CLINC150.load,
        shifted=("clinc150-oos",),
    ),
    "clinc150-oos": NamedDataset(
        "the test rows of clinc150 and oos_test, where every answer is an error; test only",
        partial(CLINC150.load_as_test, TEST, OOS_TEST),
    ),
    "tweet_offensive": NamedDataset("tweets, offensive or not (TweetEval)", TWEET_OFFENSIVE.load),
}
"""Every data set that can be asked for by name."""
