"""The frozen language model that answers by a letter: the letters' logits after the prompt are the classes."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading, TokenLimit
from adue.foundation.errors import DataError, ModelError
from adue.models.features.architectures import Layout, read_head
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import active_adapter, classification_model
from adue.models.features.limits import at_most, require_padding_token, token_limit
from adue.models.pretrained.tokens import Encoding

POSITIONS = "logits_to_keep"
"""The argument by which language models of transformers compute logits at some positions only."""

_LONGEST = 4096
"""Tokens of a prompt, where nobody says and the model would allow more."""

_ROWS = re.compile(r"(?P<path>.+)\[(?P<rows>\d+(, \d+)*)\]")


def answer_tokens(
    tokenizer: PreTrainedTokenizerBase, choices: Sequence[str], prompt_end: str = "Answer:"
) -> tuple[int, ...]:
    """Return the token by which each choice goes on after a prompt, found by asking the tokenizer.

    After ``Answer:`` an answer begins with a space (`` A``) where that is a single token, after a line break (and so
    an open turn of a chat) it does not.

    Parameters
    ----------
    choices
        At least two short answers, such as the letters ``A``, ``B``, ``C``, ``D``.
    prompt_end
        What every prompt ends with.

    Raises
    ------
    ModelError
        When there is no way by which each choice is one token of its own.
    """
    spaces = ("",) if prompt_end[-1:].isspace() else (" ", "")
    for space in spaces:
        found = [_next_tokens(tokenizer, prompt_end, f"{space}{choice}") for choice in choices]
        tokens = tuple(ids[0] for ids in found if len(ids) == 1)
        if len(tokens) == len(choices) == len(set(tokens)):
            return tokens
    raise ModelError(
        f"the choices {', '.join(map(repr, choices))} are not one token each after {prompt_end!r} for this tokenizer; "
        "use letters, one per choice, and end prompts without a space"
    )


def _next_tokens(tokenizer: PreTrainedTokenizerBase, prompt_end: str, answer: str) -> list[int]:
    """Return the tokens that `answer` adds; none where it changes how the prompt itself is read."""
    before, after = (
        tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt_end, prompt_end + answer)
    )
    return list(after[len(before) :]) if after[: len(before)] == before else []


@dataclass(frozen=True)
class FrozenAnswerer(FrozenClassifier):
    """A causal language model that is only ever read; its inputs are prompts, its classes a few of its tokens."""

    probes: ClassVar[Sequence[Any]] = ("Answer:", "Is it? Answer:")

    @classmethod
    def answering(
        cls,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        tokens: Sequence[int],
        max_length: int | TokenLimit | None = None,
    ) -> Self:
        """Return `model` with the rows `tokens` of its last layer for a head, proved on two short texts.

        Raises
        ------
        ModelError
            When the model has no such layer, changes what comes out of it, or the tokenizer cannot pad.
        """
        inner = classification_model(model)
        require_padding_token(tokenizer)
        path = _output_path(inner)
        layout = Layout(path, path, "last", rows=tuple(tokens))
        limit = token_limit(inner, tokenizer, max_length)
        if max_length is None:
            limit = at_most(limit, _LONGEST, "adue: more has to be asked for")
        adapter, reading = active_adapter(model), Reading(pairs=False)
        found = cls(model, tokenizer, layout, read_head(inner, layout), limit, adapter, reading)
        if not found.reproduces_logits():
            raise ModelError(
                f"{type(inner).__name__} changes the logits after its layer '{path}' (soft caps, a scale), so its rows "
                "are no head that could be copied; use another model"
            )
        return found

    @property
    def head_path(self) -> str:
        """The layer and the rows of it that are the head, as :func:`parse_head_path` reads them."""
        return f"{self.layout.output}[{', '.join(map(str, self.layout.rows or ()))}]"

    def tokenize(self, texts: Sequence[str]) -> list[Encoding]:
        """Return one unpadded encoding per prompt.

        Raises
        ------
        DataError
            When a prompt is longer than ``max_length``: with its end, the question of the answer would be cut off.
        """
        encodings = super().tokenize(texts)
        index = next((index for index, encoding in enumerate(encodings) if encoding.cut), None)
        if index is None:
            return encodings
        length = len(self.tokenizer(texts[index], verbose=False)["input_ids"])
        raise DataError(
            f"prompt {index} has {length} tokens, more than max_length {self.max_length}; shorten it, or raise "
            "max_length if the model allows it"
        )

    def collate(self, encodings: Sequence[Encoding]) -> Mapping[str, Tensor]:
        """Return one batch on the model's device, padded on the right; logits are asked for where prompts end only."""
        batch = super().collate(encodings)
        if POSITIONS not in inspect.signature(classification_model(self.model).forward).parameters:
            return batch
        return {**batch, POSITIONS: _last(batch).unique()}

    def _rows(self, entered: Tensor, logits: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        last = _last(batch)
        if POSITIONS in batch:
            last = torch.searchsorted(batch[POSITIONS], last)
        rows = torch.arange(len(last), device=last.device)
        return entered[rows, last], logits[rows, last][:, list(self.layout.rows or ())]


def parse_head_path(path: str) -> tuple[int, ...]:
    """Return the tokens in a path such as ``lm_head[330, 389]``.

    Raises
    ------
    ModelError
        When `path` is of another kind.
    """
    match = _ROWS.fullmatch(path)
    if match is None:
        raise ModelError(f"'{path}' does not name rows of a language model's last layer, as lm_head[330, 389] does")
    return tuple(map(int, match["rows"].split(", ")))


def _last(batch: Mapping[str, Tensor]) -> Tensor:
    """Return the position of each row's last token, with padding on either side."""
    ids = batch["input_ids"]
    seen = batch.get("attention_mask", torch.ones_like(ids))
    return (seen * torch.arange(1, ids.shape[-1] + 1, device=ids.device)).argmax(dim=-1)


def _output_path(inner: nn.Module) -> str:
    layer = inner.get_output_embeddings() if hasattr(inner, "get_output_embeddings") else None  # type: ignore[operator]
    path: str | None = next((name for name, module in inner.named_modules() if module is layer), None)
    if layer is None or path is None:
        raise ModelError(f"{type(inner).__name__} has no layer of output embeddings; use a causal language model")
    return path
