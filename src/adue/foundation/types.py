"""Types that every wing shares: features of rows, the classifier's answers, and what a model returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from adue.foundation.errors import DataError

OUT_OF_SCOPE = -1
"""The label of a row that no class fits: every answer of the classifier is an error there."""

OUT_OF_SCOPE_NAME = "out-of-scope"
"""What such a row's label is called in data and reports."""


def class_ids(labels: Tensor | np.ndarray | Sequence[int]) -> Int[Tensor, " rows"]:
    """Return `labels` as int64 on the CPU.

    Raises
    ------
    DataError
        When they are not whole numbers.

    Examples
    --------
    >>> class_ids([0.0, 2.0])
    tensor([0, 2])
    """
    refused = DataError("labels must be whole numbers, the index of the class; map names with --label-map")
    try:
        given = torch.as_tensor(labels).detach().cpu()
        whole = given.to(torch.int64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise refused from error
    if not bool((whole == given).all()):
        raise refused
    return whole


PART_ROWS = 8192
"""Rows that are searched for values that are not finite at a time."""


@dataclass(frozen=True)
class FeatureSet:
    """What one frozen forward pass leaves behind, row by row.

    Attributes
    ----------
    features
        ``h(x)``, the vector that enters the classification head.
    logits
        The classifier's own logits for the same rows.
    labels
        True classes in ``[0, classes)``, OUT_OF_SCOPE where no class fits, or None where they are not known.
    truncated
        True where the text had more tokens than were read; None where that is not known.

    Raises
    ------
    DataError
        When the dimensions or the number of rows disagree, a value is not finite, or a label is out of range.

    Examples
    --------
    >>> rows = FeatureSet(torch.zeros(2, 3), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0]))
    >>> rows.errors
    tensor([False,  True])
    """

    features: Float[Tensor, "rows hidden"]
    logits: Float[Tensor, "rows classes"]
    labels: Int[Tensor, " rows"] | None = None
    truncated: Bool[Tensor, " rows"] | None = None

    def __post_init__(self) -> None:
        self._require_dimensions()
        rows = len(self.features)
        if len(self.logits) != rows or (self.labels is not None and len(self.labels) != rows):
            given = [len(self.features), len(self.logits)]
            given += [] if self.labels is None else [len(self.labels)]
            raise DataError(
                f"features, logits and labels must have one row per example; they have {given} rows: "
                "pass arrays of the same examples in the same order"
            )
        for name, values in (("features", self.features), ("logits", self.logits)):
            # In parts: a mask of all values of a million rows would be as large as they are.
            finite = torch.cat([torch.isfinite(part).all(dim=-1) for part in values.split(PART_ROWS)])
            if not bool(finite.all()):
                first = int((~finite).nonzero()[0])
                raise DataError(
                    f"the {name} hold NaN or infinite values in {int((~finite).sum())} of {rows} rows "
                    f"(first: row {first}); drop these rows, or load the model in float32 if half precision overflowed"
                )
        if self.labels is not None and rows and not self._labels_in_range(self.labels):
            raise DataError(
                f"labels must lie in 0..{self.num_labels - 1}, or be {OUT_OF_SCOPE} where no class fits; found "
                f"{int(self.labels.min())}..{int(self.labels.max())}; map the label names with --label-map, or check "
                "num_labels"
            )

    def _require_dimensions(self) -> None:
        wanted = {"features": (self.features, 2), "logits": (self.logits, 2), "labels": (self.labels, 1)}
        for name, (values, dimensions) in wanted.items():
            if values is not None and values.dim() != dimensions:
                raise DataError(
                    f"{name} must have {dimensions} dimension{'s' * (dimensions > 1)}, got shape "
                    f"{tuple(values.shape)}: features (rows, hidden), logits (rows, classes), labels (rows,)"
                )
        if self.num_labels < 2:  # noqa: PLR2004
            raise DataError(
                f"logits must have a column per class, at least two, got {self.num_labels}; "
                "for a single logit z pass the two columns 0 and z"
            )

    def _labels_in_range(self, labels: Tensor) -> bool:
        return bool((labels >= OUT_OF_SCOPE).all()) and bool((labels < self.num_labels).all())

    def __len__(self) -> int:
        return len(self.features)

    @property
    def num_labels(self) -> int:
        """Number of classes."""
        return self.logits.shape[-1]

    @property
    def texts_cut(self) -> int:
        """How many rows had more tokens than were read, as far as that is known."""
        return 0 if self.truncated is None else int(self.truncated.sum())

    @property
    def predictions(self) -> Int[Tensor, " rows"]:
        """The classifier's answer per row, ``argmax`` of the logits."""
        return self.logits.argmax(dim=-1)

    @property
    def errors(self) -> Bool[Tensor, " rows"]:
        """True where the classifier's answer is not the label, ``e(x)`` of the paper; always true out of scope.

        Raises
        ------
        DataError
            When the rows have no labels.
        """
        if self.labels is None:
            raise DataError(
                "these rows have no labels, so nobody knows which predictions are wrong; add a label column"
            )
        return self.predictions != self.labels

    def require_classes(self) -> Int[Tensor, " rows"]:
        """Return the labels of rows to learn from, each of them a class.

        Raises
        ------
        DataError
            When the rows have no labels, or no class fits some of them.

        Examples
        --------
        >>> FeatureSet(torch.zeros(2, 3), torch.eye(2), torch.tensor([0, 1])).require_classes()
        tensor([0, 1])
        """
        if self.labels is None:
            raise DataError("these rows have no labels, and nothing can be learned from them; add a label column")
        outside = int((self.labels == OUT_OF_SCOPE).sum())
        if outside:
            raise DataError(
                f"{outside} of {len(self)} rows are out of scope (label {OUT_OF_SCOPE}), and nothing can be learned "
                "from what no class fits; drop these rows, they are for evaluation only"
            )
        return self.labels

    def select(self, rows: Int[Tensor, " chosen"] | Bool[Tensor, " rows"]) -> "FeatureSet":
        """Return the set of the chosen rows, by index or by mask."""
        labels = None if self.labels is None else self.labels[rows]
        truncated = None if self.truncated is None else self.truncated[rows]
        return type(self)(self.features[rows], self.logits[rows], labels, truncated)


@dataclass(frozen=True)
class AdueOutput:
    """One forward pass: the classifier's own logits, untouched, and U in [0, 1] for the same rows."""

    logits: Float[Tensor, "rows classes"]
    uncertainty: Float[Tensor, " rows"]


@dataclass(frozen=True)
class Predictions:
    """What the classifier answers and how far to trust it, in the order of the texts.

    Attributes
    ----------
    labels
        Class ids, ``argmax`` of the classifier's logits.
    label_names
        The same by name.
    probabilities
        Softmax of the classifier's logits.
    uncertainty
        U in [0, 1]; higher means more likely wrong.
    truncated
        True where the text had more tokens than were read, so that the answer is that to its beginning.
    """

    labels: Int[np.ndarray, " rows"]
    label_names: list[str]
    probabilities: Float[np.ndarray, "rows classes"]
    uncertainty: Float[np.ndarray, " rows"]
    truncated: Bool[np.ndarray, " rows"]
