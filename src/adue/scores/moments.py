"""Counts, means and scatter of labelled rows that come in batches: one pass, whose memory does not grow with them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


class ClassMoments:
    """What covariances need to know of labelled rows, of any number; float64.

    Batches are merged by the rule of Chan, Golub and LeVeque (1983): every batch is centred on its own class means, so
    that no large sums are subtracted from each other where classes, or all rows, lie far from the origin.

    Attributes
    ----------
    classes
        The labels that occurred, in order.
    counts
        Rows of each of them.
    means
        The mean of each of them.
    within
        Sum of the outer products of all rows' deviations from the means of their classes.
    batches
        The rows themselves with their labels, as long as they are too few for a covariance of full rank.

    Examples
    --------
    >>> moments = ClassMoments(width=1)
    >>> moments.update(torch.tensor([[1.0], [2.0]]), torch.tensor([0, 7]))
    >>> moments.update(torch.tensor([[4.0]]), torch.tensor([7]))
    >>> moments.means.flatten().tolist(), moments.within.item()
    ([1.0, 3.0], 2.0)
    """

    def __init__(self, width: int, device: torch.device | None = None) -> None:
        self.classes = torch.empty(0, dtype=torch.int64, device=device)
        self.counts = torch.empty(0, dtype=torch.int64, device=device)
        self.means = torch.empty(0, width, dtype=torch.float64, device=device)
        self.within = torch.zeros(width, width, dtype=torch.float64, device=device)
        self.batches: list[tuple[Tensor, Tensor]] = []

    def update(self, features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]) -> None:
        """Add more rows."""
        x = features.double()
        means, index = means_by_class(x, labels)
        deviations = x - means[index]
        self.within.addmm_(deviations.T, deviations)
        self._merge(labels.unique(), index.bincount(), means)
        if self.degrees < x.shape[-1]:
            self.batches.append((x, labels))
        else:
            self.batches.clear()

    @property
    def rows(self) -> int:
        """Number of rows seen."""
        return int(self.counts.sum())

    @property
    def degrees(self) -> int:
        """Rows less classes: the rank of the scatter within classes is at most this."""
        return self.rows - len(self.classes)

    @property
    def mean(self) -> Float[Tensor, " hidden"]:
        """Mean of all rows."""
        return self.counts.double() @ self.means / self.rows

    @property
    def between(self) -> Float[Tensor, "hidden hidden"]:
        """What is to be added to the scatter within classes for that of all rows about their mean."""
        apart = self.means - self.mean
        return apart.T @ (apart * self.counts.unsqueeze(-1))

    def _merge(self, classes: Tensor, counts: Tensor, means: Tensor) -> None:
        """Move the means towards those of a batch; the scatter gains what lay between old and new."""
        self._know(classes)
        places = torch.searchsorted(self.classes, classes)
        share = (counts.double() / (self.counts[places] + counts)).unsqueeze(-1)
        apart = means - self.means[places]
        self.within.addmm_(apart.T, apart * share * self.counts[places].unsqueeze(-1))
        self.means[places] += apart * share
        self.counts[places] += counts

    def _know(self, classes: Tensor) -> None:
        known = torch.cat([self.classes, classes]).unique()
        places = torch.searchsorted(known, self.classes)
        counts, means = self.counts.new_zeros(len(known)), self.means.new_zeros(len(known), self.means.shape[-1])
        counts[places], means[places] = self.counts, self.means
        self.classes, self.counts, self.means = known, counts, means


def means_by_class(
    features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]
) -> tuple[Float[Tensor, "classes hidden"], Int[Tensor, " rows"]]:
    """Return the means of the classes that occur, in the order of their labels, and each row's place among them.

    >>> means_by_class(torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([0, 7, 7]))
    (tensor([[1.],
            [3.]]), tensor([0, 1, 1]))
    """
    classes, index = torch.unique(labels, return_inverse=True)
    sums = features.new_zeros(len(classes), features.shape[-1]).index_add_(0, index, features)
    return sums / index.bincount().unsqueeze(-1), index
