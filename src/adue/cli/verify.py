"""`adue verify`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out

if TYPE_CHECKING:
    from adue.foundation.config import Setup
    from adue.workflows.options import ModelOptions
    from adue.workflows.verify import CheckedRow, VerifyResult

DIFFERENT, NOT_CHECKED = 1, 2
"""Exit codes: an answer is another, nothing could be compared."""


@command(failed=NOT_CHECKED, model_options=opt.model_options)
def verify(
    adapter: opt.Adapter,
    data: opt.Data,
    model_options: "ModelOptions",
    text_column: opt.TextColumn = None,
    text_pair_column: opt.TextPairColumn = None,
    as_json: opt.Json = False,
) -> None:
    """Compare answers with those stored when the head was fitted; exit 0: equal, 1: different, 2: not comparable."""
    from adue.workflows.inputs import check_inputs, is_export, require_answers

    exported = is_export(adapter)
    check_inputs(None if exported else adapter, data, base_model=model_options.base_model)
    if not exported:
        require_answers(adapter)

    from adue.workflows.verify import verify as run

    result = run(
        adapter,
        data,
        text_column=text_column,
        text_pair_column=text_pair_column,
        model_options=model_options,
    )
    show(result, print_verification, as_json=as_json)
    if not result.agrees:
        raise typer.Exit(DIFFERENT)


def print_verification(result: "VerifyResult") -> None:
    """Print how far answers lie apart, and each row that differs."""
    from adue.cli.tables import facts

    differing = [row for row in result.rows if not row.agrees]
    allowed = result.allowed
    rows: list[tuple[str, object]] = [
        ("stored rows found", f"{len(result.rows)} of {result.stored}"),
        ("rows that differ", len(differing)),
        ("changed labels", sum(row.label_then != row.label_now for row in result.rows)),
        ("logits apart", f"{_most(row.gap.logits for row in result.rows)} of their size (allowed: {allowed.logits:g})"),
        ("U apart", f"{_most(row.gap.uncertainty for row in result.rows)} (allowed: {allowed.uncertainty:g})"),
    ]
    if result.probe is not None:
        rows.append(("probe apart", f"logits {result.probe.logits:.2g}, U {result.probe.uncertainty:.2g}"))
    rows += [
        ("fitted with", _describe(result.then)),
        ("now", _describe(result.now)),
        ("changed since", ", ".join(result.changed_since) or "nothing"),
        ("verdict", "the answers agree" if result.agrees else "the answers differ"),
    ]
    out.print(facts(f"{result.adapter} on {result.data}", rows))
    for row in differing:
        out.print(escape(_line(row)), highlight=False, soft_wrap=True)


def _most(values: Iterable[float]) -> str:
    return f"{max(values):.2g}"


def _describe(setup: "Setup") -> str:
    versions = ", ".join(f"{name} {number}" for name, number in setup.versions.items())
    return f"{setup.dtype}, {'merged' if setup.merged else 'not merged'}, {setup.backend} on {setup.device}; {versions}"


def _line(row: "CheckedRow") -> str:
    label = row.label_then if row.label_then == row.label_now else f"{row.label_then}, now {row.label_now}"
    tokens = "" if row.tokens_then == row.tokens_now else f", {row.tokens_then} tokens, now {row.tokens_now}"
    return (
        f"{row.split}, row {row.row}: {label}; logits {row.gap.logits:.2g} apart, U {row.gap.uncertainty:.2g} apart"
        f"{tokens}"
    )
