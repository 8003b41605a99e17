import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from adue.foundation.config import (
    Activation,
    Answers,
    AutoSettings,
    FitSettings,
    Provenance,
    SavedAnswers,
    ScoreName,
    Setup,
    TextAnswers,
)
from adue.foundation.errors import ArtifactError
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.models.folder.file_names import ANSWERS_FILE, CONFIG_FILE, HEAD_FILE
from adue.models.folder.saved_head import check_head, has_head
from adue.models.head_files import load_head, save_head
from tests.support.rows import random_head, rows_of

DATA = Path(__file__).parent / "data"
GOLDEN_FEATURES = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.5, 2.0], [-2.0, 0.25, 1.0, -1.0]])
GOLDEN_LOGITS = torch.tensor([[0.5, 0.0, 0.1], [-1.0, 1.0, 0.0], [3.0, 0.0, 0.0]])
ADAPTER, OTHER_ADAPTER = "a" * 64, "b" * 64


def fitted_head(score: ScoreName = "smoothmax", activation: Activation | None = None, seed: int = 0) -> FittedHead:
    head = random_head(activation=activation)
    rows = rows_of(head)
    assert rows.labels is not None
    provenance = Provenance(
        adapter_sha256=ADAPTER,
        base_model="tiny",
        model_type="bert",
        dtype="float32",
        max_length=64,
        head_source="adapter",
    )
    settings = (
        AutoSettings(seed=seed) if score == "auto" else FitSettings(score=score, max_epochs=1, batch_size=64, seed=seed)
    )
    return fit_features(
        rows.features, rows.logits, rows.labels, classifier_head=head, settings=settings, provenance=provenance
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_head(fitted_head(), tmp_path)
    return tmp_path


@pytest.mark.parametrize("score", ["auto", "smoothmax", "log_smoothmax", "entropy"])
@pytest.mark.parametrize("activation", [None, "gelu"])
def test_a_head_reads_as_it_was_saved(tmp_path: Path, score: ScoreName, activation: Activation | None) -> None:
    fitted = fitted_head(score, activation)
    save_head(fitted, tmp_path / "new")
    loaded = load_head(tmp_path / "new", adapter_sha256=ADAPTER)
    rows = rows_of(random_head(), seed=5)
    u = fitted.uncertainty(rows.features, rows.logits)
    assert torch.equal(loaded.uncertainty(rows.features, rows.logits), u)
    assert loaded.config == fitted.config
    assert sorted(contents(tmp_path / "new")) == [CONFIG_FILE, HEAD_FILE]


def test_a_head_can_be_saved_over_another(saved: Path) -> None:
    before = contents(saved)
    fitted = fitted_head(seed=3)
    save_head(fitted, saved)
    assert all(content != before[name] for name, content in contents(saved).items())
    assert load_head(saved).config == fitted.config


def test_has_head_tells_folders_apart(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert has_head(saved)
    assert not has_head(tmp_path_factory.mktemp("empty"))
    (saved / CONFIG_FILE).unlink()
    assert has_head(saved)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved: Path, share: float) -> None:
    path = saved / HEAD_FILE
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtifactError, match=r"adue_head\.safetensors is missing or damaged \(.*\); fit the head again"):
        load_head(saved)


def test_no_flipped_byte_goes_unnoticed(saved: Path) -> None:
    path = saved / HEAD_FILE
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    for position in range(header, len(content)):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ArtifactError, match=r"was changed after it was saved, or belongs to another adue_config"):
            load_head(saved)


@pytest.mark.parametrize("name", [CONFIG_FILE, HEAD_FILE])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}.*; fit the head again") as caught:
        load_head(saved)
    assert "\n" not in str(caught.value)


def test_the_head_of_another_adapter_is_refused_with_both_names(saved: Path) -> None:
    words = rf"was fitted on the adapter with SHA-256 {ADAPTER}, this adapter has {OTHER_ADAPTER}; fit a head on this"
    with pytest.raises(ArtifactError, match=words):
        load_head(saved, adapter_sha256=OTHER_ADAPTER)


def test_a_head_without_provenance_can_be_loaded_by_itself(tmp_path: Path) -> None:
    fitted = fitted_head()
    config = fitted.config.model_copy(update={"provenance": None})
    save_head(FittedHead(fitted.uncertainty_head, config), tmp_path)
    assert load_head(tmp_path).config.provenance is None


def test_the_weights_of_another_head_are_refused(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    save_head(fitted_head(seed=3), other)
    shutil.copy(other / HEAD_FILE, saved / HEAD_FILE)
    with pytest.raises(ArtifactError, match=r"was changed after it was saved, or belongs to another adue_config\.json"):
        load_head(saved)


@pytest.mark.parametrize("read", [load_head, check_head])
@pytest.mark.parametrize("score", ["auto", "smoothmax"])
@pytest.mark.parametrize("changed", [{"hidden_size": 7}, {"num_labels": 2}, {"activation": "gelu"}])
def test_sizes_that_do_not_fit_the_weights_are_refused(
    tmp_path: Path, score: ScoreName, changed: dict[str, object], read: Callable[[Path], object]
) -> None:
    save_head(fitted_head(score), tmp_path)
    path = tmp_path / CONFIG_FILE
    config = json.loads(path.read_text(encoding="utf-8"))
    config["head"] |= changed
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"does not fit the sizes in adue_config\.json; fit the head") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("activation", [None, "gelu"])
@pytest.mark.parametrize("score", ["auto", "smoothmax"])
def test_a_head_is_checked_without_torch_and_its_configuration_returned(
    tmp_path: Path, score: ScoreName, activation: Activation | None
) -> None:
    fitted = fitted_head(score, activation)
    save_head(fitted, tmp_path)
    assert check_head(tmp_path, adapter_sha256=ADAPTER) == fitted.config


