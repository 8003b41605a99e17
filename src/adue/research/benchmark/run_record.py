"""run.json: which commands, code and machine the rows of a benchmark come from, and how long they took."""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from adue import __version__
from adue.foundation.config import FrozenConfig
from adue.foundation.errors import ArtifactError, DataError
from adue.foundation.files import atomic_write


class Session(FrozenConfig):
    """One run of the command; `seconds` is its wall-clock time until the last cell that it finished."""

    command: str
    started: str
    version: str
    commit: str | None
    machine: str
    workers: int
    seconds: float = 0.0


@dataclass
class RunRecord:
    """All sessions that added to a folder; the last one is the one that runs now."""

    path: Path
    sessions: list[Session] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the sessions so far; none where there is no file.

        Raises
        ------
        ArtifactError
            When the file is damaged.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
            return cls(path, [Session.from_dict(value) for value in values])
        except (OSError, ValueError, DataError) as error:
            raise ArtifactError(f"{path} is damaged ({error}); move it away") from error

    def begin(self, workers: int) -> None:
        """Add a session."""
        self.sessions.append(
            Session(
                command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
                started=datetime.now(UTC).isoformat(timespec="seconds"),
                version=__version__,
                commit=commit(),
                machine=machine(),
                workers=workers,
            )
        )
        self.save()

    def save(self) -> None:
        """Write the sessions with the time that has passed."""
        seconds = round(time.monotonic() - self._since, 1)
        self.sessions[-1] = self.sessions[-1].model_copy(update={"seconds": seconds})
        with atomic_write(self.path) as temporary:
            temporary.write_text(json.dumps([one.to_dict() for one in self.sessions], indent=2) + "\n")


def commit() -> str | None:
    """Return the commit of adue's own checkout, with a plus sign where files differ from it; None elsewhere."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        found = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S603
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip() + ("+" if changed.stdout.strip() else "")


def machine() -> str:
    """Return processor, cores and operating system in a few words, without the machine's name."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
