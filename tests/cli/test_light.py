"""Help, usage errors, missing files and `adue info` do not wait for torch: each is tried in a process of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import adue
from adue.workflows.info import info
from tests.support.commands import every_command

COMMANDS = list(every_command())
PACKAGED = Path(adue.__file__).parent / "assets" / "reviews-minilm"
GOLDEN_HEAD = Path(__file__).parents[1] / "models" / "data" / "format-2"

SET = "--data {data} --costs {file} --option least-cost --owner me --until 2999-01-01"

# {adapter} is an adapter, {data} a file of rows, {file} an empty file; `gone` is nothing.
MISSING: dict[str, list[tuple[str, str]]] = {
    "demo": [
        ("--out {file}/demo", "is a file, not a folder"),
        ("--base-model /gone", "there is no folder '/gone'"),
    ],
    "train": [
        ("--model /gone --data {data} --out out", "there is no folder '/gone'"),
        ("--model minilm --data gone.csv --out out", "there is no file gone.csv"),
        ("--model minilm --data {data} --out {file}", "is a file, not a folder"),
    ],
    "fit": [
        ("gone --data {data}", "there is no folder 'gone'"),
        ("{empty} --data {data}", "holds neither an adapter nor a model"),
        ("{adapter} --data gone", "no file, folder or data set called 'gone'"),
        ("{adapter} --data {data} --grid gone.yaml", "no grid called 'gone.yaml'"),
        ("{adapter} --data {data} --out {file}", "is a file, not a folder"),
        ("{adapter} --data {data} --base-model /gone", "there is no folder '/gone'"),
    ],
    "evaluate": [
        ("gone --data {data}", "there is no folder 'gone'"),
        ("{adapter} --data gone.csv", "there is no file gone.csv"),
        ("{adapter} --data {data} --report {file}/report.html", "is a file, not a folder"),
        ("{adapter} --data {data} --report {empty}", "is a folder, not a file"),
    ],
    "predict": [
        ("gone {data} --out out.csv", "there is no folder 'gone'"),
        ("{adapter} gone.csv --out out.csv", "there is no file gone.csv"),
    ],
    "export": [
        ("gone --out out", "there is no folder 'gone'"),
        ("{adapter} --out out --data gone.csv", "there is no file gone.csv"),
        ("{adapter} --out {file}", "is a file, not a folder"),
    ],
    "verify": [
        ("gone --data {data}", "there is no folder 'gone'"),
        ("{empty} --data {data}", "holds neither an adapter nor a model"),
        ("{adapter} --data gone.csv", "there is no file gone.csv"),
        ("{adapter} --data {data}", "no answers are stored with the head, which an older adue fitted"),
    ],
    "info": [
        ("gone", "there is no folder 'gone'"),
        ("{empty}", "holds neither an adapter nor a model"),
    ],
    "sweep": [
        ("gone --data {data}", "there is no folder 'gone'"),
        ("{adapter} --data gone.csv", "there is no file gone.csv"),
        ("{adapter} --data {data} --out {file}", "is a file, not a folder"),
    ],
    "benchmark": [
        ("gone.yaml", "cannot read gone.yaml: No such file or directory; give the path of a .yaml file"),
        ("gone.yaml --out {file}", "is a file, not a folder"),
    ],
    "policy template": [
        ("--out {file}/costs.yaml", "cannot write"),
        ("--out {file}", "is there already"),
    ],
    "policy plan": [
        ("gone --data {data} --costs {file}", "there is no folder 'gone'"),
        ("{adapter} --data gone.csv --costs {file}", "there is no file gone.csv"),
        ("--scores gone.csv --costs {file}", "there is no file gone.csv"),
        ("--scores {data} --costs gone.yaml", "cannot read gone.yaml"),
        ("{adapter} --data {data} --costs {file}", "holds no costs"),
    ],
    "policy set": [
        (f"gone {SET}", "there is no folder 'gone'"),
        (f"{{adapter}} {SET}", "holds no costs"),
    ],
    "policy page": [
        ("{empty} --out page.html", "holds no policy"),
        ("{empty} --out {file}/page.html", "is a file, not a folder"),
    ],
}

CODES = {"verify": 2}
"""Where a missing file is not a failed run, exit code 1: `adue verify` says by 1 that answers differ."""

BAD_USAGE: list[tuple[str, str]] = [
    ("levitate", "No such command 'levitate'"),
    ("fit {adapter} --data {data} --sharpness 9", "the score auto takes no --sharpness"),
    ("fit {adapter} --data {data} --preset paper --sharpness -1", "sharpness"),
    ("fit {adapter} --data {data} --label-map x", "--label-map takes DATA=MODEL"),
    ("fit {adapter} --data {data} --labels neg,neg", "names a class twice"),
    ("sweep {adapter} --data {data} --sharpness -1", "sharpness"),
    ("train --model x --data {data} --out out --r 0", "r: Input should be greater"),
    ("predict {adapter} --out out --workers 2", "--workers is an option of --engine ray"),
]


class Done(NamedTuple):
    """What one command did, and the heavy modules in its process afterwards."""

    code: int
    output: str
    heavy: list[str]


def run(*commands: list[str]) -> list[Done]:
    """Return what the commands did one after the other in one process of their own."""
    command = [sys.executable, "-m", "tests.cli.light", json.dumps(commands)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    return [Done(code, " ".join(output.split()), heavy) for code, output, heavy in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return an adapter with a head, a data file, an empty file and an empty folder."""
    folder = tmp_path_factory.mktemp("light")
    adapter = shutil.copytree(PACKAGED, folder / "adapter")
    for file in GOLDEN_HEAD.iterdir():
        shutil.copy(file, adapter)
    config = json.loads((adapter / "adue_config.json").read_text(encoding="utf-8"))
    config["provenance"]["adapter_sha256"] = info(PACKAGED).adapter_sha256
    (adapter / "adue_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "data.csv").write_text("text,label\ngood,positive\n", encoding="utf-8")
    (folder / "file").touch()
    (folder / "empty").mkdir()
    return {"adapter": adapter, "data": folder / "data.csv", "file": folder / "file", "empty": folder / "empty"}


def fill(line: str, places: dict[str, Path]) -> list[str]:
    return [part.format(**places) for part in line.split()]


def test_every_command_is_tried_with_something_missing() -> None:
    assert list(MISSING) == COMMANDS


def test_help_and_unknown_options_of_every_command_are_light() -> None:
    options = [[*name.split(), option] for option in ("--help", "--no-such-option") for name in [*COMMANDS, "policy"]]
    asked = [["--help"], *options]
    for arguments, done in zip(asked, run(*asked), strict=True):
        assert (done.code, done.heavy) == (0 if arguments[-1] == "--help" else 2, []), arguments


def test_usage_errors_are_light(places: dict[str, Path]) -> None:
    for (line, words), done in zip(BAD_USAGE, run(*(fill(line, places) for line, _ in BAD_USAGE)), strict=True):
        assert (done.code, words in done.output, done.heavy) == (2, True, []), (line, done)


def test_what_is_missing_is_said_before_anything_heavy_is_imported(places: dict[str, Path]) -> None:
    asked = [(f"{name} {line}", words) for name, lines in MISSING.items() for line, words in lines]
    for (line, words), done in zip(asked, run(*(fill(line, places) for line, _ in asked)), strict=True):
        code = CODES.get(line.split()[0], 1)
        assert (done.code, words in done.output, done.heavy) == (code, True, []), (line, done)


def test_info_is_light_with_a_head_and_without(places: dict[str, Path]) -> None:
    asked = [["info", str(PACKAGED)], ["info", str(places["adapter"])], ["info", str(places["adapter"]), "--json"]]
    plain, fitted, as_json = run(*asked)
    assert [done.code for done in (plain, fitted, as_json)] == [0, 0, 0]
    assert [done.heavy for done in (plain, fitted, as_json)] == [[], [], []]
    assert "no uncertainty head yet" in plain.output
    assert "validation AUROC" in fitted.output
    assert json.loads(as_json.output)["problem"] is None


def test_a_name_on_the_hub_needs_the_hubs_client_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (done,) = run(["info", "someone/something"])
    assert "neither a folder nor a repository" in done.output
    assert {"huggingface_hub"} <= set(done.heavy)
    assert not {"torch", "transformers", "peft", "sklearn", "datasets"} & set(done.heavy)


def test_the_check_sees_a_heavy_command(places: dict[str, Path]) -> None:
    (done,) = run(["fit", str(places["adapter"]), "--data", str(places["data"]), "--device", "nowhere"])
    assert done.code == 1
    assert {"torch", "peft", "transformers", "datasets", "sklearn"} <= set(done.heavy)
