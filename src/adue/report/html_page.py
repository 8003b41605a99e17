"""One self-contained HTML file, which all reports share: plotly inside, and a policy that runs no other script."""

import base64
import hashlib
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

_OWN = PackageLoader("adue.report")


def page_environment(package: str | None = None) -> Environment:
    """Return the templates of `package`, with those of the report, such as the style sheet, behind them."""
    return Environment(
        loader=_OWN if package is None else ChoiceLoader([PackageLoader(package), _OWN]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_sheet(name: str = "report.css") -> Markup:
    """Return a style sheet of the report, by default the one that all pages share."""
    return Markup(_source(name))  # noqa: S704 - the package's own file


def render_page(template: str, *, package: str | None = None, **values: Any) -> str:
    """Return `template` filled with `values`, the style sheet, and the scripts with the hashes that allow them.

    Parameters
    ----------
    package
        Where the template lies; by default among the report's own.
    """
    scripts = [Markup(get_plotlyjs()), Markup(_source("report.js"))]  # noqa: S704 - the package's own files
    return (
        page_environment(package)
        .get_template(template)
        .render(
            **values,
            style=style_sheet(),
            scripts=scripts,
            script_hashes=[_content_hash(script) for script in scripts],
        )
    )


def _source(name: str) -> str:
    return page_environment().get_template(name).render()


def _content_hash(script: str) -> str:
    """Return the hash by which the page's content security policy allows this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
