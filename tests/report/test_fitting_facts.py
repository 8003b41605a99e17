"""The facts of a configuration, with and without a known origin."""

from adue.foundation.config import FORMAT_VERSION, AutoSettings, FitSettings
from adue.report.fitting_facts import Fact, fact_groups
from tests.report.factory import ADAPTER_SHA256, make_config, make_evaluation


def facts(**config: object) -> dict[str, Fact]:
    evaluation = make_evaluation(config=make_config(**config))  # type: ignore[arg-type]
    return {fact.term: fact for group in fact_groups(evaluation) for fact in group.facts}


def test_a_hash_is_shortened_and_kept_in_full() -> None:
    assert facts()["Adapter hash"] == Fact("Adapter hash", "0123456789ab", full=ADAPTER_SHA256)
    assert facts()["Training data fingerprint"].full == "f" * 64


def test_classifier_head_and_hyperparameters_are_named() -> None:
    found = {term: fact.value for term, fact in facts().items()}
    assert found["Base model"] == "roberta-base"
    assert found["Classification head"] == "from the adapter"
    assert found["Classes"] == "negative, positive"
    assert found["Score"] == "SmoothMax, as in the paper, sharpness 100"
    assert found["Learning rate"] == "0.0001"
    assert found["Epochs"] == "17 of at most 50"
    assert found["Head written by"] == f"adue 0.1.0, format {FORMAT_VERSION}"


def test_a_score_without_heads_has_no_hyperparameters() -> None:
    found = facts(settings=AutoSettings())
    assert found["Score"].value == "softmax response, corrected on held-out rows"
    assert not {"Learning rate", "Epochs"} & set(found)


def test_an_entropy_head_has_no_sharpness() -> None:
    assert facts(settings=FitSettings(score="entropy"))["Score"].value == "normalised entropy"


def test_a_head_fitted_on_arrays_says_that_its_origin_is_not_recorded() -> None:
    found = facts(provenance=False)
    assert found["Origin"].value == "not recorded: the head was fitted on arrays"
    assert found["Training data"].value == "not recorded"
    assert "Base model" not in found
