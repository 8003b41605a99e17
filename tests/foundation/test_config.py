import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adue.foundation.config import (
    ANSWERS_VERSION,
    FORMAT_VERSION,
    GRIDS,
    PRESETS,
    AdueConfig,
    Answers,
    AutoSettings,
    FitMetrics,
    FitSettings,
    FrozenConfig,
    Grid,
    HeadShape,
    HyperParameters,
    ProbeAnswers,
    Provenance,
    Reading,
    SavedAnswers,
    SavedConfig,
    Setup,
    TextAnswers,
    TokenLimit,
)
from adue.foundation.config.multi_label_config import MULTI_LABEL_VERSION, LabelConfig, MultiLabelConfig
from adue.foundation.errors import ArtifactError, DataError, DataWarning

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SIZES = st.integers(1, 10**6)
COUNTS = st.integers(0, 10**9)
FRACTIONS = st.floats(0, 1)
POSITIVE = st.floats(0, exclude_min=True, allow_infinity=False)
WEIGHTS = st.floats(0, allow_infinity=False)
TEXTS = st.text(max_size=20)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=1, max_size=4).map(tuple)


SHAPES = st.builds(
    HeadShape,
    hidden_size=SIZES,
    num_labels=st.integers(2, 1000),
    activation=st.sampled_from([None, "tanh", "gelu", "relu"]),
    bias=st.booleans(),
)
POINTS = st.builds(
    HyperParameters,
    learning_rate=POSITIVE,
    alpha=WEIGHTS,
    beta=WEIGHTS,
    score=st.sampled_from([None, "smoothmax", "entropy"]),
    sharpness=st.none() | POSITIVE,
    seed=st.none() | st.integers(0, 9),
)
SETTINGS = st.builds(
    FitSettings,
    score=st.sampled_from(["smoothmax", "log_smoothmax", "entropy"]),
    sharpness=st.floats(1, exclude_min=True, allow_infinity=False),
    batch_size=SIZES,
    max_epochs=SIZES,
    patience=SIZES,
    warmup_fraction=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 2**32 - 1),
)
FADES = st.tuples(st.floats(0, 0.5), st.floats(0.5, 1, exclude_min=True))
AUTO_SETTINGS = st.builds(
    AutoSettings,
    prior_variance=POSITIVE,
    head_prior_variance=POSITIVE | st.lists(POSITIVE, min_size=1, max_size=4).map(tuple),
    required_gain=st.none() | WEIGHTS,
    head_learning_rate=POSITIVE,
    head_beta=WEIGHTS,
    head_epochs=st.integers(0, 1000),
    head_steps=st.integers(0, 10**6),
    head_batch_size=st.integers(2, 10**6),
    fade=FADES,
    class_fade=FADES,
    reference_rows=st.integers(2, 10**6),
    seed=st.integers(0, 2**32 - 1),
)
METRICS = st.builds(
    FitMetrics,
    train_rows=COUNTS,
    train_errors=COUNTS,
    validation_rows=COUNTS,
    validation_errors=COUNTS,
    validation_majority_accuracy=FRACTIONS,
    validation_auroc=FRACTIONS,
    validation_auroc_softmax_response=FRACTIONS,
    epochs=COUNTS,
)
READINGS = st.builds(
    Reading,
    prefix=TEXTS,
    suffix=TEXTS,
    chat_template=st.sampled_from([None, "message", "generation"]),
    pairs=st.sampled_from([None, False, True]),
    long_texts=st.sampled_from(["cut", "windows"]),
    stride=st.none() | COUNTS,
)
PROVENANCES = st.builds(
    Provenance,
    adapter_sha256=DIGESTS,
    base_model=TEXTS,
    base_model_revision=st.none() | TEXTS,
    model_type=TEXTS,
    dtype=TEXTS,
    merged=st.booleans(),
    max_length=SIZES,
    reading=READINGS,
    head_source=st.sampled_from(["adapter", "base model"]),
    training_data_sha256=st.none() | DIGESTS,
)
SETUPS = st.builds(
    Setup,
    versions=st.dictionaries(TEXTS, TEXTS, max_size=3),
    dtype=TEXTS,
    merged=st.booleans(),
    backend=TEXTS,
    device=TEXTS,
    attention=st.none() | TEXTS,
    adapter=st.dictionaries(TEXTS, st.integers() | st.booleans() | st.none(), max_size=3),
)
ANSWERS = st.integers(1, 3).flatmap(
    lambda rows: st.builds(
        Answers,
        logits=st.tuples(*[st.tuples(FRACTIONS, FRACTIONS)] * rows),
        uncertainty=st.tuples(*[FRACTIONS] * rows),
    )
)
PROBES = st.builds(ProbeAnswers, token_ids=st.just(((1, 2), (3,))), together=ANSWERS, alone=ANSWERS)
TEXT_ANSWERS = st.builds(TextAnswers, digest=DIGESTS, tokens=SIZES, answers=ANSWERS)
SAVED_ANSWERS = st.builds(
    SavedAnswers,
    format_version=st.just(ANSWERS_VERSION),
    head_sha256=DIGESTS,
    setup=SETUPS,
    probe=st.none() | PROBES,
    texts=st.lists(TEXT_ANSWERS, max_size=2).map(tuple),
)
CONFIGS = st.builds(
    AdueConfig,
    format_version=st.just(FORMAT_VERSION),
    adue_version=TEXTS,
    head=SHAPES,
    head_sha256=DIGESTS,
    id2label=st.dictionaries(st.integers(0, 200), TEXTS, max_size=4),
    settings=SETTINGS | AUTO_SETTINGS,
    hyperparameters=st.none() | POINTS,
    metrics=METRICS,
    provenance=st.none() | PROVENANCES,
)
LABELS = st.builds(
    LabelConfig, train_errors=COUNTS, validation_errors=COUNTS, head=st.none(), reason=TEXTS
) | st.builds(LabelConfig, train_errors=COUNTS, validation_errors=COUNTS, head=CONFIGS, reason=st.none())
LABEL_CONFIGS = st.builds(
    MultiLabelConfig,
    format_version=st.just(MULTI_LABEL_VERSION),
    adue_version=TEXTS,
    head_sha256=DIGESTS,
    id2label=st.tuples(TEXTS, TEXTS).map(lambda names: dict(enumerate(names))),
    train_rows=COUNTS,
    validation_rows=COUNTS,
    labels=st.tuples(LABELS, LABELS),
    provenance=st.none() | PROVENANCES,
)
LIMITS = st.builds(TokenLimit, tokens=SIZES, source=st.text(), most=st.none() | SIZES)
GRID_VALUES = st.builds(Grid, learning_rate=some(POSITIVE), alpha=some(WEIGHTS), beta=some(WEIGHTS))

