import pytest

from adue import ModelError
from adue.training.record import read_history

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
