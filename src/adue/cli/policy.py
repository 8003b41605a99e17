"""`adue policy`: from a score to a decision."""

import typer

from adue.cli.policy_page import page
from adue.cli.policy_plan import plan
from adue.cli.policy_set import set_
from adue.cli.policy_template import template

policy = typer.Typer(
    name="policy",
    help="From a score to a decision: costs, promises and the options side by side.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
for name, command in {"template": template, "plan": plan, "set": set_, "page": page}.items():
    policy.command(name)(command)
