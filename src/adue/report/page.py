"""What every page shares: one self-contained HTML file, with plotly inside and a policy that runs no other script."""

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

ENVIRONMENT = Environment(
    loader=PackageLoader("adue.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(template: str, **values: Any) -> str:
    """Return `template` filled with `values`, the style sheet, and the scripts with the hashes that allow them."""
    scripts = [Markup(get_plotlyjs()), Markup(_source("report.js"))]  # noqa: S704 - the package's own files
    return ENVIRONMENT.get_template(template).render(
        **values,
        style=Markup(_source("report.css")),  # noqa: S704
        scripts=scripts,
        script_hashes=[_content_hash(script) for script in scripts],
    )


def _source(name: str) -> str:
    return ENVIRONMENT.get_template(name).render()


def _content_hash(script: str) -> str:
    """Return the hash by which the page's content security policy allows this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
