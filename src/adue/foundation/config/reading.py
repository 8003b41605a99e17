"""How a text becomes what a classifier reads: kept with the head, because another reading gives other answers."""

from typing import Literal

from pydantic import Field

from adue.foundation.config.frozen import FrozenConfig

LongTexts = Literal["cut", "windows"]
"""What is done with a text of more tokens than are read: cut it, or read it in windows."""


class Reading(FrozenConfig):
    """What is done to a text before the classifier reads it; by default nothing, and what is too long is cut.

    Attributes
    ----------
    prefix, suffix
        Put before and behind every text, as written; of a pair before the first and behind the second.
    chat_template
        Whether the tokenizer's chat template goes around the text, as the one message of a user.
    long_texts
        What is done with a text of more tokens than are read.
    stride
        Tokens that a window shares with the one before it; None for a quarter of a window.
    """

    prefix: str = ""
    suffix: str = ""
    chat_template: bool = False
    long_texts: LongTexts = "cut"
    stride: int | None = Field(default=None, ge=0)
