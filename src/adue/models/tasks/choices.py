"""AdueModelForMultipleChoice: how far to trust the letter that a causal language model answers with."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from peft import TaskType
from torch import nn
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading, TokenLimit
from adue.foundation.errors import DataError, ModelError
from adue.heads.fitted import FittedHead
from adue.models.model import AdueModel
from adue.models.open import open_folder
from adue.models.tasks.answers import FrozenAnswerer, answer_tokens, parse_head_path
from adue.models.trained.origin import Origin, origin_in_memory

LETTERS = ("A", "B", "C", "D")


def multiple_choice_prompt(question: str, options: Sequence[str], letters: Sequence[str] = LETTERS) -> str:
    """Return a question with lettered options that ends in ``Answer:``.

    Raises
    ------
    DataError
        When there are more options than letters.

    Examples
    --------
    >>> print(multiple_choice_prompt("Is ice cold?", ["no", "yes"]))
    Is ice cold?
    A. no
    B. yes
    Answer:
    """
    if len(options) > len(letters):
        raise DataError(f"{len(options)} options have {len(letters)} letters; give one letter per option")
    lines = [f"{letter}. {option}" for letter, option in zip(letters, options, strict=False)]
    return "\n".join([question, *lines, "Answer:"])


class AdueModelForMultipleChoice(AdueModel):
    """A causal language model that answers by a letter, only read, and the uncertainty head fitted to it.

    The classes are the choices; their logits are those of the choices' tokens right after the prompt. Nothing is
    fine-tuned: the head starts from the rows of the model's last layer for these tokens. A text is a whole prompt, as
    :func:`multiple_choice_prompt` or ``tokenizer.apply_chat_template(..., tokenize=False)`` makes it. This is not the
    ``AutoModelForMultipleChoice`` of transformers, which reads every option by itself.

    Parameters
    ----------
    model
        A causal language model, or a PEFT model around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    choices
        The answers between which every prompt asks, each one token.
    prompt_end
        What every prompt ends with; it decides whether an answer begins with a space.
    max_length
        Longest prompt in tokens; by default what model and tokenizer allow, 4096 at most.
    tokens
        The choices' tokens, where they are known.

    Raises
    ------
    ModelError
        When a choice is not one token, or the model's last layer cannot be copied.

    Examples
    --------
    >>> model = AdueModelForMultipleChoice.from_pretrained("path/to/adapter", choices=("A", "B"))  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict([multiple_choice_prompt("Is ice cold?", ["no", "yes"])]).uncertainty  # doctest: +SKIP
    """

    task = TaskType.CAUSAL_LM

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        choices: Sequence[str] = LETTERS,
        *,
        prompt_end: str = "Answer:",
        max_length: int | TokenLimit | None = None,
        tokens: Sequence[int] | None = None,
        fitted: FittedHead | None = None,
        origin: Origin | None = None,
    ) -> None:
        tokens = tokens or answer_tokens(tokenizer, choices, prompt_end)
        classifier = FrozenAnswerer.answering(model, tokenizer, tokens, max_length)
        origin = replace(origin or origin_in_memory(model), id2label=dict(enumerate(choices)))
        self._set(classifier, origin, fitted, classifier.head_path)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        choices: Sequence[str] | None = None,
        prompt_end: str = "Answer:",
        revision: str | None = None,
        max_length: int | TokenLimit | None = None,
        with_head: bool = True,
        check_answers: bool = True,
        reading: Reading | None = None,
        **options: Any,
    ) -> Self:
        """Return the adapter (or whole language model) in a folder or on the hub, with its head if it has one.

        Parameters
        ----------
        choices, prompt_end
            As in the constructor; a saved head remembers both, and a folder without one is read with the letters A
            to D.

        See :meth:`adue.AdueModel.from_pretrained` for the other parameters.

        Raises
        ------
        ModelError
            When the saved head answers other choices, or as :meth:`adue.AdueModel.from_pretrained`.
        """
        if not (reading or Reading()).is_plain:
            raise ModelError("a prompt is read as it is; leave reading out, and write what it says into the prompts")
        opened = open_folder(
            name, cls.task, revision=revision, with_head=with_head, with_answers=check_answers, **options
        )
        known = tuple(opened.fitted.config.id2label.values()) if opened.fitted else None
        if known and choices and known != tuple(choices):
            raise ModelError(
                f"the head in {name} was fitted for the choices {', '.join(known)}, not {', '.join(choices)}; leave "
                "choices out, or pass with_head=False to fit another"
            )
        model = cls(
            opened.loaded.model,
            opened.loaded.tokenizer,
            known or choices or LETTERS,
            prompt_end=prompt_end,
            max_length=max_length or opened.limit,
            tokens=parse_head_path(opened.head_path) if opened.head_path else None,
            fitted=opened.fitted,
            origin=opened.loaded.origin,
        )
        if check_answers:
            model.require_same_answers()
        return model
