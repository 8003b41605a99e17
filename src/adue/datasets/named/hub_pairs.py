"""Data sets of the Hub that are known to be pairs of texts, and which columns they read in which order."""

from adue.datasets.hub import HubSource

_SENTENCES = ("sentence1", "sentence2")
_PREMISE = ("premise", "hypothesis")

_CONFIGURED: dict[str, dict[str, tuple[str, str]]] = {
    "glue": {
        "ax": _PREMISE, "mnli": _PREMISE, "mnli_matched": _PREMISE, "mnli_mismatched": _PREMISE, "mrpc": _SENTENCES,
        "qnli": ("question", "sentence"), "qqp": ("question1", "question2"), "rte": _SENTENCES, "stsb": _SENTENCES,
        "wnli": _SENTENCES,
    },
    "super_glue": {
        "axb": _SENTENCES, "axg": _PREMISE, "boolq": ("question", "passage"), "cb": _PREMISE, "rte": _PREMISE,
    },
}  # fmt: skip
"""By the data set's name without its owner, then by configuration."""

_WHOLE: dict[str, tuple[str, str]] = {
    "anli": _PREMISE,
    "multi_nli": _PREMISE,
    "paws": _SENTENCES,
    "paws-x": _SENTENCES,
    "snli": _PREMISE,
    "xnli": _PREMISE,
}
"""By the data set's name without its owner, for every configuration."""


def find_hub_pair(source: str) -> tuple[str, str] | None:
    """Return the columns of first and second texts of ``hf:...``; None where it is not known to be pairs.

    Examples
    --------
    >>> find_hub_pair("hf:nyu-mll/glue:qnli")
    ('question', 'sentence')
    >>> find_hub_pair("hf:glue/sst2") is None
    True
    """
    asked = HubSource.parse(source)
    name = asked.path.rpartition("/")[2]
    known = _CONFIGURED.get(name, {}).get(asked.config or "")
    return known or _WHOLE.get(name)
