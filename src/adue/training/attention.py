"""Attention over short texts on a processor, where the plain formula is quicker to differentiate than torch's kernel.

The kernel that never holds a whole attention matrix is made for long texts. On a processor its backward pass over a few
dozen tokens takes longer than the matrix products around it, and with dropout it is not used at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from adue.training.dropout import quick_dropout

NAME = "adue_short"
SHORT = 128
"""In tokens. The attention matrices of longer texts would take more memory than everything else."""


@contextmanager
def short_attention(model: PreTrainedModel) -> Iterator[None]:
    """Compute attention over texts of up to SHORT tokens plainly in the block; the results are equal up to rounding.

    Only where the model lies on a processor and leaves its attention to torch's kernels.
    """
    before = model.config._attn_implementation  # noqa: SLF001 - transformers has no other name for it
    if before != "sdpa" or model.device.type != "cpu":
        yield
        return
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Return the attended values, of shape (rows, tokens, heads, size), and None in place of the weights.

    Parameters
    ----------
    query
        Of shape (rows, heads, tokens, size).
    key, value
        Of the same shape, or with fewer heads, each of which serves several of the query's.
    attention_mask
        Broadcast to (rows, heads, tokens, tokens): True where a token is looked at, or what is added to the scores.
    """
    tokens, size = query.shape[-2:]
    if tokens > SHORT or key.shape[-2] != tokens or options.get("position_bias") is not None:
        attended: tuple[Tensor, None] = sdpa_attention_forward(
            module,
            query,
            key,
            value,
            attention_mask,
            dropout=dropout,
            scaling=scaling,
            is_causal=is_causal,
            **options,
        )
        return attended
    rows, groups = key.shape[:2]
    # Heads that share keys and values stand below each other in one matrix, so that nothing is copied for them.
    stacked = query.reshape(rows, groups, -1, size) * (size**-0.5 if scaling is None else scaling)
    scores = (stacked @ key.transpose(-1, -2)).view(rows, -1, tokens, tokens)
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    # In bfloat16 torch's softmax is slower, unless the rows fill whole registers, and less exact.
    exact = torch.promote_types(scores.dtype, torch.float32)
    weights = quick_dropout(_mask(scores, attention_mask, causal=causal).softmax(-1, dtype=exact), dropout)
    attended_heads = weights.to(value.dtype).view(rows, groups, -1, tokens) @ value
    return attended_heads.view(rows, -1, tokens, value.shape[-1]).transpose(1, 2).contiguous(), None


def _mask(scores: Tensor, mask: Tensor | None, *, causal: bool) -> Tensor:
    if mask is None:
        if not causal:
            return scores
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask.dtype != torch.bool:
        return scores + mask
    return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
