import pytest

from adue import ModelError
from adue.foundation.errors import DataWarning
from adue.training.record import TrainingRecord, read_history
from adue.training.settings import TrainingSettings

EPOCH = {"epoch": 1.0, "eval_loss": 0.5, "eval_accuracy": 0.75}


def test_an_epoch_has_the_losses_and_the_accuracy_of_the_log() -> None:
    (epoch,) = read_history([{"epoch": 1.0, "loss": 0.25}, EPOCH])
    assert (epoch.epoch, epoch.train_loss, epoch.validation_loss, epoch.validation_accuracy) == (1, 0.25, 0.5, 0.75)


@pytest.mark.parametrize("broken", ["loss", "eval_loss"])
def test_training_that_diverged_says_what_to_try(broken: str) -> None:
    log = [{"epoch": 1.0, "loss": 0.25}, EPOCH]
    log[broken == "eval_loss"] = log[broken == "eval_loss"] | {broken: float("nan")}
    with pytest.raises(ModelError, match=r"^the loss of epoch 1 is not a number; try a smaller --lr$"):
        read_history(log)


def test_a_record_of_a_newer_adue_is_read_without_what_it_adds() -> None:
    values = {
        "base_model": "minilm",
        "id2label": {0: "bad", 1: "good"},
        "settings": TrainingSettings().to_dict(),
        "max_length": 8,
        "train_rows": 4,
        "validation_rows": 2,
        "best_epoch": 1,
        "validation_accuracy": 0.5,
        "validation_majority_accuracy": 0.5,
        "history": [],
        "versions": {},
    }
    with pytest.warns(DataWarning, match="^TrainingRecord: ignoring unknown keys energy; a newer adue may have"):
        assert TrainingRecord.from_dict(values | {"energy": 3}) == TrainingRecord.from_dict(values)
