"""`adue verify`: whether a classifier that is loaded now answers as it did when its head was fitted."""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate, chain
from pathlib import Path

from adue.datasets import load_texts
from adue.datasets.split_names import VALIDATION
from adue.foundation.config import Setup
from adue.foundation.errors import DataError, ModelError
from adue.foundation.result import Result
from adue.models.export import OnnxAdueModel
from adue.models.model import AdueModel
from adue.models.verification.check import CheckedText, Verification
from adue.models.verification.tolerance import Difference, Tolerance
from adue.workflows.inputs import is_export
from adue.workflows.options import ModelOptions


class Gap(Result):
    """How far answers lie apart: logits as a share of 1 plus the largest stored one, U in its own unit."""

    logits: float
    uncertainty: float


class CheckedRow(Result):
    """One row whose answers were stored, answered again; `row` is counted from 1 within its split."""

    split: str
    row: int
    gap: Gap
    label_then: str
    label_now: str
    tokens_then: int
    tokens_now: int
    agrees: bool


class VerifyResult(Result):
    """The stored answers beside those of now; `probe` is None where no probe was stored."""

    adapter: str
    data: str
    stored: int
    """Rows whose answers are stored."""
    rows: tuple[CheckedRow, ...]
    """Those of them that are in the data."""
    probe: Gap | None
    allowed: Gap
    then: Setup
    now: Setup
    changed_since: tuple[str, ...]
    agrees: bool


def verify(
    adapter: str | Path,
    data: str | Path,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    model_options: ModelOptions | None = None,
) -> VerifyResult:
    """Find the rows in `data` whose answers were stored with the head, answer them again and compare.

    Parameters
    ----------
    adapter
        A classifier with a head, or a folder that ``adue export`` wrote.
    data
        Any data that `adue fit` or `adue predict` reads; labels are not needed.

    Raises
    ------
    AdueError
        When nothing can be compared: no answers are stored, none of the rows is in the data, or a file cannot be read.
    """
    # Held-out rows are looked for among held-out rows first: a text may stand in others too.
    model = _load(adapter, model_options or ModelOptions())
    texts = load_texts(data, text_column, text_pair_column, pairs=model.reading.pairs)
    splits = dict(sorted(texts.items(), key=lambda split: split[0] != VALIDATION))
    checked = model.verify(chain.from_iterable(splits.values()))
    if not checked.texts:
        raise DataError(
            f"none of the {checked.stored} rows whose answers are stored is in {data}; give the data that the head was "
            "fitted on, with its validation rows, or name their column with --text-column"
        )
    lengths = {split: len(texts) for split, texts in splits.items()}
    return VerifyResult(
        adapter=str(adapter),
        data=str(data),
        stored=checked.stored,
        rows=tuple(_row(one, checked, lengths, model.id2label) for one in checked.texts),
        probe=None if checked.probe is None else _gap(checked.probe),
        allowed=_gap(checked.tolerance),
        then=checked.then,
        now=checked.now,
        changed_since=tuple(checked.then.changes(checked.now)),
        agrees=checked.agrees,
    )


def _load(adapter: str | Path, options: ModelOptions) -> AdueModel | OnnxAdueModel:
    """Return what is in the folder; a difference is reported here, and so not refused at load."""
    if not is_export(adapter):
        return options.model_copy(update={"check_answers": False}).load_fitted(adapter)[0]
    usual = ModelOptions(device=options.device, batch_size=options.batch_size)
    given = next((name for name, value in options if value != getattr(usual, name)), None)
    if given is not None:
        raise ModelError(
            f"{adapter} is an exported graph, which is run as it is; leave --{given.replace('_', '-')} out"
        )
    return OnnxAdueModel.from_pretrained(Path(adapter).expanduser(), check_answers=False)


def _row(one: CheckedText, checked: Verification, lengths: Mapping[str, int], names: Mapping[int, str]) -> CheckedRow:
    split, row = _place(one.index, lengths)
    (then,), (now,) = one.labels
    return CheckedRow(
        split=split,
        row=row,
        gap=_gap(one.difference),
        label_then=names[then],
        label_now=names[now],
        tokens_then=one.tokens[0],
        tokens_now=one.tokens[1],
        agrees=one not in checked.differing,
    )


def _place(index: int, lengths: Mapping[str, int]) -> tuple[str, int]:
    """Return the split, and the row in it counted from 1, of the row `index` of all splits together."""
    ends = list(accumulate(lengths.values()))
    number = bisect_right(ends, index)
    return list(lengths)[number], index - (ends[number - 1] if number else 0) + 1


def _gap(values: Difference | Tolerance) -> Gap:
    return Gap(logits=values.logits, uncertainty=values.uncertainty)
