"""What tokenizer and model have to agree on: the padding token, and the length of a text."""

from typing import Any

from transformers import PreTrainedTokenizerBase

from adue.foundation.errors import ModelError
from adue.models.features.architectures import LAYOUTS, pad_token_id


def require_padding_token(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that cannot make a batch.

    Raises
    ------
    ModelError
        When it has no padding token.
    """
    if tokenizer.pad_token_id is None:
        raise ModelError("the tokenizer has no padding token; set tokenizer.pad_token = tokenizer.eos_token")


def refuse_other_padding(inner: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that pads with another token than the model takes for padding, where that decides an answer.

    Raises
    ------
    ModelError
        When it does, or cannot pad at all.
    """
    require_padding_token(tokenizer)
    layout, known = LAYOUTS.get(inner.config.model_type), pad_token_id(inner.config)
    if layout is not None and layout.pool == "last" and known != tokenizer.pad_token_id:
        raise ModelError(
            f"the tokenizer pads with token {tokenizer.pad_token_id}, the model takes {known} for padding and would "
            "read the wrong token; set model.config.pad_token_id = tokenizer.pad_token_id before training and loading"
        )


def token_limit(inner: Any, tokenizer: PreTrainedTokenizerBase, max_length: int | None, most: int = 512) -> int:
    """Return the longest input in tokens: as asked, else what model and tokenizer allow, `most` at most.

    Raises
    ------
    ModelError
        When more is asked for than model and tokenizer allow.
    """
    allowed = int(tokenizer.model_max_length)
    positions = getattr(inner.config.get_text_config(), "max_position_embeddings", None)
    if positions:
        # RoBERTa counts positions from pad_token_id + 1.
        offset = (pad_token_id(inner.config) or 0) + 1 if "roberta" in inner.config.model_type else 0
        allowed = min(allowed, positions - offset)
    # A tokenizer asked for fewer than its own marks and one more does not cut at all.
    least = tokenizer.num_special_tokens_to_add() + 1
    if max_length is not None and not least <= max_length <= allowed:
        raise ModelError(f"max_length {max_length} is not in {least}..{allowed}, what this model and tokenizer allow")
    return max_length or min(allowed, most)
