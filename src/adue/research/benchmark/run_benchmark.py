"""The whole benchmark: every task prepared, every cell compared, in this process or in several."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from filelock import FileLock, Timeout

from adue.foundation.errors import AdueError, ArtifactError
from adue.research.benchmark.cells_csv import CellTable, RowId
from adue.research.benchmark.compare_cell import REFERENCES, collect_notes, compare_cell, row_id
from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.prepare_task import prepare_task
from adue.research.benchmark.prepared_cell import Cell, PreparedTask
from adue.research.benchmark.run_record import RunRecord
from adue.research.benchmark.worker_processes import default_workers, executor
from adue.research.methods import Method, select_methods

Line = Callable[[str], None]
"""Called with one line for a person to read whenever something is done."""


@dataclass(frozen=True)
class Job:
    """A piece of work for one process; `run` is a picklable call."""

    label: str
    run: Callable[[], Any]


@dataclass
class Benchmark:
    """The run of a configuration in a folder.

    Attributes
    ----------
    train
        Whether missing adapters are trained; otherwise their cells are left out.
    redo
        Methods whose rows are computed again.
    failures
        What could not be run, in words.
    """

    config: BenchmarkConfig
    folders: Folders
    train: bool = True
    redo: Sequence[str] = ()
    on_line: Line = lambda _: None
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.methods = put_references_first(select_methods(self.config.asked_methods))
        self.table = CellTable(self.folders.cells)

    def run(self, workers: int | None = None) -> None:
        """Compute the rows that are missing.

        Raises
        ------
        ArtifactError
            When another run writes into the same folder, or a file cannot be written.
        DataError
            When the configuration asks for something that does not exist.
        """
        tasks = self.config.tasks
        again = {method.name for method in select_methods(self.redo)}
        workers = workers or default_workers()
        self.folders.root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            run_record = RunRecord.read(self.folders.run_record)
            run_record.begin(workers)
            self.table.cut_torn_line()
            asked = {(task.model, task.data_set, seed) for task in tasks for seed in task.seeds}
            there = self.table.keys_by_row()
            self.table.drop(
                {row for row in there if row.method in again and (row.model, row.data_set, row.seed) in asked}
            )
            prepare = partial(
                prepare_task,
                config=self.config,
                folders=self.folders,
                samplings=tuple(dict.fromkeys(method.sampling for method in self.methods if method.sampling)),
                train=self.train,
            )
            ready = deque(Job(f"{task.model}/{task.data_set}", partial(prepare, task)) for task in tasks)
            for kind in self._kinds_without_budget():
                self.on_line(f"methods that need {kind} are left out; say under sampling what may be spent on it")
            self._work(ready, workers, run_record)

    def _kinds_without_budget(self) -> list[str]:
        return sorted({method.sampling for method in self.methods if method.sampling} - set(self.config.sampling))

    def _lock(self) -> FileLock:
        lock = FileLock(self.folders.root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise ArtifactError(
                f"another run is writing to {self.folders.root}; wait for it, or choose another --out"
            ) from error
        return lock

    def _work(self, ready: deque[Job], workers: int, run_record: RunRecord) -> None:
        """Run jobs until none is left; the cells of a task come before the next task."""
        running: dict[Future[tuple[Any, list[str]]], Job] = {}
        with executor(workers) as pool:
            while ready or running:
                while ready and len(running) < workers:
                    job = ready.popleft()
                    running[pool.submit(_run_and_collect_notes, job.run)] = job
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    ready.extendleft(reversed(self._finish(running.pop(future), future)))
                    run_record.save()

    def _finish(self, job: Job, future: "Future[tuple[Any, list[str]]]") -> list[Job]:
        """Report a job that is over, and return those that follow from it."""
        try:
            result, notes = future.result()
        except AdueError as error:
            self._fail(f"{job.label}: {error}")
            return []
        for note in notes:
            self.on_line(f"{job.label}: {note}")
        if isinstance(result, PreparedTask):
            self.on_line(f"{job.label}: {len(result.seeds)} adapters, {len(result.sets)} evaluation sets")
            return [self._compare_job(Cell(result, seed, self.folders, self.config.sampling)) for seed in result.seeds]
        for complaint in result:
            self._fail(complaint)
        self.on_line(f"{job.label}: compared")
        return []

    def _fail(self, words: str) -> None:
        if words not in self.failures:
            self.failures.append(words)
            self.on_line(words)

    def _compare_job(self, cell: Cell) -> Job:
        done, names = self._rows_done(cell), [method.name for method in self.methods]
        return Job(
            f"{cell.task.model}/{cell.task.data_set}, seed {cell.seed}",
            partial(compare_cell, cell, names, done, self.table.append, resamples=self.config.resamples),
        )

    def _rows_done(self, cell: Cell) -> frozenset[RowId]:
        """Return the rows of a cell that are there; those made from something else are taken out.

        So are those of sets on which a method that all others are compared with has yet to run.
        """
        wanted = {
            row_id(cell, one, method): cell.key(one.name, method, self.config.resamples)
            for method in filter(cell.allows, self.methods)
            for one in cell.task.sets
        }
        there = {row: key for row, key in self.table.keys_by_row().items() if row in wanted}
        done = {row for row, key in there.items() if key == wanted[row]}
        references = [row for row in wanted if row.method in REFERENCES]
        waiting = {row.evaluation_set for row in references if row not in done}
        done = {row for row in done if row.method in REFERENCES or row.evaluation_set not in waiting}
        self.table.drop(there.keys() - done)
        return frozenset(done)


def put_references_first(methods: Sequence[Method]) -> tuple[Method, ...]:
    """Return the methods; those that all others are compared with come first."""
    return tuple(sorted(methods, key=lambda method: [*REFERENCES, method.name].index(method.name)))


def _run_and_collect_notes(run: Callable[[], Any]) -> tuple[Any, list[str]]:
    with collect_notes() as notes:
        result = run()
    return result, notes
