import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adue.foundation.errors import AdueError, DataError

ray = pytest.importorskip("ray")

from adue.foundation.scaling.cluster import Workers, ray_cluster, work_on_ray  # noqa: E402
from tests.support.hosts import two_hosts  # noqa: E402

pytestmark = pytest.mark.slow

ITEMS = [{"number": number} for number in range(20)]
ONE = Workers(count=1)


@pytest.fixture(scope="module", autouse=True)
def _hosts() -> Iterator[None]:
    with two_hosts():
        yield


class Doubler:
    """Doubles numbers; the first to come to the number 7 meets an accident there, with a bug each that does."""

    def __init__(self, folder: Path, accident: str) -> None:
        (folder / f"prepared-{os.getpid()}").touch()
        self.folder, self.accident = folder, accident

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["number"] == 7 and (self.accident == "always a bug" or not (self.folder / "happened").exists()):
            (self.folder / "happened").touch()
            if self.accident == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.accident == "hiccup":
                raise OSError("the network is down")
            if self.accident == "user's error":
                raise DataError("row 7 has no text")
            if self.accident in {"library's error", "always a bug"}:
                raise ZeroDivisionError("division by zero")
        return {"number": item["number"], "double": 2 * item["number"]}


def answers(folder: Path, accident: str, workers: Workers = ONE) -> list[tuple[int, int]]:
    with ray_cluster(None, workers):
        found = work_on_ray(partial(Doubler, folder, accident), ITEMS, workers)
        return sorted((answer["number"], answer["double"]) for answer in found)


@pytest.mark.parametrize("accident", ["none", "killed", "hiccup", "library's error"])
def test_there_is_one_answer_per_item_whatever_happens_to_a_worker(tmp_path: Path, accident: str) -> None:
    assert answers(tmp_path, accident) == [(number, 2 * number) for number in range(20)]
    assert (tmp_path / "happened").exists()
    assert len(list(tmp_path.glob("prepared-*"))) == (2 if accident == "killed" else 1)


def test_what_a_worker_raises_on_purpose_is_raised_here(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^row 7 has no text$"):
        answers(tmp_path, "user's error")


def test_any_other_error_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AdueError, match=r"^the work on Ray ended with ZeroDivisionError: division by zero; Ray's logs"):
        answers(tmp_path, "always a bug")


def test_a_worker_that_cannot_prepare_ends_the_work(tmp_path: Path) -> None:
    def prepare() -> Any:
        raise DataError("nothing to prepare with")

    with ray_cluster(None, ONE), pytest.raises(DataError, match=r"^nothing to prepare with$"):
        list(work_on_ray(prepare, ITEMS, ONE))
