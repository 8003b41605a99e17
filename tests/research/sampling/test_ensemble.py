import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from peft import PeftConfig

from adue import AdueModel, ModelError
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import ArtifactError, DataError
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.features.inner import active_adapter
from adue.research.sampling.ensemble import extract_members, load_members, member_active
from tests.support.adapters import lora, random_texts, save_tiny_whole, tiny_adapter
from tests.support.tiny import save_tiny_base

TEXTS = random_texts(24, seed=5)
SEEDS = (1, 20, 40)


def save_adapters(
    folder: Path, model_type: str = "bert", config: PeftConfig | None = None, num_labels: int = 3
) -> list[Path]:
    base = folder / "base"
    if not base.exists():
        save_tiny_base(base, model_type, num_labels=num_labels, initializer_range=0.3)
    adapters = []
    for seed in SEEDS:
        model = tiny_adapter(base, model_type, config, num_labels=num_labels, seed=seed)
        model.save_pretrained(str(folder / f"seed-{seed}"))
        adapters.append(folder / f"seed-{seed}")
    return adapters


@pytest.fixture(scope="module", params=["bert", "llama", "dora", "rslora"])
def folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    kinds = {"dora": lora("bert", use_dora=True), "rslora": lora("bert", use_rslora=True, lora_alpha=4)}
    model_type = request.param if request.param not in kinds else "bert"
    return save_adapters(tmp_path_factory.mktemp(request.param), model_type, kinds.get(request.param))


@pytest.fixture
def berts(tmp_path: Path) -> list[Path]:
    return save_adapters(tmp_path / "adapters")


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    true_forward = FrozenClassifier.forward

    def counted(self: FrozenClassifier, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(batch["input_ids"]))
        return true_forward(self, batch)

    monkeypatch.setattr(FrozenClassifier, "forward", counted)
    return sizes


def alone(folders: Sequence[Path]) -> list[FrozenClassifier]:
    return [AdueModel.from_pretrained(folder).classifier for folder in folders]


def test_every_member_answers_as_its_adapter_loaded_alone(folders: list[Path]) -> None:
    together = extract_members(load_members(folders), TEXTS, [0] * len(TEXTS))
    for rows, classifier in zip(together, alone(folders), strict=True):
        expected = extract(classifier, TEXTS)
        assert torch.equal(rows.features, expected.features)
        assert torch.equal(rows.logits, expected.logits)
        assert rows.labels is not None
    assert not torch.equal(together[0].logits, together[1].logits)


def test_every_member_has_its_own_head_and_all_share_one_model(folders: list[Path]) -> None:
    members = load_members(folders)
    assert len({id(member.model) for member in members}) == 1
    for member, classifier in zip(members, alone(folders), strict=True):
        assert tensors_sha256(member.head.state_dict()) == tensors_sha256(classifier.head.state_dict())
    assert len({tensors_sha256(member.head.state_dict()) for member in members}) == len(members)


def test_an_adapter_has_the_same_key_alone_and_among_others(folders: list[Path], tmp_path: Path) -> None:
    members, separate = load_members(folders), alone(folders)
    keys = [member.fingerprint for member in members]
    assert keys == [classifier.fingerprint for classifier in separate]
    assert len(set(keys)) == len(keys)


def test_the_key_of_a_member_that_is_not_active_is_still_its_own(berts: list[Path]) -> None:
    members = load_members(berts)
    assert active_adapter(members[0].model) == members[0].adapter
    assert [member.fingerprint for member in members] == [one.fingerprint for one in alone(berts)]


def test_what_was_extracted_alone_is_read_back(berts: list[Path], tmp_path: Path, passes: list[int]) -> None:
    for classifier in alone(berts):
        extract(classifier, TEXTS, cache=tmp_path / "cache")
    passes.clear()
    extract_members(load_members(berts), TEXTS, cache=tmp_path / "cache")
    assert passes == []


def test_the_active_adapter_is_active_again_and_nothing_learns(berts: list[Path]) -> None:
    members = load_members(berts)
    model = members[0].model
    gradients = [parameter.requires_grad for parameter in model.parameters()]
    before = tensors_sha256(model.state_dict())
    with member_active(members[2]):
        assert active_adapter(model) == members[2].adapter
        extract_members(members, TEXTS)
        assert active_adapter(model) == members[2].adapter
    assert active_adapter(model) == members[0].adapter
    assert [parameter.requires_grad for parameter in model.parameters()] == gradients
    assert tensors_sha256(model.state_dict()) == before
    assert not any(module.training for module in model.modules())


def test_an_error_inside_the_block_switches_back_too(berts: list[Path]) -> None:
    members = load_members(berts[:2])
    with pytest.raises(KeyboardInterrupt), member_active(members[1]):
        raise KeyboardInterrupt
    assert active_adapter(members[0].model) == members[0].adapter


def test_progress_adds_up_to_the_rows_of_all_members(berts: list[Path]) -> None:
    done: list[int] = []
    extract_members(load_members(berts), TEXTS, on_progress=done.append)
    assert sum(done) == len(berts) * len(TEXTS)


def test_no_folder_is_refused() -> None:
    with pytest.raises(DataError, match="an ensemble needs at least one adapter"):
        load_members([])


def test_a_whole_model_is_no_member(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds a whole model; the members of an ensemble are adapters of one base"):
        load_members([save_tiny_whole(tmp_path, "bert")])


def test_an_adapter_of_another_base_model_is_refused_unless_the_base_is_named(berts: list[Path]) -> None:
    path = berts[1] / "adapter_config.json"
    config = json.loads(path.read_text())
    base = config["base_model_name_or_path"]
    path.write_text(json.dumps(config | {"base_model_name_or_path": "elsewhere/another"}))
    words = f"{berts[1]} is an adapter of elsewhere/another, {berts[0]} of {base}; the members of an ensemble share"
    with pytest.raises(ModelError, match=re.escape(words)):
        load_members(berts)
    assert len(load_members(berts, base_model=base)) == 3


def test_an_adapter_of_other_classes_is_refused(berts: list[Path], tmp_path: Path) -> None:
    other = save_adapters(tmp_path / "other", num_labels=4)[0]
    words = r"does not fit beside .*size mismatch.*; train both for the same classes"
    with pytest.raises(ModelError, match=words):
        load_members([berts[0], other], base_model=str(tmp_path / "adapters" / "base"))


def test_an_adapter_of_other_modules_is_refused(berts: list[Path], tmp_path: Path) -> None:
    model = tiny_adapter(tmp_path / "adapters" / "base", "bert", lora("bert", target_modules=["query"]))
    model.save_pretrained(str(tmp_path / "other"))
    with pytest.raises(
        ModelError, match=r"adapts other modules than .*; train all members of an ensemble with the same"
    ):
        load_members([berts[0], tmp_path / "other"])


def test_a_missing_adapter_is_one_line(berts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds neither an adapter nor a model"):
        load_members([berts[0], tmp_path])
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"has no adapter_model.safetensors; copy it there"):
        load_members([berts[0], tmp_path])
