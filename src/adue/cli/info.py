"""`adue info`."""

from typing import TYPE_CHECKING

from rich.markup import escape

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out

if TYPE_CHECKING:
    from adue.workflows.info import InfoResult


@command()
def info(adapter: opt.Adapter, as_json: opt.Json = False) -> None:
    """Show what is in an adapter's folder: base model, hash, uncertainty head, metrics, versions."""
    from adue.workflows.info import info as run

    show(run(adapter), print_info, as_json=as_json)


def print_info(result: "InfoResult") -> None:
    """Print an adapter's folder as tables."""
    from adue.cli.tables import facts, origin_rows

    folder: list[tuple[str, object]] = [
        ("kind", result.kind),
        ("base model", result.base_model),
        ("SHA-256", result.adapter_sha256),
        ("texts read", result.limit or "unknown: the base model's files are not here"),
    ]
    out.print(facts(result.folder, [*folder, *result.adapter_settings.items()]))
    if result.problem is not None:
        out.print(f"[bold red]problem[/]: {escape(result.problem)}", soft_wrap=True)
    elif result.labels is not None:
        from adue.cli.label_tables import label_facts

        for table in label_facts(result.labels):
            out.print(table)
    elif result.head is None:
        out.print("no uncertainty head yet: fit one with adue fit")
    else:
        config, metrics, origin = result.head, result.head.metrics, result.head.provenance
        rows: list[tuple[str, object]] = [
            ("score", config.settings.summary),
            ("classes", ", ".join(config.id2label.values())),
            *(
                []
                if config.hyperparameters is None
                else [("hyperparameters", config.hyperparameters.model_dump(exclude_none=True))]
            ),
            ("head", config.shape),
            ("training rows", f"{metrics.train_rows:,}, {metrics.train_errors:,} errors"),
            ("validation rows", f"{metrics.validation_rows:,}, {metrics.validation_errors:,} errors"),
            ("validation AUROC", f"{metrics.validation_auroc:.3f}"),
            ("softmax response", f"{metrics.validation_auroc_softmax_response:.3f}"),
            *([("U ranks as", "softmax response")] if metrics.ranks_as_softmax_response else []),
            ("adue", f"{config.adue_version}, format {config.format_version}"),
        ]
        if result.answers is not None:
            versions = ", ".join(f"{name} {number}" for name, number in result.answers.setup.versions.items())
            rows.append(("stored answers", f"{result.answers.rows} rows, by {versions}"))
        if origin is not None:
            rows += origin_rows(origin)
        out.print(facts("Uncertainty head", rows))
