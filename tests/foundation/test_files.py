import os
import shutil
import stat
from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError
from adue.foundation.files import (
    atomic_folder,
    atomic_write,
    atomic_writes,
    move_saved,
    require_file_place,
    require_folder,
)


def write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_file_takes_the_place_of_the_old_one_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"
    write(path, "one")
    write(path, "two")
    assert path.read_text(encoding="utf-8") == "two"
    assert names(path.parent) == ["file.txt"]


def test_the_old_file_stays_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write(path, "old")
    with atomic_write(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("error", [RuntimeError("from the caller"), KeyboardInterrupt()])
def test_an_error_in_the_block_passes_and_leaves_the_old_file_alone(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file.txt"
    write(path, "old")

    def half() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(type(error)):
        half()
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_refusal_of_the_system_becomes_one_line(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with (
        pytest.raises(ArtifactError, match=r"^cannot write .*file\.txt: No space left on device; nothing was left"),
        atomic_write(path),
    ):
        Path("/dev/full").write_text("x", encoding="utf-8")
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"^cannot write .*file/x: (Not a directory|File exists); "):
        write(tmp_path / "file" / "x", "text")


def test_the_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "file.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == 0o640


def test_files_that_belong_together_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, "old")
    second.mkdir()

    def both() -> None:
        with atomic_writes(first, second) as paths:
            for path in paths:
                path.write_text("new", encoding="utf-8")

    with pytest.raises(ArtifactError, match=r"^cannot write .*first and .*second: Is a directory"):
        both()
    assert first.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["first", "second"]


def test_the_configuration_of_an_adapter_is_moved_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors", "README.md", "tokenizer.json"):
        (source / name).write_text("", encoding="utf-8")
    moved: list[str] = []
    move = shutil.move

    def note_and_move(path: Path, destination: Path) -> None:
        moved.append(path.name)
        move(path, destination)

    monkeypatch.setattr("adue.foundation.files.shutil.move", note_and_move)
    move_saved(source, target)
    assert moved[-1] == "adapter_config.json"
    assert sorted(path.name for path in target.iterdir()) == sorted(moved)
    assert "README.md" not in moved


def test_a_folder_takes_the_place_of_the_old_one_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder"
    for name in ("one", "two"):
        with atomic_folder(path) as temporary:
            (temporary / name).touch()
    assert names(path) == ["two"]
    assert names(path.parent) == ["folder"]
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(tmp_path.joinpath("new").stat().st_mode)


def test_an_error_leaves_the_old_folder_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with atomic_folder(path) as temporary:
        (temporary / "old").touch()

    def half() -> None:
        with atomic_folder(path) as temporary:
            (temporary / "new").touch()
            raise RuntimeError("from the caller")

    with pytest.raises(RuntimeError):
        half()
    assert (names(path), names(tmp_path)) == (["old"], ["folder"])
    with pytest.raises(ArtifactError, match=r"^cannot write .*folder: No space left on device"), atomic_folder(path):
        Path("/dev/full").write_text("x", encoding="utf-8")
    assert (names(path), names(tmp_path)) == (["old"], ["folder"])


def test_a_place_below_a_file_is_refused_and_a_new_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    require_folder(tmp_path / "new" / "deep")
    require_file_place(tmp_path / "new" / "report.html")
    for place in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(ArtifactError, match=r"file is a file, not a folder; choose another folder"):
            require_folder(place)
    with pytest.raises(ArtifactError, match=r"file is a file, not a folder; choose another folder"):
        require_file_place(tmp_path / "file" / "report.html")
    with pytest.raises(ArtifactError, match=r"is a folder, not a file; choose another name"):
        require_file_place(tmp_path)
