"""What a benchmark returns, for the command line to print."""

from adue.foundation.result import Result


class Rank(Result):
    """A method's place among the single-pass methods."""

    method: str
    words: str


class BenchmarkResult(Result):
    """How many rows there are, how methods rank in-domain, what failed, and the files that were written."""

    rows: int
    ranking: tuple[Rank, ...]
    failures: tuple[str, ...]
    files: tuple[str, ...]
