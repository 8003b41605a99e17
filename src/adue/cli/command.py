"""What every command has: options it shares with others, --debug, errors of one line, and how its result is shown."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from adue.cli.console import BAD_USAGE, FAILED, friendly, print_json
from adue.cli.options import Debug

if TYPE_CHECKING:
    from adue.foundation.result import Result

Command = Callable[..., None]
Shown = TypeVar("Shown", bound="Result")


def command(*, failed: int = FAILED, **factories: Callable[..., Any]) -> Callable[[Command], Command]:
    """Return a decorator that fills each parameter named in `factories` from command-line options.

    The factory's own parameters become options of the command; what it returns is passed on under the name given
    here. Errors are shown as one line, unless ``--debug`` is given: those of a factory are bad usage, all others exit
    with `failed`.
    """

    def decorate(function: Command) -> Command:
        @wraps(function)
        def run(*, debug: bool, **values: Any) -> None:
            with friendly(debug=debug, code=BAD_USAGE):
                made = {
                    name: factory(**{option: values.pop(option) for option in inspect.signature(factory).parameters})
                    for name, factory in factories.items()
                }
            with friendly(debug=debug, code=failed):
                function(**values, **made)

        own = [parameter for name, parameter in inspect.signature(function).parameters.items() if name not in factories]
        shared = [
            parameter for factory in factories.values() for parameter in inspect.signature(factory).parameters.values()
        ]
        debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Debug)
        options = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*own, *shared, debug)]
        # Typer reads both; wraps() alone would show it the function's own.
        run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options}
        del run.__wrapped__
        return run

    return decorate


def show(result: Shown, print_it: Callable[[Shown], None], *, as_json: bool) -> None:
    """Print a result, as JSON or by `print_it`; of processes that were launched together only the main one does."""
    from adue.foundation.scaling.processes import processes

    if not processes().is_main:
        return
    if as_json:
        print_json(result)
    else:
        print_it(result)
