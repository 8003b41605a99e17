"""The probe is fixed, no text, and its stored answers are exactly what was computed."""

import numpy as np
import pytest
import torch

from adue.foundation.config import SavedAnswers
from adue.models.verification.answerer import ClassifierAnswerer
from adue.models.verification.probe import LENGTHS, answer_probe, probe_ids
from tests.models.verification.conftest import SavedOf
from tests.support.tiny import DECODERS, ENCODERS


@pytest.mark.parametrize("model_type", ["bert", "llama"])
def test_its_sequences_have_several_lengths_no_padding_and_end_as_texts_do(saved_of: SavedOf, model_type: str) -> None:
    classifier = saved_of(model_type).load().classifier
    ids = probe_ids(classifier)
    assert ids == probe_ids(classifier)
    assert tuple(map(len, ids)) == LENGTHS
    pad, eos = classifier.tokenizer.pad_token_id, classifier.tokenizer.eos_token_id
    assert pad not in {token for sequence in ids for token in sequence}
    assert eos in {sequence[-1] for sequence in ids}


def test_it_is_no_longer_than_what_the_classifier_reads(saved_of: SavedOf) -> None:
    assert max(map(len, probe_ids(saved_of("bert").load(max_length=7).classifier))) == 7


def test_stored_answers_are_the_computed_ones_to_the_last_bit(saved_of: SavedOf) -> None:
    saved = saved_of("bert")
    answers = SavedAnswers.from_json(saved.adapter / "adue_answers.json")
    assert answers.probe is not None
    model = saved.load()
    assert model.fitted is not None
    logits, u = ClassifierAnswerer(model.classifier, model.origin, model.fitted).answer_ids(
        answers.probe.token_ids[:-1]
    )
    assert torch.equal(torch.tensor(answers.probe.together.logits), logits)
    assert torch.equal(torch.tensor(answers.probe.together.uncertainty), u)
    np.testing.assert_array_equal(np.array(answers.probe.together.logits, np.float32), logits.numpy())


@pytest.mark.parametrize("model_type", [*ENCODERS, *DECODERS])
def test_every_architecture_is_asked_and_answers_the_same_when_it_is_loaded_again(
    saved_of: SavedOf, model_type: str
) -> None:
    model = saved_of(model_type).load()
    assert model.fitted is not None
    assert model.fitted.answers is not None
    assert model.fitted.answers.probe is not None


def test_answers_that_are_not_finite_are_not_stored(saved_of: SavedOf) -> None:
    model = saved_of("bert").load()
    assert model.fitted is not None
    with torch.no_grad():
        model.classifier.model.get_input_embeddings().weight.fill_(float("inf"))  # type: ignore[operator]
    answerer = ClassifierAnswerer(model.classifier, model.origin, model.fitted)
    assert answer_probe(answerer, probe_ids(model.classifier)) is None