EXAMPLE = AdueConfig(
    adue_version="0.1.0",
    head=HeadShape(hidden_size=4, num_labels=2),
    head_sha256="0" * 64,
    id2label={0: "bad", 1: "good"},
    settings=FitSettings(),
    hyperparameters=HyperParameters(),
    metrics=FitMetrics(
        train_rows=8,
        train_errors=2,
        validation_rows=4,
        validation_errors=1,
        validation_majority_accuracy=0.5,
        validation_auroc=0.75,
        validation_auroc_softmax_response=0.5,
        epochs=3,
    ),
)


def written(folder: Path, values: object) -> Path:
    path = folder / "adue_config.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "strategy",
    [
        *(SHAPES, POINTS, SETTINGS, AUTO_SETTINGS, METRICS, READINGS, LIMITS, PROVENANCES, CONFIGS, GRID_VALUES),
        *(SETUPS, ANSWERS, PROBES, TEXT_ANSWERS, SAVED_ANSWERS, LABELS, LABEL_CONFIGS),
    ],
)
@given(data=st.data())
def test_every_configuration_survives_json(strategy: st.SearchStrategy[FrozenConfig], data: st.DataObject) -> None:
    config = data.draw(strategy)
    assert type(config).from_dict(json.loads(json.dumps(config.to_dict(), allow_nan=False))) == config


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=CONFIGS)
def test_a_file_reads_as_it_was_written(tmp_path: Path, config: AdueConfig) -> None:
    assert AdueConfig.from_json(written(tmp_path, config.to_dict())) == config


