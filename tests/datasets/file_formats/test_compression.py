import gzip
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from adue.datasets.file_formats.compression import create_text, open_text, split_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("rows.csv", ("rows", ".csv", "")),
        ("Rows.v1.CSV.GZ", ("Rows.v1", ".csv", ".gz")),
        ("rows.xz", ("rows", "", ".xz")),
        ("rows", ("rows", "", "")),
    ],
)
def test_a_name_has_the_ending_of_a_format_and_of_a_compression(name: str, parts: tuple[str, str, str]) -> None:
    assert split_name(Path("folder.csv") / name) == parts


def test_what_other_programs_compress_is_read(tmp_path: Path) -> None:
    text = "é\r\nb\n" * 1000
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()) + gzip.compress(text.encode()))
    (tmp_path / "a.csv.xz").write_bytes(lzma.compress(text.encode()) + lzma.compress(text.encode()))
    for path in tmp_path.iterdir():
        with open_text(path, newline="") as file:
            assert file.read() == text * 2


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")
def test_zstd_reads_what_is_written_and_is_read(tmp_path: Path) -> None:
    with create_text(tmp_path / "a.zst", ".zst") as file:
        file.write("é\r\nb\n")
    done = subprocess.run(["zstd", "-dc", str(tmp_path / "a.zst")], capture_output=True, check=True)
    assert done.stdout == "é\r\nb\n".encode()
    (tmp_path / "b.csv").write_bytes(done.stdout)
    subprocess.run(["zstd", "-q", str(tmp_path / "b.csv")], check=True)
    with open_text(tmp_path / "b.csv.zst", newline="") as file:
        assert file.read() == "é\r\nb\n"


def test_nothing_compressed_is_nothing(tmp_path: Path) -> None:
    for compression in ("", ".gz", ".xz", ".zst"):
        path = tmp_path / f"empty.csv{compression}"
        with create_text(path, compression):
            pass
        with open_text(path, newline="") as file:
            assert not file.read()
