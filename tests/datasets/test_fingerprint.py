from pathlib import Path

import pandas as pd
from datasets import Dataset

from adue.datasets import fingerprint, load_splits


def rows(texts: list[str], labels: list[int]) -> Dataset:
    return Dataset.from_dict({"text": texts, "label": labels})


def test_the_fingerprint_is_the_same_for_every_file_format(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["NA", "é", "a,b", "3"], "label": ["x", "y", "x", "y"]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    frame.assign(extra=1).to_parquet(tmp_path / "rows.parquet")
    found = {
        fingerprint(load_splits(tmp_path / name, need=["test"])["test"])
        for name in ("rows.csv", "rows.jsonl", "rows.parquet")
    }
    assert len(found) == 1


def test_the_fingerprint_is_a_known_constant() -> None:
    # Saved heads hold fingerprints: this value must never change.
    assert fingerprint(rows(["a", "é"], [0, 1])) == "c51392289c3e9a1c789b448f3b62627a6d2110c5f2fc42b14e6d07d4d2b8fff7"


def test_texts_labels_order_and_borders_between_texts_count() -> None:
    variants = [
        rows(["ab", "c"], [0, 1]),
        rows(["ab", "c"], [1, 0]),
        rows(["c", "ab"], [0, 1]),
        rows(["a", "bc"], [0, 1]),
        rows(["ab"], [0]),
    ]
    assert len({fingerprint(variant) for variant in variants}) == len(variants)
