"""The configuration: who has the last word, and what is refused."""

from pathlib import Path

import pytest

from adue.foundation.errors import DataError, DataWarning
from adue.research.benchmark.configuration import BenchmarkConfig, Task
from adue.research.methods import select_methods

CONFIGS = Path(__file__).parents[3] / "configs"


def task(config: BenchmarkConfig, model: str, data_set: str) -> Task:
    return next(task for task in config.tasks if (task.model, task.data_set) == (model, data_set))


def config(**changes: object) -> BenchmarkConfig:
    values: dict[str, object] = {"models": {"small": {}}, "data_sets": {"sst2": {}, "cola": {}}}
    return BenchmarkConfig.from_dict(values | changes)


def test_the_more_special_word_counts() -> None:
    made = config(
        models={"small": {"train_rows": 10, "training": {"max_epochs": 3, "learning_rate": 0.1}}},
        data_sets={"sst2": {}, "cola": {"training": {"max_epochs": 4}, "train_rows": 20}},
        cells={"small/cola": {"training": {"max_epochs": 5}, "train_rows": None}},
    )
    plain, special = task(made, "small", "sst2"), task(made, "small", "cola")
    assert (plain.choices.train_rows, plain.settings(0).max_epochs) == (10, 3)
    assert (special.choices.train_rows, special.settings(0).max_epochs) == (None, 5)
    assert special.settings(7).learning_rate == 0.1
    assert special.settings(7).seed == 7


def test_seeds_of_a_model_stand_in_for_those_of_the_benchmark() -> None:
    made = config(models={"small": {}, "large": {"seeds": [1]}}, seeds=[0, 1, 2])
    assert task(made, "small", "sst2").seeds == (0, 1, 2)
    assert task(made, "large", "sst2").seeds == (1,)


def test_a_model_runs_on_the_data_sets_it_names() -> None:
    made = config(models={"small": {}, "large": {"data_sets": ["cola"]}})
    assert [(one.model, one.data_set) for one in made.tasks] == [
        ("small", "sst2"),
        ("small", "cola"),
        ("large", "cola"),
    ]


def test_names_stand_for_sources_where_nothing_else_is_said() -> None:
    made = config(
        models={"small": {"base_model": "owner/small"}, "large": {}},
        data_sets={"sst2": {}, "mine": {"source": "./data", "shifted": ["tweets"]}},
    )
    assert (task(made, "small", "sst2").base_model, task(made, "large", "sst2").base_model) == ("owner/small", "large")
    assert (task(made, "small", "sst2").source, task(made, "small", "mine").source) == ("sst2", "./data")
    assert task(made, "small", "mine").data.shifted == {"tweets": "tweets"}


def test_the_softmax_response_is_always_compared() -> None:
    assert config(methods=["entropy", "softmax-response"]).asked_methods == ("softmax-response", "entropy")


