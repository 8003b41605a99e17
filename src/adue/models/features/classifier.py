"""The frozen classifier: one forward pass gives its own logits and the vector that entered its head."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from peft import PeftModel
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedConfig, PreTrainedTokenizerBase

from adue.foundation.config import Reading, TokenLimit
from adue.foundation.defaults import LOGIT_TOLERANCE
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import ModelError
from adue.heads.head import AdueHead
from adue.models.features.architectures import (
    LAYOUTS,
    Layout,
    Pool,
    entering,
    find_output,
    pad_token_id,
    pool_hidden,
    read_head,
)
from adue.models.features.batches import batch_tokens_for
from adue.models.features.finite import require_finite_logits
from adue.models.features.inner import active_adapter, classification_model, evaluation_mode, used_tensors
from adue.models.features.limits import refuse_other_padding, token_limit, window_stride
from adue.models.features.requirements import refuse_prompt_learning, require_single_label
from adue.models.pretrained.reading import require_usable
from adue.models.pretrained.tokens import Encoding, Inputs, encode

HEAD_TOLERANCE = {torch.float32: LOGIT_TOLERANCE, torch.float64: 1e-6, torch.bfloat16: 8e-2, torch.float16: 1e-2}
"""How far head(h) may lie from the model's own logits, relative to their size; above rounding, below any mistake."""


