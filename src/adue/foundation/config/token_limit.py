"""How many tokens of a text are read, and who says so."""

from pydantic import Field

from adue.foundation.config.frozen import FrozenConfig


class TokenLimit(FrozenConfig):
    """How many tokens of a text are read at once.

    Attributes
    ----------
    tokens
        That number; the tokenizer's own marks count.
    source
        What it was taken from: an option, or a file.
    most
        What model and tokenizer allow; None where neither names a limit, or where that is not known.
    """

    tokens: int = Field(gt=0)
    source: str
    most: int | None = None

    def __str__(self) -> str:
        """Return the number with its source, as commands show it."""
        return f"up to {self.tokens:,} tokens, from {self.source}"

    def describe_cut(self, cut: int, texts: int, *, windows: bool = True) -> str:
        """Return one line that says how many of `texts` were cut, and how to read more of them.

        `windows` is whether the classifier can read a long text in windows.

        Examples
        --------
        >>> TokenLimit(tokens=512, source="tokenizer_config.json", most=512).describe_cut(31, 1200)
        '31 of 1,200 texts were cut at 512 tokens (tokenizer_config.json); read more: fit with --long-texts windows'
        """
        longer = self.most is None or self.most > self.tokens
        ways = [f"--max-length{'' if self.most is None else f' (up to {self.most:,})'}"] if longer else []
        ways += ["--long-texts windows"] if windows else []
        cure = f"; read more: fit with {', or with '.join(ways)}" if ways else ""
        return f"{cut:,} of {texts:,} texts were cut at {self.tokens:,} tokens ({self.source}){cure}"
