"""What a wrong answer, a needless review and a review cost: a YAML file that a business owner fills in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from adue.foundation.config import Fraction, FrozenConfig, read_yaml
from adue.foundation.errors import DataError

Amount = Annotated[float, Field(ge=0, strict=True)]
"""Money, in the currency of the file."""

PLANNED_LOAD = 0.85
"""Share of the reviewers' capacity to plan for: near 1 a queue grows without end."""

DAYS_PER_MONTH = 365.25 / 12
"""In a mean year."""


class Reviewers(FrozenConfig):
    """The people who read what is not answered by the model."""

    per_day: Annotated[float, Field(gt=0)]
    """Texts that all of them together can read on a working day."""
    working_days: int = Field(default=5, ge=1, le=7)
    """Days of a week on which they work."""
    error_rate: Fraction = 0.0
    """Share of the texts that they get wrong."""


class Escalation(FrozenConfig):
    """Another, dearer model that may answer in place of this one."""

    column: str
    """The column of the data that holds its answers."""
    cost: Amount
    """Of one call."""


class Costs(FrozenConfig):
    """What decisions cost; nothing of this enters the head or the calibrator.

    Attributes
    ----------
    error
        Of a wrong answer that goes out: one amount, an amount per class that was answered, or a matrix with a row per
        true class and a column per answer, in the order of the model's classes.
    miss
        Of a text of this class that gets another answer, in place of `error`.
    review, needless_review
        Of every text that a person reads, and on top of that where the model's answer was right.
    always_review
        Classes whose answers never go out without a person.
    """

    currency: str = "EUR"
    error: Amount | dict[str, Amount] | tuple[tuple[Amount, ...], ...]
    miss: dict[str, Amount] = Field(default_factory=dict)
    review: Amount
    needless_review: Amount = 0.0
    texts_per_month: float | None = Field(default=None, gt=0)
    reviewers: Reviewers | None = None
    always_review: tuple[str, ...] = ()
    escalation: Escalation | None = None

    @model_validator(mode="after")
    def _check_matrix(self) -> Self:
        if isinstance(self.error, tuple):
            rows = len(self.error)
            if any(len(row) != rows for row in self.error):
                raise ValueError("the matrix must have as many columns (answers) as rows (true classes)")
            if any(self.error[index][index] for index in range(rows)):
                raise ValueError("a right answer costs nothing: the matrix must hold 0 where row and column meet")
            if self.miss:
                raise ValueError("a matrix says already what a miss costs; leave miss out")
        return self

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the costs in a YAML file.

        Raises
        ------
        DataError
            When there is no such file, a cost is missing or negative, or a key is unknown.
        """
        values = read_yaml(Path(path))
        if not isinstance(values, dict):
            raise DataError(f"{path} holds no costs; write a file to fill in with adue policy template")
        return cls.from_dict(values, file=Path(path))

    def break_even(self, error: float) -> float:
        """Return the probability of an error of cost `error`, above 0, from which on a review pays.

        An answer that is wrong with probability p costs p c when it goes out. A review costs r, n more where the answer
        was right, and e c where the reviewer is wrong, whatever the answer was. They cost the same at
        ``p = (r + n + e c) / (c + n)``, which is ``r / c + e`` where a needless review costs nothing more.

        >>> round(Costs(error=10, review=1, reviewers=Reviewers(per_day=1, error_rate=0.03)).break_even(10), 2)
        0.13
        """
        rate = 0.0 if self.reviewers is None else self.reviewers.error_rate
        return (self.review + self.needless_review + rate * error) / (error + self.needless_review)

    def require_classes(self, names: Sequence[str]) -> None:
        """Refuse costs of classes that the model does not have, or a matrix of another size.

        Raises
        ------
        DataError
            When a class is unknown, a class has no cost, or the matrix does not have a row and a column per class.
        """
        given = {"miss": list(self.miss), "always_review": list(self.always_review)}
        if isinstance(self.error, Mapping):
            given["error"] = list(self.error)
            missing = [name for name in names if name not in self.error]
            if missing:
                raise DataError(f"the costs name no error for the class '{missing[0]}'; add it under error")
        for key, classes in given.items():
            unknown = [name for name in classes if name not in names]
            if unknown:
                raise DataError(
                    f"the costs name the class '{unknown[0]}' under {key}, which the model does not have; its classes "
                    f"are {', '.join(names)}"
                )
        if isinstance(self.error, tuple) and len(self.error) != len(names):
            raise DataError(
                f"the matrix of costs has {len(self.error)} rows, the model has {len(names)} classes; give a row and a "
                f"column for each of {', '.join(names)}"
            )
