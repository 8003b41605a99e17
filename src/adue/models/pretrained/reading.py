"""From rows as people have them, texts or pairs of texts, to what a tokenizer is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Reading
from adue.foundation.errors import DataError, ModelError
from adue.foundation.texts import Text, is_pair

_WINDOWS = {"long_texts": "cut", "stride": None}
_PROBE = "a short text"
_CHAT_CURE = "give the tokenizer one that was saved in training, or leave --chat-template out"


@dataclass(frozen=True)
class Prepared:
    """What a tokenizer is called with.

    Attributes
    ----------
    first
        The texts, with all that goes around them.
    second
        The second texts of pairs; None for single texts.
    add_special_tokens
        False where a chat template has written the special tokens already.
    """

    first: list[str]
    second: list[str] | None = None
    add_special_tokens: bool = True

    def select(self, rows: Sequence[int]) -> "Prepared":
        """Return some of the rows."""
        second = None if self.second is None else [self.second[row] for row in rows]
        return Prepared([self.first[row] for row in rows], second, self.add_special_tokens)


def prepare(tokenizer: PreTrainedTokenizerBase, rows: Sequence[Text], reading: Reading) -> Prepared:
    """Return `rows` with all that `reading` puts around them.

    Raises
    ------
    DataError
        When a row is neither a text nor a pair of texts, or not what `reading` says rows are.
    ModelError
        When there is no chat template, or it fails.
    """
    second: list[str] | None = None
    if _are_pairs(rows, False if reading.chat_template else reading.pairs):
        first, second = [readable(row[0]) for row in rows], [readable(row[1]) for row in rows]
    else:
        first = [readable(str(row)) for row in rows]
    first = [f"{reading.prefix}{text}" for text in first]
    if second is not None:
        return Prepared(first, [f"{text}{reading.suffix}" for text in second])
    first = [f"{text}{reading.suffix}" for text in first]
    if reading.chat_template is None:
        return Prepared(first)
    return Prepared(_render(tokenizer, first, reading), add_special_tokens=False)


def require_usable(tokenizer: PreTrainedTokenizerBase, reading: Reading) -> None:
    """Refuse what cannot be read together, and a chat template that fails or writes the date of the day into texts.

    Raises
    ------
    ModelError
        When windows are asked for pairs or texts with something around them, a chat template for pairs, or the
        template is not there, fails, leaves the text out, or changes from day to day.
    """
    if reading.long_texts == "windows" and not reading.model_copy(update=_WINDOWS).is_plain:
        raise ModelError(
            "windows are parts of one text, and prefix, suffix, chat template or second text would be in some of them "
            "only; leave --long-texts windows out"
        )
    if reading.chat_template is None:
        return
    if reading.pairs:
        raise ModelError("a chat template holds one text, not a pair; join the two texts in one column")
    (rendered,) = _render(tokenizer, [_PROBE], reading)
    if _PROBE not in rendered:
        raise ModelError(f"the tokenizer's chat template leaves out what the user says; {_CHAT_CURE}")
    try:
        # A clock that cannot be called: what a template is given goes before what transformers offers it.
        _apply(tokenizer, [_PROBE], reading, strftime_now="")
    except TypeError as error:
        raise ModelError(
            "the chat template writes today's date into every text (strftime_now), and answers would change from day "
            "to day; write the date of training into chat_template.jinja in its place"
        ) from error


def readable(text: str) -> str:
    """Return `text` as a tokenizer takes it: half a surrogate pair, as JSON may hold, is read as a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _are_pairs(rows: Sequence[Any], expected: bool | None) -> bool:
    """Return whether rows are pairs of texts; all have to be of one kind."""
    pairs = is_pair(rows[0]) if rows and expected is None else bool(expected)
    others = [row for row in rows if not (is_pair(row) if pairs else isinstance(row, str))]
    if not others:
        return pairs
    other = others[0]
    if pairs and isinstance(other, str):
        raise DataError("rows are pairs of texts here, and one is a single text; give (first, second) for every row")
    if not pairs and is_pair(other):
        raise DataError("rows are single texts here, and one is a pair of texts; give one text for every row")
    raise DataError(f"a row is {other!r}, which is no text; give strings, or pairs of strings as (first, second)")


def _render(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], reading: Reading) -> list[str]:
    # Only where it is needed: predicting without a template does not load it.
    from jinja2 import TemplateError  # noqa: PLC0415

    try:
        return _apply(tokenizer, texts, reading)
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the tokenizer's chat template cannot be used: {reason}; {_CHAT_CURE}") from error


def _apply(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], reading: Reading, **variables: Any) -> list[str]:
    chats = [[{"role": "user", "content": text}] for text in texts]
    generation = reading.chat_template == "generation"
    rendered = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=generation, **variables)
    return [str(text) for text in rendered]
