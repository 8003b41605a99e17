import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForTokenClassification

from adue import AdueModel, ArtifactError, DataError, ModelError
from adue.foundation.digests import tensors_sha256
from adue.models.pretrained.quiet import quiet_peft, quiet_transformers
from adue.models.tasks.tokens import AdueModelForTokenClassification, TaggedSentence
from tests.models.tasks.tiny import TAGS, fit_tagger, save_answerer, save_tagger, sentences, tagged_sentences
from tests.support.adapters import QUICK
from tests.support.tiny import CONFIGS, DECODERS, tiny_tokenizer

SENTENCES = [*sentences(12, seed=7), []]
NAMES = dict(enumerate(TAGS))
AdapterOf = Callable[[str], Path]


@pytest.fixture(scope="module")
def adapter_of(tmp_path_factory: pytest.TempPathFactory) -> AdapterOf:
    """Return the folder of an adapter without a head by model_type; nobody may write into it."""
    return cache(lambda model_type: save_tagger(tmp_path_factory.mktemp(model_type), model_type))


@pytest.fixture(scope="module")
def fitted(adapter_of: AdapterOf) -> AdueModelForTokenClassification:
    return fit_tagger(AdueModelForTokenClassification.from_pretrained(adapter_of("bert"), id2label=NAMES))


def plain(folder: Path) -> PeftModel:
    with quiet_transformers(), quiet_peft():
        base = AutoModelForTokenClassification.from_pretrained(folder.parent / "base", num_labels=len(TAGS))
        return PeftModel.from_pretrained(base, str(folder)).eval()


@pytest.mark.parametrize("model_type", CONFIGS)
class TestEveryArchitecture:
    def test_logits_are_those_of_the_plain_peft_model_bit_for_bit(self, adapter_of: AdapterOf, model_type: str) -> None:
        model = fit_tagger(AdueModelForTokenClassification.from_pretrained(adapter_of(model_type)))
        tokenizer = tiny_tokenizer(decoder=model_type in DECODERS)
        batch = tokenizer(SENTENCES[:9], is_split_into_words=True, padding=True, return_tensors="pt")
        with torch.no_grad():
            expected = plain(adapter_of(model_type))(**batch).logits
        output = model(**batch)
        assert torch.equal(output.logits, expected)
        assert output.uncertainty.shape == batch["input_ids"].shape

    def test_each_word_is_read_at_its_first_token(self, adapter_of: AdapterOf, model_type: str) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of(model_type))
        rows = model.extract(SENTENCES)
        tokenizer, expected = tiny_tokenizer(decoder=model_type in DECODERS), []
        for words in SENTENCES[:-1]:
            encoded = tokenizer([words], is_split_into_words=True, return_tensors="pt")
            with torch.no_grad():
                logits = plain(adapter_of(model_type))(**encoded).logits[0]
            expected += [logits[encoded.word_ids(0).index(word)] for word in range(len(words))]
        torch.testing.assert_close(rows.logits, torch.stack(expected), atol=1e-4, rtol=1e-4)
        with torch.no_grad():
            torch.testing.assert_close(model.classifier.head.logits(rows.features), rows.logits, atol=1e-4, rtol=1e-4)

    def test_a_saved_head_gives_the_same_uncertainty_when_loaded(
        self, adapter_of: AdapterOf, model_type: str, tmp_path: Path
    ) -> None:
        model = fit_tagger(AdueModelForTokenClassification.from_pretrained(adapter_of(model_type), id2label=NAMES))
        model.save_pretrained(tmp_path)
        again = AdueModelForTokenClassification.from_pretrained(tmp_path)
        assert again.id2label == NAMES
        for before, after in zip(model.predict(SENTENCES), again.predict(SENTENCES), strict=True):
            np.testing.assert_array_equal(before.uncertainty, after.uncertainty)
            np.testing.assert_array_equal(before.probabilities, after.probabilities)
            assert before.entities == after.entities


