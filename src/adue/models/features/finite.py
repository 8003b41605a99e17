"""NaN and infinity: which tensor they come from, so that no answer is made of them."""

import torch
from torch import Tensor, nn

from adue.foundation.errors import ModelError
from adue.models.features.inner import used_tensors


def require_finite_logits(logits: Tensor, model: nn.Module, adapter: str | None) -> None:
    """Refuse answers that are not numbers, and name the tensor they come from.

    Only after such an answer are the weights looked at, so that a good model costs nothing.

    Raises
    ------
    ModelError
        When a logit is NaN or infinite.
    """
    if bool(logits.isfinite().all()):
        return
    refuse_not_finite(used_tensors(model, adapter), "the model")
    raise ModelError(
        f"the model's logits are not finite in {str(logits.dtype).removeprefix('torch.')}; load it in a wider type "
        "with --dtype float32 (dtype=torch.float32)"
    )


def refuse_not_finite(tensors: dict[str, Tensor], owner: str) -> None:
    """Refuse weights with a value that is not a number.

    Raises
    ------
    ModelError
        When one of `tensors`, those of `owner`, holds NaN or infinity.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            found = "NaN" if bool(torch.isnan(tensor).any()) else "infinity"
            raise ModelError(
                f"{name} of {owner} holds {found}: training diverged, or the file is damaged; train again with a lower "
                "learning rate, or take an earlier checkpoint"
            )