def test_every_class_of_configuration_is_tested() -> None:
    tested = {HeadShape, HyperParameters, AutoSettings, FitSettings, FitMetrics, Reading, TokenLimit}
    tested |= {Setup, Answers, ProbeAnswers, TextAnswers, SavedAnswers}
    tested |= {Provenance, AdueConfig, Grid, LabelConfig, MultiLabelConfig}
    direct = {*FrozenConfig.__subclasses__(), *SavedConfig.__subclasses__()} - {SavedConfig}
    ours = {cls for cls in direct if cls.__module__.startswith("adue.foundation.config.")}
    assert ours == tested


def test_configurations_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EXAMPLE.settings.seed = 1  # type: ignore[misc]


def test_unknown_keys_are_named_and_left_out_at_every_depth() -> None:
    values = EXAMPLE.to_dict()
    values["settings"] |= {"momentum": 0.9, "decay": 0.1}
    with pytest.warns(
        DataWarning,
        match="^FitSettings: ignoring unknown keys decay, momentum; a newer adue may have written them, "
        "upgrade with pip install --upgrade adue$",
    ):
        assert AdueConfig.from_dict(values) == EXAMPLE
    with pytest.warns(DataWarning, match="^HyperParameters: ignoring unknown keys 3, gamma;"):
        HyperParameters.from_dict({"gamma": 1, 3: 4})  # type: ignore[dict-item]


def test_known_keys_give_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AdueConfig.from_dict(EXAMPLE.to_dict())


@pytest.mark.parametrize(
    ("cls", "values", "words"),
    [
        (HyperParameters, {"learning_rate": 0}, "learning_rate: Input should be greater than 0, got 0"),
        (HyperParameters, {"alpha": -1}, "alpha: Input should be greater than or equal to 0, got -1"),
        (HyperParameters, {"beta": math.inf}, "beta: Input should be a finite number, got inf"),
        (HyperParameters, {"beta": "much"}, "beta: Input should be a valid number, .*got 'much'"),
        (HeadShape, {"hidden_size": 4}, "num_labels: Field required"),
        (HeadShape, {"hidden_size": 4, "num_labels": 1}, "num_labels: Input should be greater than or equal to 2"),
        (HeadShape, {"hidden_size": 4, "num_labels": 2, "activation": "sin"}, "activation: Input should be 'tanh', "),
        (FitSettings, {"score": "max"}, "score: Input should be 'smoothmax', 'log_smoothmax' or 'entropy', got 'max'"),
        (AutoSettings, {"fade": [0.5, 0.5]}, ".*a fade goes from a smaller to a larger quantile, such as 0.5 to 0.95"),
        (AutoSettings, {"reference_rows": 1}, "reference_rows: Input should be greater than or equal to 2, got 1"),
        (FitSettings, {"batch_size": 0}, "batch_size: Input should be greater than 0, got 0"),
        (FitSettings, {"warmup_fraction": 1}, "warmup_fraction: Input should be less than 1, got 1"),
        (FitSettings, {"score": "log_smoothmax", "sharpness": 1}, ".*log_smoothmax needs a sharpness above 1"),
        (Grid, {"alpha": []}, "alpha: .* at least 1 item"),
        (Grid, {"alpha": [0.1, -1]}, "alpha.1: Input should be greater than or equal to 0, got -1"),
    ],
)
def test_bad_values_are_refused_in_one_line(cls: type[FrozenConfig], values: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=f"^{cls.__name__}: {words}") as caught:
        cls.from_dict(values)
    assert "\n" not in str(caught.value)


def test_the_papers_grid_has_its_27_points() -> None:
    points = GRIDS["paper"].points
    assert len(points) == len(set(points)) == 27
    assert {point.learning_rate for point in points} == {4e-4, 1e-4, 1e-5}
    assert {point.alpha for point in points} == {point.beta for point in points} == {0.01, 0.1, 1.0}


def test_the_preset_paper_trains_heads_as_the_paper_does() -> None:
    expected = {"sharpness": 100.0, "batch_size": 256, "max_epochs": 50, "patience": 5, "warmup_fraction": 0.1}
    assert expected.items() <= PRESETS["paper"].to_dict().items()
    assert PRESETS["paper"].score == "smoothmax"
    assert PRESETS["auto"].score == "auto"


@pytest.mark.parametrize("name", sorted(GRIDS))
def test_a_grid_loads_by_name(name: str) -> None:
    assert Grid.load(name) == GRIDS[name]


