"""The vocabulary, as the tokenizer and the embeddings have it: a token without an embedding has no answer."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from adue.foundation.errors import ModelError

_SHOWN = 4
"""Tokens that an error lists at most."""


def embedding_rows(model: PreTrainedModel) -> int:
    """Return for how many tokens `model` has an embedding."""
    return len(cast("Tensor", model.get_input_embeddings().weight))


def resize_embeddings(model: PreTrainedModel, saved: Mapping[str, int]) -> None:
    """Give `model` the rows that its embeddings have in an adapter, which then fills all of them.

    Parameters
    ----------
    saved
        Rows of the matrices that the adapter holds, by the name of their module in the model.

    Raises
    ------
    ModelError
        When the adapter holds resized embeddings and the output layer, which follows their size, is left to chance.
    """
    layer = model.get_input_embeddings()
    rows = saved.get(_path(model, layer) or "")
    if rows is None or rows == embedding_rows(model):
        return
    output = model.get_output_embeddings()
    if output is not None and output.weight is not layer.weight and _path(model, output) not in saved:
        raise ModelError(
            f"the adapter holds {rows} embeddings, its base model {embedding_rows(model)}, and the output layer for "
            "the new ones was not saved; save the adapter again with save_embedding_layers=True"
        )
    model.resize_token_embeddings(rows, mean_resizing=False)


def refuse_tokens_without_embedding(tokenizer: PreTrainedTokenizerBase, embeddings: int, owner: str) -> None:
    """Refuse a tokenizer that may answer with a token that the model does not know.

    A padding token that was added to the tokenizer alone is not one of them: another one is going to pad.

    Raises
    ------
    ModelError
        When it has a token beyond the model's `embeddings`.
    """
    if len(tokenizer) <= embeddings and max(tokenizer.added_tokens_decoder, default=0) < embeddings:
        return
    known = tokenizer.get_vocab().items()
    beyond = sorted((i, token) for token, i in known if i >= embeddings and i != tokenizer.pad_token_id)
    if not beyond:
        return
    shown = ", ".join(f"'{token}'" for _, token in beyond[:_SHOWN])
    raise ModelError(
        f"the tokenizer of {owner} has {len(tokenizer):,} tokens, the model has embeddings for {embeddings:,}: "
        f"{shown}{' ...' if len(beyond) > _SHOWN else ''} would have none; save the tokenizer that the classifier was "
        "trained with, or the adapter again with save_embedding_layers=True"
    )


def _path(model: PreTrainedModel, layer: nn.Module) -> str | None:
    return next((name for name, module in model.named_modules() if module is layer), None)
