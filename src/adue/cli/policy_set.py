"""`adue policy set`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out, progress_bar
from adue.cli.policy_plan import CostsFile, asked_options
from adue.decisions.outcomes import OptionName

if TYPE_CHECKING:
    from adue.workflows.options import DataOptions, ModelOptions
    from adue.workflows.policy.asked import Asked
    from adue.workflows.policy.set import SetResult


@command(asked=asked_options, model_options=opt.cached_model_options, data_options=opt.data_options)
def set_(
    adapter: opt.Adapter,
    data: opt.Data,
    costs: CostsFile,
    option: Annotated[OptionName, typer.Option(help="The option of the plan to set.")],
    owner: Annotated[str, typer.Option(help="Who answers for the policy.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day on which the policy may be used.")],
    asked: "Asked",
    model_options: "ModelOptions",
    data_options: "DataOptions",
    max_rows: Annotated[int | None, typer.Option(help="Texts that it may decide at most.", min=1)] = None,
    as_json: opt.Json = False,
) -> None:
    """Plan on labelled rows, and save one option as the policy beside the head."""
    from adue.decisions.costs import Costs
    from adue.decisions.policy import Validity
    from adue.workflows.inputs import check_inputs

    check_inputs(adapter, data, base_model=model_options.base_model)
    read = Costs.load(costs)

    from adue.workflows.policy.set import set_policy

    result = set_policy(
        adapter,
        data,
        read,
        option=option,
        owner=owner,
        valid=Validity(until=until.date(), max_rows=max_rows),
        asked=asked,
        model_options=model_options,
        data_options=data_options,
        progress=progress_bar,
    )
    show(result, print_set, as_json=as_json)


def print_set(result: "SetResult") -> None:
    """Print which version was set, and where it lies."""
    policy = result.policy
    line = f"policy version {policy.version} ({policy.option}, until {policy.valid.until}) written to {result.path}"
    out.print(line, markup=False, highlight=False, soft_wrap=True)
