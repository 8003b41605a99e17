"""One self-contained HTML file about an evaluation, drawn from plain data."""

from adue.report.render import render_report, write_report

__all__ = ["render_report", "write_report"]
