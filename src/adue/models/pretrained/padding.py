"""The padding token, on which tokenizer and model have to agree: it decides which token of a text is the last one."""

import warnings
from typing import Any

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from adue.foundation.errors import DataWarning, ModelError


def agree_on_padding(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, embeddings: int, owner: str, *, own_tokenizer: bool
) -> None:
    """Let `tokenizer` and `model` pad with one token, that of whichever of the two was saved with the classifier.

    Parameters
    ----------
    embeddings
        Rows of the model's embeddings: a token beyond them is not used.
    owner
        Whose tokenizer it is, in words.
    own_tokenizer
        Whether the tokenizer was saved with an adapter; its padding token then goes before the base model's.

    Raises
    ------
    ModelError
        When there is no token to pad with.

    Warns
    -----
    DataWarning
        When neither names a padding token that has an embedding, and another token stands in.
    """
    named = {
        "tokenizer": _within(tokenizer.pad_token_id, tokenizer, embeddings),
        "model": _within(getattr(model.config.get_text_config(), "pad_token_id", None), tokenizer, embeddings),
    }
    order = _order(model, own_tokenizer=own_tokenizer)
    chosen = next((named[one] for one in order if named[one] is not None), None)
    if chosen is None:
        chosen = _guess(tokenizer, embeddings, owner)
    if tokenizer.pad_token_id != chosen:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(chosen)
    for config in (model.config, model.config.get_text_config()):
        config.pad_token_id = chosen


def _order(model: PreTrainedModel, *, own_tokenizer: bool) -> tuple[str, str]:
    """Return whose padding token goes first.

    RoBERTa and its kin count positions from the padding token that the model was built with. A decoder (its head is
    called score) pools by ``config.pad_token_id``, which training takes from the tokenizer, so that the tokenizer
    saved with an adapter knows better than the base's configuration. Elsewhere padding is masked and decides nothing.
    """
    if any(_counts_from_padding(name, module) for name, module in model.named_modules()):
        return "model", "tokenizer"
    if hasattr(model, "score") and not own_tokenizer:
        return "model", "tokenizer"
    return "tokenizer", "model"


def _counts_from_padding(name: str, module: nn.Module) -> bool:
    return isinstance(module, nn.Embedding) and "position" in name and module.padding_idx is not None


def _guess(tokenizer: PreTrainedTokenizerBase, embeddings: int, owner: str) -> int:
    stand_ins = {"end": tokenizer.eos_token_id, "unknown": tokenizer.unk_token_id}
    for called, index in stand_ins.items():
        usable = _within(index, tokenizer, embeddings)
        if usable is not None:
            token = tokenizer.convert_ids_to_tokens(usable)
            warnings.warn(
                f"{owner} names no padding token with an embedding, so the {called} token '{token}' is taken for one; "
                "where another was used in training, save that tokenizer with the model",
                DataWarning,
                stacklevel=2,
            )
            return usable
    raise ModelError(
        f"the tokenizer of {owner} has no padding, end or unknown token within the model's {embeddings} embeddings; "
        "set pad_token in its tokenizer_config.json"
    )


def _within(index: Any, tokenizer: PreTrainedTokenizerBase, embeddings: int) -> int | None:
    """Return `index` where it is a token that has an embedding."""
    known = isinstance(index, int) and 0 <= index < embeddings
    return index if known and tokenizer.convert_ids_to_tokens(index) is not None else None