def test_a_grid_loads_from_yaml_with_lists_and_single_values(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text("learning_rate: [1e-4, 0.001]\nalpha: 0.5\nbeta: [0]\n", encoding="utf-8")
    assert Grid.load(path) == Grid(learning_rate=(1e-4, 1e-3), alpha=(0.5,), beta=(0.0,))
    assert Grid.load(str(path)) == Grid.load(path)


def test_a_list_left_out_of_the_yaml_is_the_papers(tmp_path: Path) -> None:
    path = tmp_path / "grid.yml"
    path.write_text("alpha: 0.5\n", encoding="utf-8")
    assert Grid.load(path) == Grid(alpha=(0.5,))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"alpha: [0.1", r"grid\.yaml is not valid YAML: "),
        (b"\xff\xfe\xff", r"grid\.yaml is not valid YAML: "),
        (b"0.1\n", r"grid\.yaml must hold the lists learning_rate, alpha and beta, for example"),
        (b"", r"grid\.yaml must hold the lists learning_rate, alpha and beta, for example"),
        (b"alpha: small\n", r"^Grid: alpha\.0: Input should be a valid number, .* got 'small'"),
        (b"alpha: []\n", r"^Grid: alpha: "),
    ],
)
def test_bad_yaml_is_refused_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "grid.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        Grid.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "learning_rates: [0.1]\nalpha: 1\n",
            (
                "there is no key 'learning_rates'; did you mean 'learning_rate'? "
                "the keys are learning_rate, alpha, beta, score, sharpness, seed"
            ),
        ),
        ("lambda: 10\n", "there is no key 'lambda'; the keys are learning_rate, alpha, beta, score, sharpness, seed"),
        ("3: 10\n", "there is no key '3'; the keys are learning_rate, alpha, beta, score, sharpness, seed"),
    ],
)
def test_a_typo_in_a_grid_is_refused_with_the_nearest_key(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        Grid.load(path)
    assert str(caught.value) == f"{path}: {words}"


def test_values_that_adue_wrote_may_hold_keys_of_a_newer_adue() -> None:
    with pytest.warns(DataWarning, match="^Grid: ignoring unknown keys learning_rates; a newer adue may have"):
        assert Grid.from_dict({"learning_rates": [0.1]}) == Grid()


def test_a_key_that_a_person_wrote_is_refused_at_every_depth() -> None:
    values = EXAMPLE.to_dict()
    values["metrics"] |= {"epoch": 3}
    with pytest.raises(DataError, match=r"^x\.yaml: metrics: there is no key 'epoch'; did you mean 'epochs'\? the"):
        AdueConfig.from_dict(values, file=Path("x.yaml"))


@pytest.mark.parametrize("name", ["huge", "missing.yaml", "missing.yml"])
def test_an_unknown_grid_names_the_known_ones(name: str) -> None:
    words = f"^no grid called '{name}'; use paper, fast or the path of a .yaml file$"
    with pytest.raises(DataError, match=words):
        Grid.load(name)


def test_validation_accuracy_is_the_share_of_rows_without_error() -> None:
    assert EXAMPLE.metrics.validation_accuracy == 0.75


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"^cannot read .*adue_config\.json: .*; fit the head again$"):
        AdueConfig.from_json(tmp_path / "adue_config.json")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ('{"format_version": 1', r"^cannot read .*adue_config\.json: .*; fit the head again$"),
        ([1, 2], r"adue_config\.json is not an adue configuration; fit the head again$"),
        ({"format_version": 4}, r"has format version 4, this adue reads up to 3; upgrade with pip install"),
        ({}, r"has format version None, this adue reads up to 3; upgrade with pip install"),
        ({"format_version": 1}, r"is damaged: AdueConfig: adue_version: Field required; fit the head again$"),
        (
            EXAMPLE.to_dict() | {"head_sha256": "short"},
            r"is damaged: AdueConfig: head_sha256: String should match pattern .*, got 'short'; fit the head again$",
        ),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, values: object, words: str) -> None:
    with pytest.raises(ArtifactError, match=words) as caught:
        AdueConfig.from_json(written(tmp_path, values))
    assert "\n" not in str(caught.value)
