"""What the report of a sweep needs beside its table, and what it finds."""

from dataclasses import dataclass

from adue.foundation.config import FitSettings
from adue.foundation.result import Result


class SweepFacts(Result):
    """What was swept where; `rows` and `errors` are those of training, validation and test."""

    adapter: str
    data: str
    settings: FitSettings
    seeds: int
    rows: dict[str, int]
    errors: dict[str, int]
    machine: str
    seconds: float


class Defaults(Result):
    """The values that follow; None where nothing can be said.

    `enough_errors` and `enough_validation_rows` are the smallest numbers that were as good as what more would give.
    """

    learning_rate: float
    alpha: float
    beta: float
    sharpness: float | None
    enough_errors: int | None
    enough_validation_rows: int | None


@dataclass(frozen=True)
class Findings:
    """The sentences in the order in which to read them, and the values they name."""

    sentences: tuple[str, ...]
    defaults: Defaults
