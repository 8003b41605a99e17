"""`adue policy plan`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import progress_bar
from adue.decisions.promise import CONFIDENCE
from adue.foundation.defaults import LEAST_RESAMPLES, RESAMPLES
from adue.foundation.errors import DataError
from adue.workflows.policy.asked import ERROR_LIMIT, Asked

if TYPE_CHECKING:
    from adue.workflows.options import DataOptions, ModelOptions

CostsFile = Annotated[
    Path, typer.Option("--costs", metavar="FILE", help="YAML file of costs; adue policy template writes one.")
]
By = Annotated[str | None, typer.Option(help="Column by whose values thresholds of their own are tried.")]


def asked_options(
    limit: Annotated[float, typer.Option(help="Limit of both promises about errors, as a share.")] = ERROR_LIMIT,
    review_share: Annotated[
        float | None,
        typer.Option(
            help="Share of texts that people read; by default 85 % of what the costs say they can, else 30 %."
        ),
    ] = None,
    confidence: Annotated[float, typer.Option(help="How often a promise holds at least.")] = CONFIDENCE,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Promise it for each predicted class by itself, which takes more rows.")
    ] = False,
    resamples: Annotated[
        int, typer.Option(help="Bootstrap draws behind each interval.", min=LEAST_RESAMPLES)
    ] = RESAMPLES,
    seed: opt.Seed = 0,
) -> Asked:
    """Return what is asked for beside the costs.

    Raises
    ------
    DataError
        When a share is not between 0 and 1.
    """
    shares = {"--limit": limit, "--review-share": review_share, "--confidence": confidence}
    for option, share in shares.items():
        if share is not None and not 0 < share < 1:
            raise DataError(f"{option} is a share between 0 and 1, got {share:g}; 5 % is 0.05")
    return Asked(
        limit=limit,
        review_share=review_share,
        confidence=confidence,
        per_class=per_class,
        resamples=resamples,
        seed=seed,
    )


@command(asked=asked_options, model_options=opt.cached_model_options, data_options=opt.data_options)
def plan(
    costs: CostsFile,
    asked: Asked,
    model_options: "ModelOptions",
    data_options: "DataOptions",
    adapter: Annotated[
        str | None, typer.Argument(metavar="[ADAPTER]", help="Folder of a classifier with a head, or a hub id.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Labelled rows, as for adue evaluate: the test split.")] = None,
    scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="In place of ADAPTER: a log with the columns answer, confidence and truth."),
    ] = None,
    score_column: Annotated[
        str | None, typer.Option(help="Column with another score of the same answers, to plan with beside U.")
    ] = None,
    answer_column: Annotated[str | None, typer.Option(help="Column of --scores with the answers.")] = None,
    higher_is_wrong: Annotated[
        bool | None,
        typer.Option("--higher-is-wrong/--higher-is-right", help="Which way the score points; by default by its name."),
    ] = None,
    by: By = None,
    as_json: opt.Json = False,
) -> None:
    """Show the options side by side: what each costs, what can be promised, and how sure that is."""
    from adue.cli.plan_tables import print_plan
    from adue.decisions.costs import Costs
    from adue.workflows.inputs import check_inputs

    higher_is_surer = None if higher_is_wrong is None else not higher_is_wrong
    if scores is not None and adapter is None:
        check_inputs(data=str(scores))
        read = Costs.load(costs)
        from adue.workflows.policy.plan import plan_log
        from adue.workflows.policy.scores_file import LogColumns

        columns = LogColumns(answer_column, data_options.label_column, score_column, higher_is_surer, segments=by)
        result = plan_log(scores, read, asked=asked, columns=columns)
    elif scores is None and adapter is not None and data is not None:
        check_inputs(adapter, data, base_model=model_options.base_model)
        read = Costs.load(costs)
        from adue.workflows.policy.plan import plan as run
        from adue.workflows.policy.score import OtherColumns

        surer = higher_is_surer is not False
        result = run(
            adapter,
            data,
            read,
            asked=asked,
            columns=OtherColumns(segments=by, score=score_column, higher_is_surer=surer),
            model_options=model_options,
            data_options=data_options,
            progress=progress_bar,
        )
    else:
        raise DataError("give an ADAPTER with --data, or --scores with a labelled log")
    show(result, print_plan, as_json=as_json)
