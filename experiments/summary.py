"""What both experiments print: AUROC by score, mean and standard deviation over seeds."""

from collections.abc import Mapping, Sequence

import numpy as np


def print_table(title: str, runs: Sequence[Mapping[str, float]]) -> None:
    """Print one Markdown table of AUROCs in percent; a run is one seed."""
    print(f"\n| {title} | AUROC, mean ± standard deviation over {len(runs)} seeds |\n|---|---|")
    for name in runs[0]:
        values = 100 * np.array([run[name] for run in runs])
        print(f"| {name} | {values.mean():.1f} ± {values.std(ddof=1):.1f} |")
