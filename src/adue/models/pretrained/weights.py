"""Whether the weights of a checkpoint are those that its configuration describes: none missing, none left over."""

import re
from collections.abc import Iterable
from typing import Any

from transformers import PreTrainedModel

from adue.foundation.errors import ArtifactError, ModelError

_NUMBERED = re.compile(r"^(.*?)\.\d+\.")
"""The name of a list of layers, before the number of one of them."""

_UNUSED = re.compile(
    r"position_ids$|inv_freq$|masked_bias$|\.attn\.bias$|token_type_ids$|num_batches_tracked$"
    r"|(^|\.)pooler\.|^cls\.|(^|_|\.)lm_head|predictions|^vocab_|^generator|seq_relationship|^(sop|mlm|nsp)_"
)
"""What classifiers do without: constants that older versions saved, a pooler, the heads of pre-training."""


def refuse_wrong_weights(
    name: str, model: PreTrainedModel, info: dict[str, Any], *, replace_head: bool, whole: bool
) -> None:
    """Refuse weights that do not fit the model that `config.json` describes.

    Parameters
    ----------
    info
        What transformers says about the weights that it has loaded.
    replace_head
        Whether a head for another number of classes makes way for a random one.
    whole
        Whether the checkpoint is a whole classifier, every tensor of which acts; a base model may hold more.

    Raises
    ------
    ModelError
        When the head has another number of classes.
    ArtifactError
        When sizes differ, or tensors are missing or left over.
    """
    base = f"{model.base_model_prefix}."
    _refuse_other_sizes(name, base, info["mismatched_keys"], replace_head=replace_head)
    # A pooler may be absent from a pre-trained checkpoint; an embedding or a numbered layer never is.
    lost = sorted(key for key in info["missing_keys"] if key.startswith(base) and re.search(r"\.\d+\.|embed|wte", key))
    if lost:
        raise ArtifactError(
            f"the weights of base model '{name}' are incomplete: {len(lost)} tensors such as {lost[0]} are missing; "
            "fetch them again, and check that config.json belongs to them"
        )
    surplus = sorted(_surplus(model, base, info["unexpected_keys"], whole=whole))
    if surplus:
        raise ArtifactError(
            f"{len(surplus)} tensors of base model '{name}' have no place in the model that its config.json describes, "
            f"such as {', '.join(surplus[:2])}, so that it would answer without them; fetch weights and config.json "
            "again, or give the right model with --base-model"
        )


def _refuse_other_sizes(name: str, base: str, found_sizes: Iterable[Any], *, replace_head: bool) -> None:
    mismatched = sorted((key, tuple(found), tuple(wanted)) for key, found, wanted in found_sizes)
    for key, found, wanted in mismatched:
        if key.startswith(base) or found[0] == wanted[0]:
            raise ArtifactError(
                f"the weights of base model '{name}' do not fit its config.json: {key} has shape {found}, expected "
                f"{wanted}; fetch both again"
            )
    if mismatched and not replace_head:
        _, found, wanted = mismatched[0]
        raise ModelError(
            f"the head of base model '{name}' has {found[0]} classes, {wanted[0]} were asked for; "
            f"use {found[0]} classes, or a base model without a classification head"
        )


def _surplus(model: PreTrainedModel, base: str, unexpected: Iterable[str], *, whole: bool) -> Iterable[str]:
    """Yield the tensors that would have acted: of a whole classifier all, of a base model layers of a list it has."""
    lists = {match[1].removeprefix(base) for key in model.state_dict() if (match := _NUMBERED.match(key))}
    for key in unexpected:
        layers = _NUMBERED.match(key)
        inside = layers is not None and layers[1].removeprefix(base) in lists
        if not _UNUSED.search(key) and (inside or whole):
            yield key
