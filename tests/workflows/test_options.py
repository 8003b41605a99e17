"""How a classifier is loaded: on the device that was asked for, or the best one there is."""

import pytest

from adue import AdueError
from adue.workflows.options import ModelOptions
from adue.workflows.predict_ray import gpus_per_worker
from tests.support.workspace import Workspace


@pytest.fixture
def _cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)


@pytest.fixture
def _no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


@pytest.mark.usefixtures("_no_cuda")
def test_the_best_device_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ModelOptions().device == "auto"
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert ModelOptions().chosen_device == "cpu"
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert ModelOptions().chosen_device == "mps"


@pytest.mark.usefixtures("_cuda")
def test_cuda_is_taken_where_there_is_one_unless_another_is_named() -> None:
    assert ModelOptions().chosen_device == "cuda"
    assert ModelOptions(device="cpu").chosen_device == "cpu"


@pytest.mark.usefixtures("_cuda")
def test_onnx_runtime_stays_on_the_processor() -> None:
    assert ModelOptions(backend="onnx").chosen_device == "cpu"


@pytest.mark.usefixtures("_cuda")
def test_a_worker_of_ray_takes_a_gpu_where_its_device_is_one() -> None:
    assert gpus_per_worker(ModelOptions()) == gpus_per_worker(ModelOptions(device="cuda:0")) == 1
    assert gpus_per_worker(ModelOptions(device="cpu")) == gpus_per_worker(ModelOptions(backend="onnx")) == 0


@pytest.mark.usefixtures("_no_cuda")
def test_a_gpu_that_only_the_workers_have_can_be_named() -> None:
    assert gpus_per_worker(ModelOptions(device="cuda")) == 1


@pytest.mark.usefixtures("_cuda")
def test_the_model_is_loaded_on_the_device_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("adue.AdueModel.from_pretrained", lambda _, **options: asked.append(options["device"]))
    for options in (ModelOptions(), ModelOptions(device="cpu"), ModelOptions(backend="onnx")):
        options.load("adapter")
    assert asked == ["cuda", "cpu", "cpu"]


def test_a_device_that_is_not_there_is_refused(raw: Workspace) -> None:
    with pytest.raises(AdueError, match="there is no device 'nowhere' here; use auto, cpu, or cuda"):
        ModelOptions(device="nowhere").load(raw.adapter)
