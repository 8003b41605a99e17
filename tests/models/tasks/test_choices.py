import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, Gemma2Config, PreTrainedTokenizerFast

from adue import ArtifactError, DataError, ModelError
from adue.foundation.digests import tensors_sha256
from adue.models.pretrained.quiet import quiet_peft, quiet_transformers
from adue.models.tasks.answers import answer_tokens, parse_head_path
from adue.models.tasks.choices import AdueModelForMultipleChoice, multiple_choice_prompt
from tests.models.tasks.tiny import CHOICES, fit_answerer, save_answerer, save_language_model
from tests.support.adapters import random_texts
from tests.support.tiny import DECODERS, VOCABULARY, tiny_tokenizer

PROMPTS = [f"{text} Answer:" for text in random_texts(12, seed=7)]
TOKENS = [VOCABULARY[choice] for choice in CHOICES]
AdapterOf = Callable[[str], Path]


@pytest.fixture(scope="module")
def adapter_of(tmp_path_factory: pytest.TempPathFactory) -> AdapterOf:
    """Return the folder of an adapter without a head by model_type; nobody may write into it."""
    return cache(lambda model_type: save_answerer(tmp_path_factory.mktemp(model_type), model_type))


def load(folder: Path) -> AdueModelForMultipleChoice:
    return AdueModelForMultipleChoice.from_pretrained(folder, choices=CHOICES)


def plain(folder: Path) -> Any:
    with quiet_transformers(), quiet_peft():
        base = AutoModelForCausalLM.from_pretrained(folder.parent / "base")
        return PeftModel.from_pretrained(base, str(folder)).eval()


@pytest.mark.parametrize("model_type", DECODERS)
class TestEveryArchitecture:
    @pytest.mark.parametrize("side", ["left", "right"])
    def test_logits_are_those_of_the_plain_peft_model_bit_for_bit(
        self, adapter_of: AdapterOf, model_type: str, side: str
    ) -> None:
        model = fit_answerer(load(adapter_of(model_type)))
        batch = tiny_tokenizer(decoder=True)(PROMPTS, padding=True, padding_side=side, return_tensors="pt")
        with torch.no_grad():
            everywhere = plain(adapter_of(model_type))(**batch).logits
        positions = torch.arange(batch["input_ids"].shape[1])
        last = (batch["attention_mask"] * positions).argmax(dim=-1)
        expected = everywhere[torch.arange(len(PROMPTS)), last][:, TOKENS]
        assert torch.equal(model(**batch).logits, expected)

    def test_probabilities_are_those_of_the_choices_after_each_prompt(
        self, adapter_of: AdapterOf, model_type: str
    ) -> None:
        probabilities = load(adapter_of(model_type)).predict_proba(PROMPTS)
        for prompt, found in zip(PROMPTS, probabilities, strict=True):
            with torch.no_grad():
                logits = plain(adapter_of(model_type))(
                    **tiny_tokenizer(decoder=True)(prompt, return_tensors="pt")
                ).logits
            np.testing.assert_allclose(found, logits[0, -1, TOKENS].softmax(dim=-1), atol=1e-4)

    def test_the_head_starts_from_the_choices_rows(self, adapter_of: AdapterOf, model_type: str) -> None:
        model = load(adapter_of(model_type))
        rows = model.extract(PROMPTS)
        with torch.no_grad():
            torch.testing.assert_close(model.classifier.head.logits(rows.features), rows.logits, atol=1e-4, rtol=1e-4)
        own = plain(adapter_of(model_type)).get_base_model().get_output_embeddings().weight[TOKENS]
        assert torch.equal(model.classifier.head.out_weight, own)

    def test_a_saved_head_gives_the_same_uncertainty_when_loaded(
        self, adapter_of: AdapterOf, model_type: str, tmp_path: Path
    ) -> None:
        model = fit_answerer(load(adapter_of(model_type)))
        model.save_pretrained(tmp_path)
        again = AdueModelForMultipleChoice.from_pretrained(tmp_path)
        before, after = model.predict(PROMPTS), again.predict(PROMPTS)
        assert again.id2label == dict(enumerate(CHOICES))
        assert after.label_names == [CHOICES[label] for label in after.labels]
        np.testing.assert_array_equal(before.uncertainty, after.uncertainty)
        np.testing.assert_array_equal(before.probabilities, after.probabilities)
        assert ((after.uncertainty >= 0) & (after.uncertainty <= 1)).all()
        assert after.uncertainty.std() > 0


def test_nothing_of_the_language_model_changes(adapter_of: AdapterOf) -> None:
    model = load(adapter_of("llama"))
    before = tensors_sha256(model.classifier.model.state_dict())
    fit_answerer(model).predict(PROMPTS)
    assert tensors_sha256(model.classifier.model.state_dict()) == before


