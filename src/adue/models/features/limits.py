"""What tokenizer and model have to agree on: the padding token, and the length of a text."""

from typing import Any

from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading, TokenLimit
from adue.foundation.errors import ModelError
from adue.models.features.architectures import LAYOUTS, pad_token_id
from adue.models.folder.limits import own_limit


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


def token_limit(inner: Any, tokenizer: PreTrainedTokenizerBase, asked: int | TokenLimit | None) -> TokenLimit:
    """Return how many tokens of a text are read: as asked, else what model and tokenizer allow.

    Raises
    ------
    ModelError
        When more is asked for than model and tokenizer allow, or so little that nothing of a text is left.
    """
    own = own_limit(int(tokenizer.model_max_length), inner.config.get_text_config().to_dict())
    if asked is None:
        return own
    limit = TokenLimit(tokens=asked, source="max_length as asked") if isinstance(asked, int) else asked
    # A tokenizer asked for fewer than its own marks and one more does not cut at all.
    least = tokenizer.num_special_tokens_to_add() + 1
    if limit.tokens < least or (own.most is not None and limit.tokens > own.most):
        allowed = f"{least} or more" if own.most is None else f"{least}..{own.most}"
        raise ModelError(f"max_length {limit.tokens} is not in {allowed}, what this model and tokenizer allow")
    return limit.model_copy(update={"most": own.most})


def at_most(limit: TokenLimit, tokens: int, source: str) -> TokenLimit:
    """Return `limit`, or one of `tokens` where that is less."""
    return limit if limit.tokens <= tokens else limit.model_copy(update={"tokens": tokens, "source": source})


def window_stride(limit: TokenLimit, tokenizer: PreTrainedTokenizerBase, reading: Reading) -> int | None:
    """Return how many tokens a window shares with the one before it; None where long texts are cut.

    By default it is a quarter of a window, so that what stands at the edge of one is well inside another.

    Raises
    ------
    ModelError
        When a window would hold no new token.
    """
    if reading.long_texts == "cut":
        return None
    most = limit.tokens - tokenizer.num_special_tokens_to_add() - 1
    if reading.stride is None:
        return min(limit.tokens // 4, most)
    if reading.stride > most:
        raise ModelError(
            f"windows of {limit.tokens} tokens cannot share {reading.stride} of them; give --stride {most} or less"
        )
    return reading.stride
