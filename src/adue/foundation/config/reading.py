"""How a text becomes what a classifier reads: kept with the head, because another reading gives other answers."""

from typing import Literal

from pydantic import Field

from adue.foundation.config.frozen import FrozenConfig

LongTexts = Literal["cut", "windows"]
"""What is done with a text of more tokens than are read: cut it, or read it in windows."""

ChatTemplate = Literal["message", "generation"]
"""A chat of one message; ``generation`` goes on to where the model's answer would begin."""


class Reading(FrozenConfig):
    """What a row is, and what is done to its text before the classifier reads it; by default nothing.

    A text of too many tokens is cut, as ``tokenizer(prefix + text + suffix, truncation=True)`` cuts it: where it is
    too long, the suffix is lost.

    Attributes
    ----------
    prefix, suffix
        Put before and behind every text, as written; of a pair before the first and behind the second.
    chat_template
        Whether the tokenizer's chat template goes around prefix, text and suffix, as the one message of a user:
        ``message``, or ``generation`` with what begins the model's answer (``add_generation_prompt``). None for none.
    pairs
        Whether a row is a pair of texts, which the tokenizer joins; None where nothing says.
    long_texts
        What is done with a text of more tokens than are read.
    stride
        Tokens that a window shares with the one before it; None for a quarter of a window.
    """

    prefix: str = ""
    suffix: str = ""
    chat_template: ChatTemplate | None = None
    pairs: bool | None = None
    long_texts: LongTexts = "cut"
    stride: int | None = Field(default=None, ge=0)

    def over(self, other: "Reading") -> "Reading":
        """Return `other` with the fields that were given here in place of its own.

        Examples
        --------
        >>> found = Reading(suffix="</s>").over(Reading(prefix="Review: "))
        >>> found.prefix, found.suffix
        ('Review: ', '</s>')
        """
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    @property
    def is_plain(self) -> bool:
        """Whether rows are single texts, which are read as they are."""
        return not self.pairs and self.model_copy(update={"pairs": None}) == Reading()
