"""A folder as a user has it: an adapter that looks trained, and labelled splits in files."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from adue import AdueModel
from tests.support.adapters import labelled_texts, save_tiny_adapter

NAMES = ("bad", "fine", "good")


@dataclass(frozen=True)
class Workspace:
    """Paths of an adapter and of a folder with train.jsonl, validation.jsonl and test.jsonl."""

    adapter: Path
    data: Path

    @property
    def test_file(self) -> Path:
        """The labelled test rows."""
        return self.data / "test.jsonl"

    def copy(self, folder: Path) -> "Workspace":
        """Return the same in another folder, to be written into."""
        return Workspace(
            shutil.copytree(self.adapter, folder / "my-adapter"), shutil.copytree(self.data, folder / "data")
        )


def make_workspace(folder: Path) -> Workspace:
    """Write a workspace with a BERT of three classes; labels agree with the classifier in three rows of four."""
    names = dict(enumerate(NAMES))
    adapter = save_tiny_adapter(folder, "bert", num_labels=len(NAMES), id2label=names)
    # As adue train leaves it: PEFT's own files do not know what the classes are called.
    (adapter / "adue_training.json").write_text(json.dumps({"id2label": names}), encoding="utf-8")
    rows = labelled_texts(AdueModel.from_pretrained(adapter), rows=300)
    data = folder / "data"
    data.mkdir()
    for split, start, stop in (("train", 0, 140), ("validation", 140, 220), ("test", 220, 300)):
        lines = [
            json.dumps({"text": text, "label": NAMES[label]})
            for text, label in zip(rows["text"][start:stop], rows["label"][start:stop], strict=True)
        ]
        (data / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Workspace(adapter, data)
