import re

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftConfig, get_peft_model
from torch import nn

from adue.foundation.errors import ModelError
from adue.models.features.architectures import LAYOUTS, Layout, find_output, output_paths, pool_hidden, read_head

LINEAR = Layout("classifier", "classifier", "pooled")


class Toy(nn.Module):
    """A body and a head of three classes."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.body = nn.Linear(5, 4)
        self.classifier = nn.Linear(4, classes)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([7, 8, 0, 0], 1),  # padded on the right
        ([0, 0, 7, 8], 3),  # padded on the left
        ([7, 0, 8, 0], 2),  # the padding token inside the text
        ([7, 8, 9, 9], 3),
        ([0, 0, 0, 0], 0),  # nothing but padding: transformers takes the first
    ],
)
def test_last_is_the_rightmost_token_that_is_not_padding(ids: list[int], expected: int) -> None:
    hidden = torch.arange(8.0).reshape(1, 4, 2)
    pooled = pool_hidden(hidden, "last", torch.tensor([ids]), pad_token_id=0)
    torch.testing.assert_close(pooled, hidden[:, expected])


def test_last_without_a_padding_token_is_the_last_position() -> None:
    hidden = torch.arange(8.0).reshape(1, 4, 2)
    torch.testing.assert_close(pool_hidden(hidden, "last", torch.tensor([[7, 8, 0, 0]]), None), hidden[:, 3])


def test_first_and_pooled() -> None:
    hidden = torch.arange(8.0).reshape(1, 4, 2)
    ids = torch.tensor([[7, 8, 0, 0]])
    torch.testing.assert_close(pool_hidden(hidden, "first", ids, 0), hidden[:, 0])
    assert pool_hidden(hidden[:, 0], "pooled", ids, 0).shape == (1, 2)


def test_the_only_layer_with_one_output_per_class_is_the_head() -> None:
    assert find_output(Toy(), num_labels=3) == "classifier"


def test_a_head_saved_by_peft_is_found_once_under_its_own_name() -> None:
    config = LoraConfig(target_modules=["body"], modules_to_save=["classifier"], r=3)
    model = get_peft_model(Toy(), config)
    assert find_output(model.get_base_model(), num_labels=3) == "classifier"


def test_lora_on_the_head_is_no_second_candidate() -> None:
    model = get_peft_model(Toy(), LoraConfig(target_modules=["classifier"], r=3))
    assert find_output(model.get_base_model(), num_labels=3) == "classifier"


@pytest.mark.parametrize(("classes", "candidates"), [(4, "body, classifier"), (7, "none")])
def test_no_head_or_two_are_refused_and_the_cure_is_named(classes: int, candidates: str) -> None:
    model = Toy(classes=4)
    words = (
        f"cannot tell which layer of Toy is the classification head with {classes} outputs (candidates: {candidates})"
    )
    with pytest.raises(ModelError, match=re.escape(words) + ".*--head classifier"):
        find_output(model, num_labels=classes)


@pytest.mark.parametrize(
    "config",
    [
        None,
        LoraConfig(target_modules=["body"], modules_to_save=["classifier"], r=2),
        LoraConfig(target_modules=["classifier"], r=2),
        LoraConfig(target_modules=["classifier"], r=2, use_dora=True),
        LoraConfig(target_modules=["classifier"], r=2, use_rslora=True),
        IA3Config(target_modules=["classifier"], feedforward_modules=[]),
    ],
    ids=["plain", "saved whole", "LoRA", "DoRA", "rsLoRA", "IA3"],
)
def test_the_head_is_read_as_it_acts(config: PeftConfig | None) -> None:
    torch.manual_seed(0)
    model: nn.Module = Toy()
    inner = model
    if config is not None:
        model = get_peft_model(model, config)
        inner = model.get_base_model()
        for parameter in model.parameters():
            if parameter.requires_grad:
                nn.init.normal_(parameter)
    model.eval()
    features = torch.randn(6, 4)
    with torch.no_grad():
        expected = inner.get_submodule("classifier")(features)
        torch.testing.assert_close(read_head(inner, LINEAR).logits(features), expected, atol=1e-5, rtol=1e-5)


def test_the_head_is_a_copy() -> None:
    model = Toy()
    head = read_head(model, LINEAR)
    before = model.classifier.weight.clone()
    with torch.no_grad():
        head.out_weight.add_(1)
    assert torch.equal(model.classifier.weight, before)


def test_what_is_not_a_linear_layer_is_refused() -> None:
    model = nn.Sequential(nn.Dropout())
    with pytest.raises(ModelError, match=r"a Dropout is not a linear layer; name the last linear layer .* with --head"):
        read_head(model, Layout("0", "0", "pooled"))


def test_a_regression_head_is_refused() -> None:
    with pytest.raises(
        ModelError,
        match=r"'classifier' of Toy has one output: a regression or a reward model .*; adue needs two classes",
    ):
        read_head(Toy(classes=1), LINEAR)


def test_the_paths_of_a_known_architecture_are_its_own() -> None:
    assert output_paths("roberta") == ("classifier.out_proj",)
    assert {layout.output for layout in LAYOUTS.values()} <= set(output_paths("never heard of"))
