"""What a classifier has to be, so that its answers can be read from its logits."""

from typing import Any

from peft import PeftConfig

from adue.foundation.config.multi_label_config import MULTI_LABEL
from adue.foundation.errors import ModelError

_OTHER_KINDS = {
    MULTI_LABEL: "a multi-label classifier: each class of a text is a yes or no of its own",
    "regression": "a regression: its outputs are scores, not classes",
}
"""By ``config.problem_type``; nothing else is a class per text."""


def require_single_label(inner: Any) -> None:
    """Refuse a model that was trained for something else than one class per text.

    Raises
    ------
    ModelError
        When its configuration says so.
    """
    problem = getattr(inner.config, "problem_type", None) or ""
    if problem in _OTHER_KINDS:
        other = (
            "AdueModelForMultiLabelClassification (adue fit: --multi-label) reads it; "
            if problem == MULTI_LABEL
            else ""
        )
        raise ModelError(
            f"the model is {_OTHER_KINDS[problem]} (problem_type in its config.json), and adue reads one class per "
            f"text here; {other}where that is "
            'not true, write {"problem_type": "single_label_classification"} into the config.json beside it'
        )


def require_yes_or_no(inner: Any) -> None:
    """Refuse a model whose outputs are no answers of yes or no.

    Raises
    ------
    ModelError
        When its configuration says that it is a regression.
    """
    if getattr(inner.config, "problem_type", None) == "regression":
        raise ModelError(
            f"the model is {_OTHER_KINDS['regression']} (problem_type in its config.json), and adue reads a yes or no "
            "per label; where that is not true, write "
            f'{{"problem_type": "{MULTI_LABEL}"}} into the config.json beside it'
        )


def require_several_outputs(outputs: int, called: str) -> None:
    """Refuse a head with a single output, which gives a score and no class.

    Raises
    ------
    ModelError
        When `outputs` is below two; the message calls the head `called`.
    """
    if outputs < 2:  # noqa: PLR2004
        raise ModelError(
            f"{called} has one output: a regression or a reward model gives a score and no classes; adue needs two "
            "classes or more"
        )


def refuse_prompt_learning(config: PeftConfig, owner: str) -> None:
    """Refuse an adapter that puts learned tokens before every text.

    They move positions and the token that the head reads, and PEFT's own answers of a decoder then depend on how a
    batch is padded.

    Raises
    ------
    ModelError
        When it is one.
    """
    if config.is_prompt_learning:
        raise ModelError(
            f"{owner} is prompt learning ({getattr(config.peft_type, 'value', config.peft_type)}): it puts learned "
            "tokens before every text, which adue does not read; use an adapter of the weights, such as LoRA"
        )
