"""How many tokens of a text are read, from what files and configurations say; without torch or transformers.

The order of the sources: an option; the head, which was fitted so; the record of training; then the smaller one of what
the tokenizer says and what the model has positions for. Where nobody names a limit it is UNNAMED.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adue.foundation.config import TokenLimit
from adue.models.folder.file_names import CONFIG_FILE, MODEL_CONFIG_FILE, TRAINING_FILE

UNNAMED = 4096
"""Tokens that are read where neither model nor tokenizer names a limit: attention over more may take all memory."""

_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "seq_length")
"""What configurations call the number of positions."""

_COUNT_FROM_PADDING = frozenset(
    {
        "camembert",
        "data2vec-text",
        "esm",
        "ibert",
        "lilt",
        "longformer",
        "luke",
        "markuplm",
        "mpnet",
        "roberta",
        "roberta-prelayernorm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    }
)
"""Models whose first position is that behind the padding token's id, so that fewer tokens fit."""

_TOKENIZER_CONFIG = "tokenizer_config.json"
_ENDLESS = 10**9
"""From here on a tokenizer's limit stands for none; transformers writes 1e30."""


def recorded_limit(head: int | None, training: int | None) -> TokenLimit | None:
    """Return the length that the head was fitted with, else that of training; None where neither is known."""
    known = ((head, CONFIG_FILE), (training, TRAINING_FILE))
    return next((TokenLimit(tokens=tokens, source=source) for tokens, source in known if tokens), None)


def own_limit(tokenizer_says: int | None, config: Mapping[str, Any]) -> TokenLimit:
    """Return what tokenizer and model allow.

    Parameters
    ----------
    tokenizer_says
        Its ``model_max_length``.
    config
        The model's ``config.json``.

    Examples
    --------
    >>> str(own_limit(10**30, {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}))
    'up to 512 tokens, from the model, config.json'
    """
    known = (
        (tokenizer_says, f"the tokenizer, {_TOKENIZER_CONFIG}"),
        (_positions(config), f"the model, {MODEL_CONFIG_FILE}"),
    )
    found = [
        TokenLimit(tokens=tokens, source=source, most=tokens)
        for tokens, source in known
        if tokens is not None and 0 < tokens < _ENDLESS
    ]
    unnamed = TokenLimit(tokens=UNNAMED, source="adue: neither model nor tokenizer names a limit")
    return min(found, key=lambda limit: limit.tokens, default=unnamed)


def limit_in_files(folder: Path, base_model: str | None, recorded: TokenLimit | None) -> TokenLimit | None:
    """Return how much of a text is read with the classifier in `folder`; None where files that say it are not here.

    Parameters
    ----------
    base_model
        Of the adapter; None where `folder` holds a whole model.
    recorded
        What :func:`recorded_limit` found.
    """
    if recorded is not None:
        return recorded
    base = folder if base_model is None else Path(base_model).expanduser()
    config = _read(base / MODEL_CONFIG_FILE)
    if not config:
        return None
    text = config.get("text_config")
    tokenizer = _read(folder / _TOKENIZER_CONFIG) or _read(base / _TOKENIZER_CONFIG)
    says = tokenizer.get("model_max_length")
    return own_limit(int(says) if isinstance(says, int | float) else None, text if isinstance(text, dict) else config)


def _positions(config: Mapping[str, Any]) -> int | None:
    positions: int | None = next((config[name] for name in _POSITIONS if isinstance(config.get(name), int)), None)
    if positions is None or config.get("model_type") not in _COUNT_FROM_PADDING:
        return positions
    return positions - (config.get("pad_token_id") or 0) - 1


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
