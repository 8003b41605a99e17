import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer

from adue import AdueModel, ArtifactError, DataError, ModelError
from adue.foundation.types import FeatureSet
from adue.models.features import extract as module
from adue.models.features import joining
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract, read_extracted
from adue.models.features.manifest import Manifest, read_manifest
from tests.models.features.memory import peak_mb
from tests.support.adapters import make_answers_differ, random_texts, save_tiny_adapter, tiny_adapter
from tests.support.disk import files_up_to
from tests.support.tiny import save_tiny_base, tiny_tokenizer

TEXTS = random_texts(25, seed=3)


@pytest.fixture(scope="module", params=["roberta", "llama"])
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    folder = save_tiny_adapter(tmp_path_factory.mktemp(request.param), request.param)
    return AdueModel.from_pretrained(folder).classifier


@pytest.fixture
def passes(classifier: FrozenClassifier, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of all batches that go through the model from now on."""
    sizes: list[int] = []
    monkeypatch.setattr(module, "SHARD_ROWS", 10)
    true_forward = FrozenClassifier.forward

    def counted(self: FrozenClassifier, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(batch["input_ids"]))
        return true_forward(self, batch)

    monkeypatch.setattr(FrozenClassifier, "forward", counted)
    return sizes


def assert_same(first: FeatureSet, second: FeatureSet) -> None:
    torch.testing.assert_close(first.features, second.features, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.logits, second.logits, atol=1e-5, rtol=1e-5)


def shards(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.safetensors"))


def manifest(cache: Path) -> Path:
    """Return the only manifest in the cache."""
    [path] = cache.rglob("*.json")
    return path


def test_rows_keep_their_order_whatever_the_batch_size(classifier: FrozenClassifier) -> None:
    expected = [extract(classifier, [text]) for text in TEXTS]
    for batch_size in (1, 4, 100):
        rows = extract(classifier, TEXTS, batch_size=batch_size)
        for index, row in enumerate(expected):
            assert_same(rows.select(torch.tensor([index])), row)


def test_rows_keep_their_order_across_shards(classifier: FrozenClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = extract(classifier, TEXTS)
    monkeypatch.setattr(module, "SHARD_ROWS", 10)
    assert_same(extract(classifier, TEXTS), whole)


def test_features_are_float32_and_labels_come_along(classifier: FrozenClassifier) -> None:
    rows = extract(classifier, TEXTS, [0] * len(TEXTS))
    assert (rows.features.dtype, rows.logits.dtype) == (torch.float32, torch.float32)
    assert rows.labels is not None
    assert rows.labels.tolist() == [0] * len(TEXTS)


def test_a_label_out_of_range_is_refused(classifier: FrozenClassifier) -> None:
    with pytest.raises(DataError, match=r"labels must lie in 0\.\.2, .*found 0\.\.7"):
        extract(classifier, TEXTS[:2], [0, 7])


def test_no_rows_give_an_empty_set(classifier: FrozenClassifier, tmp_path: Path) -> None:
    rows = extract(classifier, [], [], cache=tmp_path)
    assert rows.features.shape == (0, 16)
    assert rows.logits.shape == (0, 3)
    assert shards(tmp_path) == []


@pytest.mark.parametrize("text", ["", "   ", "\n", "unheard-of", "\ud800"])
def test_odd_texts_are_scored_alone_and_among_others(classifier: FrozenClassifier, text: str) -> None:
    alone = extract(classifier, [text])
    among = extract(classifier, [*TEXTS[:5], text])
    assert_same(among.select(torch.tensor([5])), alone)


def test_progress_adds_up_to_the_rows(classifier: FrozenClassifier, tmp_path: Path) -> None:
    for _ in range(2):  # from the model, then from the cache
        done: list[int] = []
        extract(classifier, TEXTS, batch_size=4, cache=tmp_path, on_progress=done.append)
        assert sum(done) == len(TEXTS)


def test_a_second_run_needs_no_forward_pass(classifier: FrozenClassifier, tmp_path: Path, passes: list[int]) -> None:
    first = extract(classifier, TEXTS, cache=tmp_path)
    assert sum(passes) == len(TEXTS)
    passes.clear()
    second = extract(classifier, TEXTS, [1] * len(TEXTS), cache=tmp_path)
    assert passes == []
    assert torch.equal(first.features, second.features)
    assert torch.equal(first.logits, second.logits)


def test_a_stopped_run_goes_on_after_the_last_whole_shard(
    classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
) -> None:
    done: list[int] = []

    def stop_in_the_second_shard(rows: int) -> None:
        done.append(rows)
        if sum(done) > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(classifier, TEXTS, batch_size=2, cache=tmp_path, on_progress=stop_in_the_second_shard)
    assert len(shards(tmp_path)) == 1
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {manifest(tmp_path), *shards(tmp_path)}
    passes.clear()
    resumed = extract(classifier, TEXTS, cache=tmp_path)
    assert sum(passes) == len(TEXTS) - 10
    assert_same(resumed, extract(classifier, TEXTS))


@pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: b"", lambda data: data[:40]])
def test_a_truncated_shard_is_computed_again(
    classifier: FrozenClassifier, tmp_path: Path, passes: list[int], damage: Callable[[bytes], bytes]
) -> None:
    whole = extract(classifier, TEXTS, cache=tmp_path)
    victim = shards(tmp_path)[1]
    victim.write_bytes(damage(victim.read_bytes()))
    passes.clear()
    again = extract(classifier, TEXTS, cache=tmp_path)
    assert 0 < sum(passes) <= 10
    assert_same(again, whole)


def test_a_full_disk_is_one_line_and_leaves_no_shard(classifier: FrozenClassifier, tmp_path: Path) -> None:
    with files_up_to(1000), pytest.raises(ArtifactError, match=r"cannot write .*\.safetensors: File too large"):
        extract(classifier, TEXTS, cache=tmp_path)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_rows_added_later_leave_whole_shards_in_use(
    classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
) -> None:
    extract(classifier, TEXTS[:20], cache=tmp_path)
    passes.clear()
    extract(classifier, TEXTS, cache=tmp_path)
    assert sum(passes) == 5


def test_another_text_or_order_is_computed_again(
    classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
) -> None:
    extract(classifier, TEXTS[:10], cache=tmp_path)
    for other in ([*TEXTS[:9], "sad sad movie"], TEXTS[9::-1]):
        passes.clear()
        assert_same(extract(classifier, other, cache=tmp_path), extract(classifier, other))
        assert sum(passes) == 20


def test_what_is_mapped_is_what_is_held_in_memory(
    classifier: FrozenClassifier, tmp_path: Path, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = extract(classifier, TEXTS, cache=tmp_path)
    monkeypatch.setattr(joining, "IN_MEMORY", 1)
    mapped = extract(classifier, TEXTS, [0] * len(TEXTS), cache=tmp_path)
    assert torch.equal(mapped.features, held.features)
    assert torch.equal(mapped.logits, held.logits)


@pytest.mark.parametrize("kind", [iter, tuple, lambda texts: Dataset.from_dict({"text": texts})["text"]])
def test_texts_may_lie_in_anything_that_gives_one_after_the_other(
    classifier: FrozenClassifier, passes: list[int], kind: Callable[[list[str]], Iterable[str]]
) -> None:
    labels = Dataset.from_dict({"label": [1] * len(TEXTS)})["label"]
    found, expected = extract(classifier, kind(TEXTS), labels), extract(classifier, TEXTS)
    assert torch.equal(found.features, expected.features)
    assert found.labels is not None
    assert found.labels.tolist() == [1] * len(TEXTS)


def test_batches_hold_so_many_texts_and_padded_tokens_at_most(
    classifier: FrozenClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[torch.Size] = []
    true_forward = FrozenClassifier.forward

    def seen(self: FrozenClassifier, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        shapes.append(batch["input_ids"].shape)
        return true_forward(self, batch)

    monkeypatch.setattr(FrozenClassifier, "forward", seen)
    extract(classifier, ["good " * 40, *TEXTS], batch_size=6, batch_tokens=42)
    assert shapes[0][0] == 1
    assert all(rows <= 6 and (rows * tokens <= 42 or rows == 1) for rows, tokens in shapes)
    assert len({rows for rows, _ in shapes}) > 2


class TestTheManifest:
    def test_it_names_model_inputs_and_position_of_a_stopped_run(
        self, classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
    ) -> None:
        def stop(_: int) -> None:
            if sum(passes) > 10:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            extract(classifier, TEXTS, cache=tmp_path, on_progress=stop)
        stopped = read_manifest(manifest(tmp_path))
        assert (stopped.model, stopped.position, stopped.complete) == (classifier.fingerprint, 10, False)
        extract(classifier, TEXTS, cache=tmp_path)
        done = read_manifest(manifest(tmp_path))
        assert (done.model, done.position, done.complete) == (classifier.fingerprint, len(TEXTS), True)
        assert {f"{shard.key}.safetensors" for shard in done.shards} == {path.name for path in shards(tmp_path)}

    def test_its_rows_can_be_read_without_model_and_texts(
        self, classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
    ) -> None:
        expected = extract(classifier, TEXTS, cache=tmp_path)
        found = read_extracted(manifest(tmp_path))
        assert torch.equal(found.features, expected.features)
        assert torch.equal(found.logits, expected.logits)
        assert found.labels is None

    def test_a_shard_that_is_gone_is_named(
        self, classifier: FrozenClassifier, tmp_path: Path, passes: list[int]
    ) -> None:
        extract(classifier, TEXTS, cache=tmp_path)
        shards(tmp_path)[1].unlink()
        with pytest.raises(ArtifactError, match=r"\.safetensors is missing or not what its manifest lists; extract"):
            read_extracted(manifest(tmp_path))

    def test_one_without_shards_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.json"
        path.write_text(json.dumps(Manifest(model="m").to_dict()))
        with pytest.raises(ArtifactError, match=r"empty\.json lists no rows; extract them again"):
            read_extracted(path)


class TestAnotherModelIsAnotherKey:
    @pytest.fixture
    def model(self, tmp_path: Path) -> PeftModel:
        return tiny_adapter(save_tiny_base(tmp_path / "base", "bert", num_labels=3, initializer_range=0.3), "bert")

    @pytest.fixture
    def check(self, model: PeftModel, tmp_path: Path) -> Callable[[Callable[[], object]], None]:
        """Return a check that a change to the model is seen although features of before lie in the cache."""

        def check(change: Callable[[], object], **options: int) -> None:
            tokenizer = tiny_tokenizer(decoder=False)
            before = extract(FrozenClassifier.wrap(model, tokenizer), TEXTS, cache=tmp_path / "cache")
            change()
            after = FrozenClassifier.wrap(model, tokenizer)
            fresh, cached = extract(after, TEXTS), extract(after, TEXTS, cache=tmp_path / "cache")
            assert torch.equal(cached.logits, fresh.logits)
            assert not torch.equal(cached.logits, before.logits)

        return check

    def test_other_weights(self, model: PeftModel, check: Callable[[Callable[[], object]], None]) -> None:
        check(lambda: make_answers_differ(model, seed=77))

    def test_another_strength_of_the_same_weights(
        self, model: PeftModel, check: Callable[[Callable[[], object]], None]
    ) -> None:
        def double() -> None:
            config = model.peft_config["default"]
            assert isinstance(config, LoraConfig)
            config.lora_alpha *= 2
            for layer in model.modules():
                if isinstance(layer, LoraLayer):
                    layer.set_scale("default", 2)

        check(double)

    def test_another_precision(self, model: PeftModel, check: Callable[[Callable[[], object]], None]) -> None:
        check(model.bfloat16)

    def test_another_adapter_of_the_same_base(
        self, model: PeftModel, check: Callable[[Callable[[], object]], None]
    ) -> None:
        model.add_adapter("second", deepcopy(model.peft_config["default"]))
        model.set_adapter("second")
        make_answers_differ(model, seed=50)
        check(lambda: model.set_adapter("default"))

    def test_another_cut_of_long_texts(self, model: PeftModel, tmp_path: Path) -> None:
        tokenizer = tiny_tokenizer(decoder=False)
        for limit in (4, 8):
            classifier = FrozenClassifier.wrap(model, tokenizer, max_length=limit)
            assert torch.equal(extract(classifier, TEXTS, cache=tmp_path).logits, extract(classifier, TEXTS).logits)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak that Linux keeps of every process")
def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    adapter = save_tiny_adapter(tmp_path / "adapter", "bert")
    few, many, at_once = (
        peak_mb(adapter, tmp_path / f"{rows}-{shard_rows}", rows, shard_rows)
        for rows, shard_rows in ((4_096, 1024), (40_960, 1024), (40_960, 40_960))
    )
    assert many - few < 20
    assert at_once - few > 40  # so much would be seen


def test_an_answer_that_is_not_finite_is_refused_and_its_cause_named(tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(save_tiny_adapter(tmp_path, "llama"))
    with torch.no_grad():
        model.classifier.model.get_parameter("base_model.model.model.embed_tokens.weight")[-1] = torch.inf
    with pytest.raises(ModelError, match=r"embed_tokens\.weight of the model holds infinity: training diverged"):
        model.extract(["good movie", "good with"])
