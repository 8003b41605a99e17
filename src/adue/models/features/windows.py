"""A text that was read in windows answers as the most confident of them does."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from jaxtyping import Float
from torch import Tensor


def deciding_windows(logits: Float[Tensor, "windows classes"], counts: Sequence[int]) -> list[int]:
    """Return which window decides for each text: the one most sure of its own answer, of equal ones the first.

    Parameters
    ----------
    logits
        Of the windows of all texts, one after the other.
    counts
        Windows of each text.

    Examples
    --------
    >>> import torch
    >>> deciding_windows(torch.tensor([[0.0, 1.0], [5.0, 0.0], [0.0, 0.0]]), [2, 1])
    [1, 2]
    """
    confidence = logits.double().log_softmax(dim=-1).amax(dim=-1)
    ends = accumulate(counts, initial=0)
    return [start + int(confidence[start:end].argmax()) for start, end in pairwise(ends)]