class TestPredict:
    def test_every_word_has_a_label_and_an_uncertainty_between_zero_and_one(
        self, fitted: AdueModelForTokenClassification
    ) -> None:
        answers = fitted.predict(SENTENCES)
        assert [len(answer.labels) for answer in answers] == [len(words) for words in SENTENCES]
        for answer in answers:
            assert answer.label_names == [TAGS[label] for label in answer.labels]
            assert answer.probabilities.shape == (len(answer.labels), len(TAGS))
            assert ((answer.uncertainty >= 0) & (answer.uncertainty <= 1)).all()
        assert np.concatenate([answer.uncertainty for answer in answers]).std() > 0.01

    def test_an_entity_is_as_uncertain_as_its_most_uncertain_word(
        self, fitted: AdueModelForTokenClassification
    ) -> None:
        found = [(answer, entity) for answer in fitted.predict(SENTENCES) for entity in answer.entities]
        assert found
        for answer, entity in found:
            words = slice(entity.span.start, entity.span.end)
            assert {name[2:] for name in answer.label_names[words]} == {entity.span.label}
            assert entity.uncertainty == answer.uncertainty[words].max()

    def test_the_mean_and_the_product_over_an_entitys_words_can_be_asked_for(
        self, fitted: AdueModelForTokenClassification
    ) -> None:
        def of(answers: list[TaggedSentence]) -> np.ndarray:
            return np.array([entity.uncertainty for answer in answers for entity in answer.entities])

        largest = of(fitted.predict(SENTENCES))
        assert (of(fitted.predict(SENTENCES, entity_uncertainty="mean")) <= largest + 1e-6).all()
        assert (of(fitted.predict(SENTENCES, entity_uncertainty="product")) >= largest - 1e-6).all()

    def test_other_sentences_of_the_batch_change_nothing(self, fitted: AdueModelForTokenClassification) -> None:
        together = fitted.predict(SENTENCES)
        for words, answer in zip(SENTENCES[:4], together, strict=False):
            np.testing.assert_allclose(fitted.predict([words])[0].uncertainty, answer.uncertainty, atol=1e-4)

    def test_no_sentences_give_no_answers(self, fitted: AdueModelForTokenClassification) -> None:
        assert fitted.predict([]) == []

    def test_a_word_of_which_the_tokenizer_leaves_nothing_is_read_as_unknown(
        self, fitted: AdueModelForTokenClassification
    ) -> None:
        strange, unknown = fitted.predict([["good", " ", "film"], ["good", "[UNK]", "film"]])
        assert len(strange.labels) == 3
        np.testing.assert_array_equal(strange.uncertainty, unknown.uncertainty)

    def test_a_sentence_that_would_be_cut_is_refused(self, adapter_of: AdapterOf) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"), max_length=8)
        with pytest.raises(DataError, match="sentence 1 has 9 tokens, the model reads 8, and words that are cut off"):
            model.extract([["good"] * 6, ["good"] * 7])

    def test_without_a_head_the_cure_is_named(self, adapter_of: AdapterOf) -> None:
        with pytest.raises(ArtifactError, match=r"no uncertainty head yet; fit one with model\.fit"):
            AdueModelForTokenClassification.from_pretrained(adapter_of("bert")).predict(SENTENCES)


class TestFit:
    def test_nothing_of_the_classifier_changes(self, adapter_of: AdapterOf) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"))
        before = tensors_sha256(model.classifier.model.state_dict())
        fit_tagger(model).predict(SENTENCES)
        assert tensors_sha256(model.classifier.model.state_dict()) == before

    def test_columns_may_have_other_names(self, adapter_of: AdapterOf) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"))
        rows = tagged_sentences(model)
        digests = []
        for named in (rows, rows.rename_columns({"tokens": "words", "ner_tags": "pos"})):
            tokens, tags = named.column_names
            model.fit(named, named, tokens_column=tokens, tags_column=tags, grid="fast", settings=QUICK)
            assert model.fitted is not None
            digests.append(model.fitted.config.head_sha256)
        assert digests[0] == digests[1]

    def test_features_that_are_there_are_used_again(self, adapter_of: AdapterOf, tmp_path: Path) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"))
        first, second = (model.extract(SENTENCES, cache=tmp_path) for _ in range(2))
        assert len(list(tmp_path.rglob("*.safetensors"))) == 1
        assert torch.equal(first.features, second.features)

    @pytest.mark.parametrize(
        ("tags", "words"),
        [([[0]], "sentence 0 has 2 words and 1 tags"), ([[0, 0], [1]], "1 sentences have 2 lists of tags")],
    )
    def test_tags_that_do_not_fit_their_sentences_are_refused(
        self, adapter_of: AdapterOf, tags: list[list[int]], words: str
    ) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"))
        with pytest.raises(DataError, match=words):
            model.extract([["good", "film"]], tags)

    def test_without_errors_there_is_nothing_to_learn(self, adapter_of: AdapterOf) -> None:
        model = AdueModelForTokenClassification.from_pretrained(adapter_of("bert"))
        answers = iter(model.extract(SENTENCES).predictions.tolist())
        rows = Dataset.from_dict(
            {"tokens": SENTENCES, "ner_tags": [[next(answers) for _ in words] for words in SENTENCES]}
        )
        with pytest.raises(DataError, match="AUROC is undefined on the training data"):
            model.fit(rows, rows, grid="fast", settings=QUICK)


class TestRefusals:
    def test_a_head_beside_another_adapter(self, fitted: AdueModelForTokenClassification, tmp_path: Path) -> None:
        other = save_tagger(tmp_path, seed=2)
        with pytest.raises(ArtifactError, match=f"this head was fitted on {fitted.origin.sha256}"):
            fitted.save_pretrained(other)

    @pytest.mark.parametrize(
        ("reader", "save", "words"),
        [
            (AdueModel, save_tagger, "was trained for TOKEN_CLS, AdueModel reads SEQ_CLS; open it with "),
            (
                AdueModelForTokenClassification,
                save_answerer,
                "AdueModelForTokenClassification reads TOKEN_CLS; open it with AdueModelForMultipleChoice",
            ),
        ],
    )
    def test_an_adapter_of_another_task_is_sent_to_its_own_class(
        self, tmp_path: Path, reader: type[AdueModel], save: Callable[[Path], Path], words: str
    ) -> None:
        with pytest.raises(ModelError, match=re.escape(words)):
            reader.from_pretrained(save(tmp_path))

    def test_a_layer_that_is_not_the_head(self, adapter_of: AdapterOf) -> None:
        with pytest.raises(ModelError, match="does not give the model's own logits"):
            AdueModelForTokenClassification.from_pretrained(
                adapter_of("bert"), head="bert.encoder.layer.1.output.dense"
            )
