"""The report of `adue sweep`: heat maps and curves of one table, and the defaults that follow from its numbers."""

from adue.report.sensitivity.facts import Defaults, Findings, SweepFacts
from adue.report.sensitivity.render import write_sensitivity

__all__ = ["Defaults", "Findings", "SweepFacts", "write_sensitivity"]