def test_it_survives_a_round_trip() -> None:
    made = config(sampling={"mc-dropout": {"passes": 5, "seeds": [0]}}, cells={"small/cola": {"train_rows": 9}})
    assert BenchmarkConfig.from_dict(made.to_dict()) == made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": {}}, "models: .* at least 1 item"),
        ({"models": {"a/b": {}}}, r"a/b.*should match pattern"),
        ({"models": {"small": {"data_sets": ["imdb"]}}}, "small runs on imdb, which is not among the data_sets"),
        ({"cells": {"small/imdb": {}}}, "no cell 'small/imdb'; cells are called model/data_set"),
        ({"sampling": {"luck": {}}}, "mc-dropout"),
        ({"resamples": 3}, "resamples: .*greater than or equal to 100"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        config(**changes)


def test_a_training_setting_out_of_range_is_refused_before_anything_runs() -> None:
    with pytest.raises(DataError, match="learning_rate"):
        config(models={"small": {"training": {"learning_rate": -1}}}).tasks  # noqa: B018


def test_a_key_of_a_newer_adue_warns_where_no_person_wrote_it() -> None:
    with pytest.warns(DataWarning, match="ignoring unknown keys colour"):
        config(colour="red")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "model: {m: {}}\ndata_sets: {s: {}}",
            ": there is no key 'model'; did you mean 'models'? the keys are models",
        ),
        ("colour: red\nmodels: {m: {}}\ndata_sets: {s: {}}", ": there is no key 'colour'; the keys are models, "),
        (
            "models: {m: {train_row: 3}}\ndata_sets: {s: {}}",
            ": models.m: there is no key 'train_row'; did you mean 'train_rows'? the keys are train_rows, ",
        ),
        (
            "models: {m: {}}\ndata_sets: {s: {shift: [t]}}",
            ": data_sets.s: there is no key 'shift'; did you mean 'shifted'? the keys are ",
        ),
        (
            "models: {m: {training: {learning_rates: 1}}}\ndata_sets: {s: {}}",
            ": models.m.training: there is no key 'learning_rates'; did you mean 'learning_rate'? the keys are r, ",
        ),
        (
            "models: {m: {}}\ndata_sets: {s: {}}\ncells: {m/s: {training: {epochs: 1}}}",
            ": cells.m/s.training: there is no key 'epochs'; did you mean 'max_epochs'? the keys are r, ",
        ),
        (
            "models: {m: {}}\ndata_sets: {s: {}}\nsampling: {mc-dropout: {pass: 1}}",
            ": sampling.mc-dropout: there is no key 'pass'; did you mean 'passes'? the keys are passes, ",
        ),
    ],
)
def test_a_typo_in_the_file_is_refused_with_its_place_and_the_nearest_key(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        BenchmarkConfig.load(path)
    assert str(caught.value).startswith(f"{path}{words}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: [", "is not valid YAML"),
        ("- 1", "must say which models and data_sets"),
        ("models: {m: {}}", "data_sets: Field required"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        BenchmarkConfig.load(path)


def test_a_missing_file_is_one_line() -> None:
    with pytest.raises(DataError, match=r"cannot read gone.yaml: No such file or directory; give the path"):
        BenchmarkConfig.load(Path("gone.yaml"))


def test_a_name_with_nothing_behind_it_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models:\n  small:\ndata_sets:\n  sst2:\n")
    assert [one.model for one in BenchmarkConfig.load(path).tasks] == ["small"]


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_the_configurations_that_come_with_adue_can_be_read(path: Path) -> None:
    made = BenchmarkConfig.load(path)
    assert made.tasks
    assert select_methods(made.asked_methods)


def test_the_papers_configuration_is_the_papers_setting() -> None:
    made = BenchmarkConfig.load(CONFIGS / "paper.yaml")
    assert [task(made, name, "sst2").base_model for name in made.models] == [
        "roberta-base",
        "google/electra-base-discriminator",
        "meta-llama/Llama-2-7b-hf",
        "Qwen/Qwen2.5-7B",
    ]
    assert list(made.data_sets) == ["sst2", "sst5", "cola", "20newsgroups", "toxigen"]
    for one in made.tasks:
        settings = one.settings(one.seeds[0])
        assert one.seeds == (0, 1, 2, 3, 4)
        assert one.choices.train_rows is None
        assert (settings.r, settings.lora_alpha, settings.bf16, settings.max_epochs) == (8, 16, True, 30)
        assert (settings.learning_rate, settings.weight_decay) == (5e-4, 0.1)


def test_the_configuration_for_two_cores_covers_what_the_comparison_needs() -> None:
    made = BenchmarkConfig.load(CONFIGS / "cpu.yaml")
    cells = {(one.model, one.data_set): len(one.seeds) for one in made.tasks}
    assert {name for model, name in cells if model == "minilm"} == {
        "sst2", "sst5", "cola", "20newsgroups", "toxigen", "clinc150", "tweet_offensive", "reviews",
    }  # fmt: skip
    assert all(seeds == 5 for (model, _), seeds in cells.items() if model == "minilm")
    assert [seeds for (model, _), seeds in cells.items() if model == "smollm2-135m"] == [2, 2, 2]
    assert task(made, "minilm", "clinc150").settings(0).max_epochs == 6
