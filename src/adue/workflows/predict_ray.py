"""`adue predict --engine ray`: a folder of Parquet files scored in pieces by the workers of a Ray cluster."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from pydantic import Field

from adue.datasets import TextColumns
from adue.datasets.file_formats.chunks import CHUNK_ROWS, add_columns
from adue.foundation.config import FrozenConfig, TokenLimit
from adue.foundation.errors import ArtifactError, MissingExtraError, ModelError
from adue.foundation.scaling.pieces import (
    Piece,
    find_pieces,
    open_address,
    pieces_key,
    reach,
    read_piece,
    remove_leftovers,
    write_piece,
)
from adue.foundation.texts import Text
from adue.models.folder.file_names import CONFIG_FILE, HEAD_FILE
from adue.models.folder.find import find_folder
from adue.models.folder.saved_labels import has_label_heads
from adue.workflows.options import ModelOptions, Progress, no_head, no_progress
from adue.workflows.predict import PredictResult, summarise
from adue.workflows.predict_columns import (
    LABEL,
    UNCERTAINTY,
    answer,
    answer_names,
    find_columns,
    is_empty,
    require_rows,
)

MANIFEST, SUCCESS = "_adue.json", "_SUCCESS"
"""What a folder is the output of; and that it is whole. Readers of data sets pass over names with an underscore."""


class RayOptions(FrozenConfig):
    """Where the workers run, and what each takes."""

    address: str | None = None
    """Of a cluster that runs already; None to start one on this host."""
    workers: int | None = Field(default=None, gt=0)
    """Most workers; None for all that fit the cluster."""
    cpus_per_worker: int = Field(default=1, gt=0)
    """Cores, and threads, of each worker; each holds a model of its own."""


@dataclass(frozen=True)
class ScoringJob:
    """All that a worker has to know."""

    adapter: str
    source: str
    output: str
    text_column: str | None
    prefix: str
    options: ModelOptions
    text_pair_column: str | None = None


class PieceScorer:
    """Scores one piece after the other with a model that is loaded once."""

    def __init__(self, job: ScoringJob) -> None:
        self.job = job
        self.model, _ = job.options.load_fitted(job.adapter)
        self.source, _ = open_address(job.source)
        self.target, self.folder = open_address(job.output)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        """Write the piece's file, unless an earlier attempt has, and return what is in it."""
        piece = Piece(**item)
        path, cut = f"{self.folder}/{piece.name}", None
        if not self.target.exists(path):
            counts: list[int] = []
            write_piece(self.target, self.folder, piece.name, self._score(piece, counts))
            cut = sum(counts)
        return self._count(piece, path, cut)

    def _score(self, piece: Piece, cut: list[int]) -> Iterator[pa.Table]:
        """Yield the rows with their answers, and add to `cut` how many texts were cut."""
        first = piece.first
        for table in read_piece(self.source, piece, CHUNK_ROWS):
            texts = self._texts(table, table.column_names, first, where=f" of {piece.path}")
            answers, cut_here = answer(self.model, texts, self.job.prefix, self.job.options.batch_size)
            cut.append(cut_here)
            yield add_columns(table, answers)
            first += len(texts)

    def _columns(self, names: Sequence[str]) -> TextColumns:
        job, pairs = self.job, self.model.classifier.reading.pairs
        return find_columns(names, job.text_column, job.text_pair_column, answer_names(job.prefix), pairs=pairs)

    def _texts(self, table: pa.Table, names: Sequence[str], first: int = 0, where: str = "") -> Sequence[Text]:
        """Return the texts of a table; `names` are its columns without those of answers."""
        return require_rows(self._columns(names), lambda name: table[name].to_pylist(), first, where)

    def _count(self, piece: Piece, path: str, cut: int | None) -> dict[str, Any]:
        """Return what is in a file; where an earlier attempt wrote it, its texts are cut once more to count them."""
        with self.target.open(path, "rb") as file:
            table = pq.read_table(file)
        prefix = self.job.prefix
        given = [name for name in table.column_names if name not in answer_names(prefix)]
        texts = self._texts(table, given)
        classifier = self.model.classifier
        return {
            "number": piece.number,
            "device": str(classifier.device),
            "limit": classifier.limit.model_dump(),
            "cut": sum(text.cut for text in classifier.tokenize(texts)) if cut is None else cut,
            "rows": len(table),
            "empty": sum(map(is_empty, texts)),
            "text_columns": self._columns(given).names,
            "uncertainty": pc.sum(table[f"{prefix}{UNCERTAINTY}"]).as_py(),
            "labels": json.dumps(Counter(table[f"{prefix}{LABEL}"].to_pylist())),
        }


