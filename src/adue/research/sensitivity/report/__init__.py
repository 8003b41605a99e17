"""The report of `adue sweep`: heat maps and curves of one table, and the defaults that follow from its numbers."""

from adue.research.sensitivity.report.findings import Defaults, Findings, SweepFacts
from adue.research.sensitivity.report.render import write_sensitivity

__all__ = ["Defaults", "Findings", "SweepFacts", "write_sensitivity"]
