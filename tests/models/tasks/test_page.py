"""The Python of docs/tasks.md runs as it stands, on adapters as the page describes them."""

from pathlib import Path

import pytest

from adue.models.tasks.choices import AdueModelForMultipleChoice
from adue.models.tasks.tokens import AdueModelForTokenClassification
from tests.docs.test_examples import blocks
from tests.models.tasks.tiny import CHOICES, questions, save_answerer, save_tagger, tagged_sentences
from tests.support.labels import labelled, load, save_labels_adapter


def test_the_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tagger(tmp_path / "tagger").rename(tmp_path / "my-tagger")
    save_answerer(tmp_path / "lm").rename(tmp_path / "my-language-model")
    save_labels_adapter(tmp_path / "labels").rename(tmp_path / "my-labels")
    monkeypatch.chdir(tmp_path)
    words = tagged_sentences(AdueModelForTokenClassification.from_pretrained("my-tagger"))
    rows = questions(AdueModelForMultipleChoice.from_pretrained("my-language-model", choices=CHOICES))
    comments = labelled(load(tmp_path / "my-labels"))
    names: dict[str, object] = {
        "comments": comments.select(range(100)),
        "other_comments": comments.select(range(100, 160)),
        "train": words.select(range(40)),
        "validation": words.select(range(40, 60)),
        "questions": rows.select(range(100)),
        "other_questions": rows.select(range(100, 160)),
    }
    for number, block in enumerate(blocks("docs/tasks.md"), start=1):
        exec(compile(block, f"docs/tasks.md, block {number}", "exec"), names)
    assert (tmp_path / "my-labels" / "adue_head.safetensors").is_file()
    assert (tmp_path / "my-tagger" / "adue_head.safetensors").is_file()
    assert (tmp_path / "my-language-model" / "adue_head.safetensors").is_file()