def predict_on_ray(
    adapter: str | Path,
    source: str,
    output: str,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    prefix: str = "",
    model_options: ModelOptions | None = None,
    ray_options: RayOptions | None = None,
    progress: Progress = no_progress,
) -> PredictResult:
    """Score every row of the Parquet files at `source` and write them, with the columns of answers, to a new folder.

    Rows keep their order: that of the files' names. The folder holds `_SUCCESS` when it is whole; a stopped run goes
    on when it is called again in the same way.

    Parameters
    ----------
    adapter
        A folder that every host can read, or a hub id.
    source, output
        A Parquet file or a folder of them, and a folder: paths that every host can read, or addresses of fsspec.
    text_column, text_pair_column
        The column of texts, and that of the second texts for a model of pairs; guessed from their names by default.
    prefix
        Put before the names of the new columns, where the rows already have columns called so.

    Raises
    ------
    AdueError
        When there is no head, a row cannot be read or written, `output` holds anything else, or the cluster is gone.
    """
    job = ScoringJob(
        _resolve(adapter), source, output, text_column, prefix, model_options or ModelOptions(), text_pair_column
    )
    pieces = find_pieces(source)
    target, folder = open_address(output)
    with reach(output):
        _claim(target, folder, _manifest(job, pieces))
    with progress("scoring rows", sum(piece.rows for piece in pieces)) as advance:
        counts = []
        for count in _run(job, pieces, ray_options or RayOptions()):
            counts.append(count)
            advance(count["rows"])
    with reach(output):
        _finish(target, folder, pieces, counts)
    return _summary(output, counts)


def gpus_per_worker(options: ModelOptions) -> int:
    """Return how many GPUs a worker takes: one where the device is CUDA, which ``auto`` is where this host has it."""
    # A device that was named may be on the workers' hosts only.
    device = options.chosen_device if options.device == "auto" else options.device
    return 1 if device.startswith("cuda") else 0


def _run(job: ScoringJob, pieces: Sequence[Piece], options: RayOptions) -> Iterator[dict[str, Any]]:
    try:
        # An optional package.
        from adue.foundation.scaling.cluster import Workers, ray_cluster, work_on_ray  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError('--engine ray needs the package ray[data]; run pip install "adue[ray]"') from error
    workers = Workers(options.workers, options.cpus_per_worker, gpus_per_worker(job.options))
    with ray_cluster(options.address, workers):
        yield from work_on_ray(partial(PieceScorer, job), [asdict(piece) for piece in pieces], workers)


def _resolve(adapter: str | Path) -> str:
    folder = Path(adapter).expanduser()
    return str(folder.resolve()) if folder.is_dir() else str(adapter)


def _manifest(job: ScoringJob, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return what the output depends on; the head's configuration names the adapter it belongs to."""
    folder = find_folder(job.adapter)
    if has_label_heads(folder):
        raise ModelError(f"{job.adapter} answers several labels per text, which --engine ray does not; leave it out")
    try:
        head = b"".join((folder / name).read_bytes() for name in (CONFIG_FILE, HEAD_FILE))
    except FileNotFoundError as error:
        raise no_head(job.adapter) from error
    return {
        "source": job.source,
        "pieces": pieces_key(pieces),
        "head": hashlib.sha256(head).hexdigest(),
        "text_column": job.text_column,
        "text_pair_column": job.text_pair_column,
        "prefix": job.prefix,
        "model": job.options.model_dump(
            mode="json", exclude={"device", "batch_size", "use_cache", "check_answers", "reading"}
        ),
    }


def _claim(fs: AbstractFileSystem, folder: str, manifest: dict[str, Any]) -> None:
    """Make `folder` this job's, or refuse one that holds anything else: rows would be doubled or mixed."""
    path = f"{folder}/{MANIFEST}"
    if fs.exists(path):
        if json.loads(fs.cat_file(path)) != manifest:
            raise ArtifactError(
                f"{folder} holds the output of another run (see {MANIFEST} in it); give a new folder with --out"
            )
        return
    if fs.exists(folder) and (fs.isfile(folder) or fs.ls(folder)):
        raise ArtifactError(f"{folder} is there already and not empty; give a new folder with --out")
    fs.makedirs(folder, exist_ok=True)
    fs.pipe_file(path, json.dumps(manifest, indent=2).encode())


def _finish(fs: AbstractFileSystem, folder: str, pieces: Sequence[Piece], counts: Sequence[dict[str, Any]]) -> None:
    """Prove that every row is there once, and say so in the folder."""
    remove_leftovers(fs, folder)
    done = {count["number"]: count["rows"] for count in counts}
    missing = [piece.name for piece in pieces if done.get(piece.number) != piece.rows]
    if missing or len(counts) != len(pieces):
        raise ArtifactError(
            f"{len(missing)} files in {folder} do not hold the rows they should, the first is {missing[:1]}; "
            "remove them and run the same command again"
        )
    fs.pipe_file(f"{folder}/{SUCCESS}", b"")


def _summary(output: str, counts: Sequence[dict[str, Any]]) -> PredictResult:
    labels = sum((Counter(json.loads(count["labels"])) for count in counts), Counter[str]())
    empty, cut, total = (sum(count[name] for count in counts) for name in ("empty", "cut", "uncertainty"))
    device = ", ".join(sorted({count["device"] for count in counts}))
    read = next((tuple(count["text_columns"]) for count in counts), ())
    limit = TokenLimit(**counts[0]["limit"]) if counts else None
    return summarise(output, labels, empty=empty, cut=cut, total=total, device=device, limit=limit, text_columns=read)