def test_a_language_model_without_an_adapter_answers_too(tmp_path: Path) -> None:
    model = fit_answerer(load(save_language_model(tmp_path / "whole")))
    model.save_pretrained(tmp_path / "whole")
    again = AdueModelForMultipleChoice.from_pretrained(tmp_path / "whole")
    np.testing.assert_array_equal(again.predict_uncertainty(PROMPTS), model.predict_uncertainty(PROMPTS))


def test_tied_embeddings_are_a_head_as_well(tmp_path: Path) -> None:
    model = load(save_language_model(tmp_path, tie_word_embeddings=True))
    assert model.classifier.head.shape.num_labels == len(CHOICES)


def test_features_of_other_choices_are_not_taken_from_the_cache(adapter_of: AdapterOf, tmp_path: Path) -> None:
    for choices in (CHOICES, CHOICES[::-1]):
        model = AdueModelForMultipleChoice.from_pretrained(adapter_of("llama"), choices=choices)
        cached, fresh = model.extract(PROMPTS, cache=tmp_path), model.extract(PROMPTS)
        assert torch.equal(cached.logits, fresh.logits)


class TestRefusals:
    def test_a_prompt_that_would_lose_its_end(self, adapter_of: AdapterOf) -> None:
        model = AdueModelForMultipleChoice.from_pretrained(adapter_of("llama"), choices=CHOICES, max_length=6)
        with pytest.raises(DataError, match="prompt 1 has 7 tokens, more than max_length 6; shorten it"):
            model.extract(["good " * 4 + "Answer:", "good " * 5 + "Answer:"])

    def test_other_choices_than_the_saved_heads(self, adapter_of: AdapterOf, tmp_path: Path) -> None:
        fit_answerer(load(adapter_of("llama"))).save_pretrained(tmp_path)
        with pytest.raises(
            ModelError, match="was fitted for the choices good, bad, fine, not sad, happy; leave choices"
        ):
            AdueModelForMultipleChoice.from_pretrained(tmp_path, choices=("sad", "happy"))

    def test_choices_that_are_the_same_token(self, adapter_of: AdapterOf) -> None:
        with pytest.raises(ModelError, match="'A', 'B', 'C', 'D' are not one token each after 'Answer:'"):
            AdueModelForMultipleChoice.from_pretrained(adapter_of("llama"))

    def test_a_model_that_caps_its_logits(self, tmp_path: Path) -> None:
        config = Gemma2Config(
            vocab_size=len(VOCABULARY),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            pad_token_id=0,
            final_logit_softcapping=0.5,
            initializer_range=0.5,
        )
        AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
        tiny_tokenizer(decoder=True).save_pretrained(tmp_path)
        with pytest.raises(ModelError, match=re.escape("changes the logits after its layer 'lm_head' (soft caps")):
            load(tmp_path)

    def test_a_head_of_another_adapter(self, adapter_of: AdapterOf, tmp_path: Path) -> None:
        model = fit_answerer(load(adapter_of("llama")))
        with pytest.raises(ArtifactError, match=f"this head was fitted on {model.origin.sha256}"):
            model.save_pretrained(save_answerer(tmp_path, seed=2))

    def test_more_options_than_letters(self) -> None:
        with pytest.raises(DataError, match="3 options have 2 letters"):
            multiple_choice_prompt("Which?", ["x", "y", "z"], "AB")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer for which 'A' and ' A' are two tokens, as in GPT-2, Llama 3 and Qwen."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    inner.train_from_iterator(["Answer: A", "Answer: B"] * 9, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner)


class TestAnswerTokens:
    @pytest.mark.parametrize(
        ("prompt_end", "tokens"),
        [("Answer:", ["ĠA", "ĠB"]), ("Answer:\n", ["A", "B"])],
    )
    def test_the_space_before_an_answer_follows_from_the_prompts_end(
        self, tokenizer: PreTrainedTokenizerFast, prompt_end: str, tokens: list[str]
    ) -> None:
        found = answer_tokens(tokenizer, ["A", "B"], prompt_end)
        assert tokenizer.convert_ids_to_tokens(list(found)) == tokens

    def test_answers_without_a_token_of_their_own_with_a_space_are_taken_without(
        self, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        found = answer_tokens(tokenizer, ["1", "2"], "Answer:")
        assert tokenizer.convert_ids_to_tokens(list(found)) == ["1", "2"]

    def test_a_space_at_the_prompts_end_is_refused_because_it_belongs_to_the_answer(
        self, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        with pytest.raises(ModelError, match=r"after 'Answer: ' for this.*; use letters.*prompts without a space"):
            answer_tokens(tokenizer, ["A", "B"], "Answer: ")

    def test_a_word_of_several_tokens_is_refused(self, tokenizer: PreTrainedTokenizerFast) -> None:
        with pytest.raises(ModelError, match="'yes', 'no' are not one token each after 'Answer:'"):
            answer_tokens(tokenizer, ["yes", "no"])

    def test_a_path_that_names_no_rows_is_refused(self) -> None:
        assert parse_head_path("model.lm_head[3, 14]") == (3, 14)
        with pytest.raises(ModelError, match="'classifier' does not name rows"):
            parse_head_path("classifier")
