import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adue import AdueError, AdueModel, ArtifactError, AutoSettings, DataError, DataWarning, FitSettings, ModelError
from adue.workflows.fit import NO_GAIN, fit
from adue.workflows.options import ModelOptions
from tests.support.workspace import Workspace
from tests.workflows.conftest import NO_CACHE

QUICK = FitSettings(max_epochs=2)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_fit_adds_two_files_and_touches_no_other(space: Workspace) -> None:
    before = contents(space.adapter)
    result = fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)
    after = contents(space.adapter)
    assert after.keys() - before.keys() == {"adue_head.safetensors", "adue_config.json", "adue_answers.json"}
    assert {name: after[name] for name in before} == before
    assert result.folder == str(space.adapter)
    assert result.grid_points == 4


def test_result_counts_rows_and_errors_of_the_splits_it_was_given(space: Workspace) -> None:
    metrics = fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE).config.metrics
    assert (metrics.train_rows, metrics.validation_rows) == (140, 80)
    assert 0 < metrics.train_errors < 140


def test_gain_is_the_difference_of_the_two_validation_aurocs(space: Workspace) -> None:
    result = fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)
    metrics = result.config.metrics
    assert result.gain == metrics.validation_auroc - metrics.validation_auroc_softmax_response


def without_repeats(data: Path) -> Path:
    """Drop the rows of `data` whose text another row of any split has."""
    seen: set[str] = set()
    for file in sorted(data.glob("*.jsonl")):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        kept = {row["text"]: row for row in lines if row["text"] not in seen}
        seen |= kept.keys()
        file.write_text("".join(json.dumps(row) + "\n" for row in kept.values()), encoding="utf-8")
    return data


def test_a_single_file_is_split_and_says_so(space: Workspace) -> None:
    file = without_repeats(space.data) / "train.jsonl"
    rows = len(file.read_text(encoding="utf-8").splitlines())
    result = fit(space.adapter, file, grid="fast", settings=QUICK, model_options=NO_CACHE)
    assert result.config.metrics.validation_rows == -(-rows // 5)
    assert result.notes == ("validation is 20 % of the given training rows (seed 42)",)


def test_validation_rows_whose_text_other_rows_have_are_told_of(space: Workspace) -> None:
    data = without_repeats(space.data)
    train, validation = (data / f"{name}.jsonl" for name in ("train", "validation"))
    rows = train.read_text(encoding="utf-8").splitlines(keepends=True)
    own = validation.read_text(encoding="utf-8").splitlines(keepends=True)
    validation.write_text("".join([*own, own[0], *rows[:3]]), encoding="utf-8")
    [note] = fit(space.adapter, data, grid="fast", settings=QUICK, model_options=NO_CACHE).notes
    assert note.startswith(f"5 of {len(own) + 4} validation rows have a text that other rows have too")


@pytest.mark.parametrize(("required", "notes"), [(None, ()), (100.0, (NO_GAIN,))])
def test_what_corrects_nothing_says_so(space: Workspace, required: float | None, notes: tuple[str, ...]) -> None:
    settings = AutoSettings(required_gain=required, head_epochs=1)
    data = without_repeats(space.data)
    assert fit(space.adapter, data, settings=settings, model_options=NO_CACHE).notes == notes


def test_another_folder_gets_the_adapter_too_and_loads_by_itself(space: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere"
    fit(space.adapter, space.data, out=out, grid="fast", settings=QUICK, model_options=NO_CACHE)
    assert AdueModel.from_pretrained(out).fitted is not None
    assert not (space.adapter / "adue_config.json").exists()


def test_bad_data_leaves_the_adapter_as_it_was(space: Workspace) -> None:
    before = contents(space.adapter)
    (space.data / "train.jsonl").write_text('{"text": "good", "label": "splendid"}\n')
    with pytest.raises(DataError, match="the label column holds 'splendid', which the model does not know"):
        fit(space.adapter, space.data, model_options=NO_CACHE)
    assert contents(space.adapter) == before


def test_rows_without_errors_are_refused_with_what_to_do(space: Workspace) -> None:
    predictions = AdueModel.from_pretrained(space.adapter).extract
    for split in ("train", "validation"):
        path = space.data / f"{split}.jsonl"
        lines = path.read_text().splitlines()
        texts = [line.split('"text": "')[1].split('"')[0] for line in lines]
        answers = predictions(texts).predictions.tolist()
        names = ("bad", "fine", "good")
        path.write_text(
            "\n".join(f'{{"text": "{t}", "label": "{names[a]}"}}' for t, a in zip(texts, answers, strict=True))
        )
    with pytest.raises(
        DataError, match=r"AUROC is undefined on the training data: no prediction is wrong .* give more"
    ):
        fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)


def test_a_classifier_no_better_than_the_commonest_class_is_warned_of(space: Workspace) -> None:
    for split in ("train", "validation"):
        path = space.data / f"{split}.jsonl"
        lines = path.read_text().splitlines()
        kept = [
            line.rsplit('"label"', 1)[0] + ('"label": "bad"}' if i % 9 else '"label": "good"}')
            for i, line in enumerate(lines)
        ]
        path.write_text("\n".join(kept))
    with pytest.warns(DataWarning, match="always answering the commonest class"):
        fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)


def test_a_head_of_an_adapter_that_was_trained_again_is_replaced(space: Workspace) -> None:
    fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)
    config = space.adapter / "adue_config.json"
    sha256 = AdueModel.from_pretrained(space.adapter).origin.sha256
    config.write_text(config.read_text().replace(sha256, "0" * 64))
    with pytest.raises(ArtifactError, match="fit a head on this adapter with adue fit"):
        AdueModel.from_pretrained(space.adapter)
    fit(space.adapter, space.data, grid="fast", settings=QUICK, model_options=NO_CACHE)
    assert AdueModel.from_pretrained(space.adapter).fitted is not None


def test_an_adapter_on_the_hub_needs_a_folder_for_its_head_and_nothing_is_downloaded(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adue.models.folder.hub.snapshot_download", lambda *_, **__: pytest.fail("it was downloaded"))
    with pytest.raises(ModelError, match=r"there is no folder 'owner/adapter' .*--out for an adapter on the hub"):
        fit("owner/adapter", space.data)


def test_an_unknown_device_is_one_line(space: Workspace) -> None:
    with pytest.raises(AdueError, match="there is no device 'nowhere' here"):
        fit(space.adapter, space.data, model_options=ModelOptions(device="nowhere"))


def test_an_interrupted_extraction_is_gone_on_from(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adue.models.features.extract.SHARD_ROWS", 32)
    done: list[int] = []

    @contextmanager
    def stop_after_two_shards(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        def advance(rows: int) -> None:
            done.append(rows)
            if sum(done) > 64:
                raise KeyboardInterrupt

        yield advance

    with pytest.raises(KeyboardInterrupt):
        fit(space.adapter, space.data, grid="fast", settings=QUICK, progress=stop_after_two_shards)
    shards = sorted(Path(os.environ["ADUE_CACHE_DIR"]).rglob("*.safetensors"))
    assert len(shards) == 2
    written = [shard.stat().st_mtime_ns for shard in shards]
    fit(space.adapter, space.data, grid="fast", settings=QUICK)
    assert [shard.stat().st_mtime_ns for shard in shards] == written