def test_a_file_of_something_else_is_refused(saved: Path) -> None:
    save_file({"weight": torch.zeros(3)}, saved / HEAD_FILE)
    with pytest.raises(ArtifactError, match="was changed after it was saved"):
        load_head(saved)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse longer files, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# The head is shorter than its configuration: at 600 bytes the second file fails, at 100 the first.
@pytest.mark.parametrize("limit", [100, 600])
def test_a_disk_that_fills_up_leaves_the_old_head_whole(saved: Path, limit: int) -> None:
    before, fitted = contents(saved), fitted_head(seed=3)
    assert len(before[HEAD_FILE]) < 600 < len(before[CONFIG_FILE])
    words = rf"^cannot write .*{HEAD_FILE} and .*{CONFIG_FILE}: File too large; nothing was left behind, free some "
    with no_file_longer_than(limit), pytest.raises(ArtifactError, match=words) as caught:
        save_head(fitted, saved)
    assert "\n" not in str(caught.value)
    assert contents(saved) == before
    assert load_head(saved).config != fitted.config


def test_a_disk_that_fills_up_leaves_nothing_in_a_new_folder(tmp_path: Path) -> None:
    fitted = fitted_head()
    with no_file_longer_than(100), pytest.raises(ArtifactError, match="File too large"):
        save_head(fitted, tmp_path)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("version", "score", "u"),
    [
        (1, "log_smoothmax", [0.2061377, 0.5351918, 0.1656819]),
        (2, "auto", [0.3031575, 0.2943031, 0.2995512]),
        (3, "auto", [0.4011323, 0.3789613, 0.3416075]),
    ],
)
def test_files_of_every_format_can_be_read(version: int, score: str, u: list[float]) -> None:
    fitted = load_head(DATA / f"format-{version}", adapter_sha256=ADAPTER)
    assert (fitted.config.format_version, fitted.config.settings.score) == (version, score)
    found = fitted.uncertainty(GOLDEN_FEATURES, GOLDEN_LOGITS).float()
    torch.testing.assert_close(found, torch.tensor(u), rtol=0, atol=1e-6)
    assert (fitted.answers is None) == (version < 3)


def with_stored_answers(fitted: FittedHead) -> FittedHead:
    answers = SavedAnswers(
        head_sha256=fitted.config.head_sha256,
        setup=Setup(versions={"torch": "2.13"}, dtype="float32", merged=False, backend="torch", device="cpu"),
        texts=(
            TextAnswers(
                digest="c" * 64, tokens=3, answers=Answers(logits=((0.1, -2.5, 3e-9),), uncertainty=(0.123456789,))
            ),
        ),
    )
    config = fitted.config.model_copy(update={"answers_sha256": answers.sha256})
    return replace(fitted, config=config, answers=answers)


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    save_head(with_stored_answers(fitted_head()), tmp_path)
    return tmp_path


def test_stored_answers_read_as_they_were_saved(answered: Path) -> None:
    assert sorted(contents(answered)) == [ANSWERS_FILE, CONFIG_FILE, HEAD_FILE]
    assert load_head(answered).answers == with_stored_answers(fitted_head()).answers


def test_no_changed_byte_of_the_stored_answers_goes_unnoticed(answered: Path) -> None:
    path = answered / ANSWERS_FILE
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(
            ArtifactError, match=r"adue_answers\.json was changed after it was saved, or belongs to anoth"
        ):
            load_head(answered)
    assert load_head(answered, with_answers=False).answers is None


def test_stored_answers_that_were_left_behind_are_asked_for(answered: Path) -> None:
    (answered / ANSWERS_FILE).unlink()
    words = (
        r"^cannot read .*adue_answers\.json: No such file or directory; copy all files of the head again, or fit the"
    )
    with pytest.raises(ArtifactError, match=words):
        load_head(answered)
    assert load_head(answered, with_answers=False).answers is None


def test_a_head_without_stored_answers_takes_those_of_a_former_one_away(answered: Path) -> None:
    save_head(fitted_head(seed=3), answered)
    assert sorted(contents(answered)) == [CONFIG_FILE, HEAD_FILE]
    assert load_head(answered).answers is None


@pytest.mark.parametrize("limit", [100, 600])
def test_a_disk_that_fills_up_leaves_all_three_files_as_they_were(answered: Path, limit: int) -> None:
    before = contents(answered)
    with no_file_longer_than(limit), pytest.raises(ArtifactError, match="File too large; nothing was left behind"):
        save_head(with_stored_answers(fitted_head(seed=3)), answered)
    assert contents(answered) == before
