"""`adue benchmark`: the rows that are missing, then the tables."""

from collections.abc import Callable, Sequence
from pathlib import Path

from adue.research.benchmark.cells_csv import CellTable
from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.render_tables import render
from adue.research.benchmark.result import BenchmarkResult, Rank
from adue.research.benchmark.run_benchmark import Benchmark
from adue.research.benchmark.tables import counts, number


def benchmark(
    config: str | Path,
    out: Path,
    *,
    workers: int | None = None,
    render_only: bool = False,
    train: bool = True,
    methods: Sequence[str] = (),
    redo: Sequence[str] = (),
    on_line: Callable[[str], None] = lambda _: None,
) -> BenchmarkResult:
    """Run what the YAML file `config` asks for, as far as it is not in `out` yet, and write the tables.

    Parameters
    ----------
    out
        Folder of adapters, features, scores, ``cells.csv`` and the tables.
    workers
        Processes; by default one for each core, or a single one where there is a GPU.
    render_only
        Write the tables only.
    train
        Whether missing adapters are trained; otherwise their cells are left out.
    methods
        Methods, or groups of them, to run in place of those that `config` names. The tables show both; with
        `render_only`, these alone.
    redo
        Methods, or groups of them, whose rows are computed again.
    on_line
        Called with a line whenever something is done.

    Raises
    ------
    AdueError
        When the configuration cannot be used, nothing could be run, or a file cannot be written.
    """
    plan, folders = BenchmarkConfig.load(Path(config)), Folders(out)
    narrowed = plan.model_copy(update={"methods": tuple(methods)}) if methods else plan
    bench = Benchmark(narrowed, folders, train=train, redo=redo, on_line=on_line)
    if render_only:
        shown = narrowed
    else:
        bench.run(workers)
        shown = plan.model_copy(update={"methods": (*plan.methods, *methods)})
    ranking, files = render(shown, folders)
    return BenchmarkResult(
        rows=len(CellTable(folders.cells).read()),
        ranking=tuple(
            Rank(
                method=one.method,
                words=f"{number(one.rank, '.2f')}, mean AUROC {number(one.auroc, '.3f')}, "
                f"against softmax response {counts(one.against_reference)} (wins/ties/losses)",
            )
            for one in ranking
        ),
        failures=tuple(bench.failures),
        files=tuple(map(str, files)),
    )