@dataclass(frozen=True)
class FrozenClassifier:
    """A classification model that is only ever read.

    Attributes
    ----------
    model
        A transformers model or a PEFT model around one; its parameters, buffers and mode are never changed.
    tokenizer
        Its tokenizer, with a padding token.
    layout
        Where its head sits.
    head
        A float32 copy of that head, on the CPU.
    limit
        How many tokens are read at once, and who says so.
    adapter
        The adapter that was active, None without one.
    reading
        What is done to every text before it is read.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    layout: Layout
    head: AdueHead
    limit: TokenLimit
    adapter: str | None = None
    reading: Reading = field(default_factory=Reading)
    backend: ClassVar[str] = "torch"
    reads_windows: ClassVar[bool] = True
    """Whether one window of a long text can answer for all of it."""
    probes: ClassVar[Sequence[Any]] = ("a short text", "another one, a little longer than the first")

    @classmethod
    def wrap(
        cls,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
    ) -> "FrozenClassifier":
        """Find the head of `model` and prove on a short input that it gives the model's own logits.

        Parameters
        ----------
        head
            Path of the last linear layer, for an architecture whose head cannot be found.
        max_length
            Tokens that are read at once; by default what model and tokenizer allow.
        reading
            What is done to every text before it is read; by default nothing.

        Raises
        ------
        ModelError
            When the head cannot be found, what was found does not reproduce the logits, the tokenizer pads with
            another token than the model takes for padding, the model gives something else than one class per text, or
            its weights hold NaN.
        """
        inner, adapter = classification_model(model), active_adapter(model)
        cls.require_problem(inner)
        if isinstance(model, PeftModel):
            refuse_prompt_learning(model.active_peft_config, "the adapter")
        refuse_other_padding(inner, tokenizer)
        reading = reading or Reading()
        require_usable(tokenizer, reading)
        layout = None if head else LAYOUTS.get(inner.config.model_type)
        candidates = [layout] if layout else _guesses(inner, head)
        limit = token_limit(inner, tokenizer, max_length)
        window_stride(limit, tokenizer, reading)
        for candidate in candidates:
            found = cls(model, tokenizer, candidate, read_head(inner, candidate), limit, adapter, reading)
            if found.reproduces_logits():
                return found
        raise head_error(inner, candidates[0])

    @classmethod
    def require_problem(cls, inner: Any) -> None:
        """Refuse a model that was trained for something else than this class reads from its logits."""
        require_single_label(inner)

    @property
    def max_length(self) -> int:
        """Tokens that are read at once."""
        return self.limit.tokens

    @property
    def config(self) -> PreTrainedConfig:
        """Configuration of the classification model."""
        config: PreTrainedConfig = classification_model(self.model).config
        return config

    @property
    def device(self) -> torch.device:
        """Where inputs have to go."""
        return next(self.model.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type in which the base model computes."""
        dtype: torch.dtype = classification_model(self.model).dtype
        return dtype

    @property
    def batch_tokens(self) -> int:
        """How many tokens, padding included, a forward pass should read at most."""
        return batch_tokens_for(self.device)

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that change with anything of the model that its features depend on.

        Computed once: the model is only ever read, and reading all of its weights takes a while.
        """
        parts = [tensors_sha256(used_tensors(self.model, self.adapter)), self.layout, self.dtype]
        if isinstance(self.model, PeftModel):
            # How strongly an adapter acts (lora_alpha) lies in no tensor; PEFT keeps module names as sets.
            config = self.model.peft_config[str(self.adapter)].to_dict()
            parts.append(json.dumps(config, sort_keys=True, default=sorted))
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]

    def rows_in(self, encoding: Encoding) -> int:  # noqa: ARG002 - tasks differ here
        """Return how many rows one encoding gives: one answer for a text."""
        return 1

    def rows_of(self, text: Any) -> int:  # noqa: ARG002 - tasks differ here
        """Return how many rows one text gives."""
        return 1

    def encode_ids(self, token_ids: Sequence[int]) -> Encoding:
        """Return the encoding of token ids that are read as they are."""
        known = {"input_ids": list(token_ids), "attention_mask": [1] * len(token_ids)}
        names = [name for name in self.tokenizer("a") if name in self.tokenizer.model_input_names]
        return Encoding(({name: known.get(name, [0] * len(token_ids)) for name in names},))

    def tokenize(self, texts: Sequence[Any]) -> list[Encoding]:
        """Return one unpadded encoding per text or pair of texts, cut to `max_length` or in windows, as `reading` says.

        Raises
        ------
        DataError
            When a row is not of the kind that `reading` says rows are.
        """
        stride = window_stride(self.limit, self.tokenizer, self.reading)
        return encode(self.tokenizer, texts, self.max_length, self.reading, stride=stride)

    def probe_rows(self, texts: Sequence[Any]) -> list[Any]:
        """Return `texts` as rows of the kind that the classifier reads: pairs where it reads pairs."""
        return [(text, text) if self.reading.pairs else text for text in texts]

    def collate(self, encodings: Sequence[Encoding]) -> Mapping[str, Tensor]:
        """Return the windows of `encodings` as one batch on the model's device, padded on the right.

        That is so even where the tokenizer pads on the left: absolute positions (GPT-2) would move with the longest
        text of the batch.
        """
        return self._pad([window for encoding in encodings for window in encoding.windows])

    def _pad(self, windows: list[Inputs]) -> Mapping[str, Tensor]:
        batch: BatchEncoding = self.tokenizer.pad(windows, padding_side="right", return_tensors="pt")
        return batch.to(self.device)

    def forward(
        self, batch: Mapping[str, Tensor]
    ) -> tuple[Float[Tensor, "*rows hidden"], Float[Tensor, "*rows classes"]]:
        """Return h(x) and the model's own logits, untouched, from one forward pass in evaluation mode.

        Raises
        ------
        ModelError
            When another adapter has been made active since, or a logit is NaN or infinite.
        """
        self.require_adapter()
        features, logits = self._run(batch)
        require_finite_logits(logits, self.model, self.adapter)
        return features, logits

    def require_adapter(self) -> None:
        """Refuse to go on while another adapter than this classifier's is active.

        Raises
        ------
        ModelError
            When another adapter has been made active since.
        """
        if active_adapter(self.model) != self.adapter:
            raise ModelError(
                f"the active adapter is '{active_adapter(self.model)}', this head belongs to '{self.adapter}'; "
                f"call model.set_adapter('{self.adapter}') first"
            )

    def _run(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return what was taken for h(x), of any shape while the layout is a guess, and the logits."""
        entry = classification_model(self.model).get_submodule(self.layout.entry)
        with entering(entry) as entered, evaluation_mode(self.model), torch.no_grad():
            logits: Tensor = self.model(**batch).logits
        return self._rows(entered[-1], logits, batch)

    def _rows(self, entered: Tensor, logits: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return h and the logits of the rows that are judged; tasks other than one answer per text differ here."""
        return pool_hidden(entered, self.layout.pool, batch["input_ids"], pad_token_id(self.config)), logits

    def reproduces_logits(self) -> bool:
        """Tell whether the copied head gives the model's own logits on two short texts.

        Raises
        ------
        ModelError
            When these are NaN or infinite.
        """
        limit = min(8, self.max_length)
        # As they are: of texts behind a long prefix only the prefix would be left.
        probes = replace(self, reading=Reading()).tokenize(self.probes)
        windows = [encoding.windows[0] for encoding in probes]
        batch = self.collate([Encoding(({name: ids[:limit] for name, ids in row.items()},)) for row in windows])
        hidden, logits = self._run(batch)
        require_finite_logits(logits, self.model, self.adapter)
        shape = self.head.shape
        if hidden.shape != (len(logits), shape.hidden_size) or logits.shape[1:] != (shape.num_labels,):
            return False
        with torch.no_grad():
            hidden, logits = hidden.float().cpu(), logits.float().cpu()
            difference = (self.head.logits(hidden) - logits).abs().max()
        return bool(difference <= HEAD_TOLERANCE[self.dtype] * (1 + logits.abs().max()))


def head_error(inner: Any, layout: Layout) -> ModelError:
    """Return the error of a head that does not give the model's own logits."""
    return ModelError(
        f"the layer '{layout.output}' of {type(inner).__name__} does not give the model's own logits; "
        "name the last linear layer of the classification head with --head"
    )


def _guesses(inner: Any, head: str | None) -> list[Layout]:
    output = head or find_output(inner, inner.config.num_labels)
    try:
        inner.get_submodule(output)
    except AttributeError as error:
        raise ModelError(f"{type(inner).__name__} has no module '{output}'; see its named_modules()") from error
    pools: tuple[Pool, ...] = ("pooled", "last", "first")
    return [Layout(output, output, pool) for pool in pools]
