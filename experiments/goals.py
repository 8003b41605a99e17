"""How far the default got: the aims of the comparison, computed from the rows of a benchmark."""

import argparse
from pathlib import Path

import pandas as pd

from adue.metrics import mean_ranks as ranks
from adue.research.methods import all_methods

AUTO, PAPER, REFERENCE, ENSEMBLE = "adue-auto", "adue-paper", "softmax-response", "deep-ensemble"
SHOWN = (AUTO, PAPER, "gradient-boosted", "swag-head", ENSEMBLE)
TASK = ["model", "data_set", "evaluation_set"]
CELL = [*TASK, "seed"]


def share_not_worse(rows: pd.DataFrame, column: str) -> str:
    """Return in how many cells the paired interval of a difference is not wholly below zero."""
    kept = rows[rows[f"{column}_high"].notna()]
    not_worse = int((kept[f"{column}_high"] >= 0).sum())
    return f"{not_worse} of {len(kept)} cells"


def mean_ranks(aurocs: pd.DataFrame) -> pd.Series:
    """Return the mean rank over the cells in which every method has a value, best first."""
    return pd.Series(ranks(aurocs.to_numpy().T), index=aurocs.columns).sort_values()


def print_gains(rows: pd.DataFrame) -> None:
    """Print the gain over softmax response by task, mean of the seeds, and how many of them lose beyond noise."""
    shown = [method for method in SHOWN if method in set(rows["method"])]
    print(f"\n| {' | '.join([*TASK[:2], 'evaluated on', *shown])} |\n|---|---|---|{'---:|' * len(shown)}")
    for task, of_task in rows.groupby(TASK):
        entries = list(map(str, task))
        for method in shown:
            cells = of_task[of_task["method"] == method]
            worse, gain = int((cells["sr_high"] < 0).sum()), 100 * cells["sr_difference"].mean()
            entries.append(f"{gain:+.2f}" + (f" ({worse}/{len(cells)})" if worse else ""))
        print(f"| {' | '.join(entries)} |")


def main() -> None:
    """Print one line per aim, then the gains by task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", type=Path)
    rows = pd.read_csv(parser.parse_args().cells, dtype={"note": str})
    auto = rows[rows["method"] == AUTO]
    home = auto[(~auto["shifted"]) & (auto["evaluation_set"] == auto["data_set"])]
    shifted = auto[auto["shifted"]]
    aurocs = rows.pivot_table(index=CELL, columns="method", values="auroc")
    at_home = aurocs.loc[home.set_index(CELL).index]
    single = [name for name, method in all_methods().items() if method.single_pass and name in aurocs]
    print(f"| {'aim':60} | found |\n|---|---|")
    for name, cells in (("all", aurocs), ("in-domain", at_home)):
        ranks = mean_ranks(cells[single])
        place = list(ranks.index).index(AUTO) + 1
        best = f"{ranks.index[0]} {ranks.iloc[0]:.1f}"
        print(f"| mean rank 1 of single-pass methods, {name} cells | {ranks[AUTO]:.1f}, place {place} (best: {best}) |")
    print(f"| in 95 % of in-domain cells not worse than softmax response | {share_not_worse(home, 'sr')} |")
    print(f"| in 90 % of shifted cells not worse than softmax response | {share_not_worse(shifted, 'sr')} |")
    print(f"| in 80 % of cells not worse than the paper's | {share_not_worse(auto, 'paper')} |")
    gain = at_home.sub(at_home[REFERENCE], axis=0).mean() * 100
    print(f"| in-domain gain twice the paper's | {gain[AUTO]:+.2f} against {gain[PAPER]:+.2f} points |")
    if ENSEMBLE in gain:
        print(f"| 90 % of the ensemble's in-domain gain | {gain[AUTO]:+.2f} against {gain[ENSEMBLE]:+.2f} points |")
    away = aurocs.loc[shifted.set_index(CELL).index]
    loss = away.sub(away[REFERENCE], axis=0).mean() * 100
    print(f"| gain on shifted cells | {loss[AUTO]:+.2f}, the paper's {loss[PAPER]:+.2f} points |")
    print_gains(rows)


if __name__ == "__main__":
    main()
