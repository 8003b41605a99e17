"""Hypotheses about what the score auto should look at, on the rows that it was chosen on (`experiments/auto.py`).

Each adds one input to the correction, or takes the place of its ranking head; the rest is as in `auto.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn.functional import normalize

from adue.foundation.config import AutoSettings
from adue.foundation.defaults import FOLDS
from adue.foundation.types import FeatureSet
from adue.heads.correction import DISTANCE, NEIGHBOUR, CorrectedResponse
from adue.heads.fading import fit_weakest, learners
from adue.heads.head import AdueHead
from adue.heads.ranking import fit_ranking_head
from adue.models.model import AdueModel
from adue.research.benchmark.configuration import BenchmarkConfig, Task
from adue.research.benchmark.prepared_cell import split_by_error
from adue.research.benchmark.task_rows import load_task_rows
from adue.research.methods.boosted import fit_boosted
from adue.research.methods.method import FitRows, ScoreRows
from adue.scores.distances import GaussianStatistics, relative_mahalanobis
from adue.scores.neighbours import fit_neighbours, neighbour_distance
from adue.scores.outputs import entropy, error_log_odds
from adue.scores.temperature import fit_temperature
from development import development_sets, extract_rows, fit_rows, measure, open_adapter, run

SETTINGS = AutoSettings(required_gain=None, head_prior_variance=(0.3,))
PSEUDO_ROWS = 5
"""Weight of the overall error rate in that of a class, in rows."""

FADES = ((0.2, 0.6), (0.5, 0.95), (1.0, 1.0))
"""What selection under simulated shift chooses from; the last never fades."""

PROBE_C = 0.01
PER_BATCH = 64
TRAIN, SELECTION = "train", "selection"
Column = Callable[[str], np.ndarray]
"""From the name of a set to one input of its rows."""


@dataclass
class Bench:
    """One adapter: the rows to learn from, the sets to score, how many tokens each text has, and its hidden states."""

    rows: FitRows
    sets: dict[str, FeatureSet]
    tokens: dict[str, np.ndarray]
    layers: dict[str, np.ndarray]

    @cached_property
    def base(self) -> list[Column]:
        """Softmax response, entropy and distance, as auto sees them."""
        reference = fit_neighbours(normalize(self.reference.features), NEIGHBOUR)
        classes = self.rows.classifier_head.shape.num_labels

        def spread(rows: FeatureSet) -> Tensor:
            return torch.logit((entropy(rows.logits) / np.log(classes)).clamp(1e-300, 1 - 1e-16))

        def distance(rows: FeatureSet) -> Tensor:
            return neighbour_distance(normalize(rows.features), reference).log()

        return [self.of(lambda rows: error_log_odds(rows.logits)), self.of(spread), self.of(distance)]

    @cached_property
    def reference(self) -> FeatureSet:
        """The training rows that auto measures distances to."""
        chosen = torch.randperm(len(self.rows.train), generator=torch.Generator().manual_seed(SETTINGS.seed))
        return self.rows.train.select(chosen[: SETTINGS.reference_rows])

    @cached_property
    def ranking_head(self) -> AdueHead:
        """The ranking head of auto."""
        return fit_ranking_head(self.rows.train, self.rows.classifier_head, SETTINGS)

    @cached_property
    def head(self) -> Column:
        """What the ranking head says."""
        return self.of(lambda rows: error_log_odds(self.ranking_head.logits(rows.features)))

    def of(self, column: Callable[[FeatureSet], Tensor]) -> Column:
        """Return a column computed from a set's rows alone, once for each set."""
        return cache(lambda name: np.asarray(column(self.sets[name]), dtype=float))

    def margin(self) -> Column:
        """Minus the gap between the two largest logits."""

        def column(rows: FeatureSet) -> Tensor:
            largest = rows.logits.topk(2).values
            return largest[:, 1] - largest[:, 0]

        return self.of(column)

    def temperature(self) -> Column:
        """Softmax response at the temperature that held-out rows ask for."""
        temperature = fit_temperature(self.rows.selection.logits, self.labels(self.rows.selection))
        return self.of(lambda rows: error_log_odds(rows.logits.double() / temperature))

    def class_rate(self) -> Column:
        """Log odds of an error among the training rows with the same answer."""
        train, classes = self.rows.train, self.rows.classifier_head.shape.num_labels
        answers, errors = train.predictions.numpy(), train.errors.numpy()
        wrong = np.bincount(answers, weights=errors, minlength=classes) + PSEUDO_ROWS * errors.mean()
        rate = torch.from_numpy(wrong / (np.bincount(answers, minlength=classes) + PSEUDO_ROWS))
        return self.of(lambda rows: torch.logit(rate)[rows.predictions])

    def mahalanobis(self) -> Column:
        """Relative Mahalanobis distance."""
        statistics = GaussianStatistics.fit(self.rows.train.features, self.labels(self.rows.train))
        return self.of(lambda rows: relative_mahalanobis(rows.features, statistics))

    def length(self) -> Column:
        """Logarithm of the number of tokens."""
        return lambda name: np.log(self.tokens[name])

    def trees(self) -> Column:
        """Gradient-boosted trees on logits and distances."""
        scorer = fit_boosted(self.rows)
        return self.of(lambda rows: scorer(ScoreRows(rows)))

    def probe_of_layers(self) -> Column:
        """Log odds of an error, from a linear probe of the training rows' hidden states in three layers."""
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=PROBE_C, class_weight="balanced", max_iter=500))
        probe.fit(self.layers[TRAIN], self.rows.train.errors.numpy())
        return cache(lambda name: np.asarray(probe.decision_function(self.layers[name])))

    def cross_fit(self) -> Column:
        """Return the scores of ranking heads that learned from held-out rows too, never from the row they score."""
        train, held_out = self.rows.train, self.rows.selection
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SETTINGS.seed)
        heads, of_held_out = [], np.empty(len(held_out))
        for others, fold in folds.split(of_held_out, held_out.errors.numpy()):
            more = held_out.select(torch.from_numpy(others))
            both = FeatureSet(
                torch.cat([train.features, more.features]),
                torch.cat([train.logits, more.logits]),
                torch.cat([self.labels(train), self.labels(more)]),
            )
            heads.append(fit_ranking_head(both, self.rows.classifier_head, SETTINGS))
            of_held_out[fold] = error_log_odds(heads[-1].logits(held_out.features[fold]))

        def column(name: str) -> np.ndarray:
            if name == SELECTION:
                return of_held_out
            features = self.sets[name].features
            said = np.stack([error_log_odds(head.logits(features)).numpy() for head in heads])
            return np.asarray(said.mean(axis=0))

        return column

    @staticmethod
    def labels(rows: FeatureSet) -> Tensor:
        """Return the labels of rows that have some."""
        if rows.labels is None:
            raise TypeError("these rows have labels")
        return rows.labels


def correct(bench: Bench, ranking: Column | None, *extra: Column) -> dict[str, np.ndarray]:
    """Return U, as log odds, of every set: auto with `ranking` in place of its ranking head, and with more inputs.

    `ranking` and further inputs get the ranking head's prior variance.
    """
    columns = [*bench.base, ranking or bench.head, *extra]

    def given(name: str) -> tuple[Tensor, Tensor, Tensor]:
        inputs = torch.from_numpy(np.stack([column(name) for column in columns], axis=1))
        return inputs, inputs[:, DISTANCE], bench.sets[name].predictions

    candidates = learners(SETTINGS, bench.rows.classifier_head.shape.num_labels, more_inputs=len(extra))
    seen = (*given(SELECTION), bench.sets[SELECTION].errors)
    regression = fit_weakest(candidates, seen, required_gain=SETTINGS.required_gain, seed=SETTINGS.seed)
    return {name: regression.log_odds(*given(name)).numpy() for name in bench.sets}


def simulated_shift(bench: Bench) -> dict[str, np.ndarray]:
    """Return U of every set with the fade that ranks best on clusters of texts which the correction has not seen."""
    train, held_out = bench.rows.train, bench.rows.selection
    clusters = KMeans(FOLDS, n_init=3, random_state=SETTINGS.seed).fit(normalize(train.features).numpy())
    of_train = torch.from_numpy(clusters.labels_)
    of_held_out = torch.from_numpy(clusters.predict(normalize(held_out.features).numpy()))
    candidates = [SETTINGS.model_copy(update={"fade": fade}) for fade in FADES]
    gains = np.zeros(len(FADES))
    for cluster in range(FOLDS):
        here = held_out.select(torch.nonzero(of_held_out == cluster).flatten())
        away = held_out.select(torch.nonzero(of_held_out != cluster).flatten())
        outside = train.select(torch.nonzero(of_train != cluster).flatten())
        if min(int(rows.errors.sum()) for rows in (here, away)) < 1 or bool(here.errors.all()):
            continue
        # The head learned from the cluster too; only the correction and its distances have not seen it.
        for index, settings in enumerate(candidates):
            fitted = CorrectedResponse.fit(
                outside, away, bench.rows.classifier_head, settings, ranking_head=bench.ranking_head
            )
            gains[index] += roc_auc_score(here.errors, fitted(here.features, here.logits))
    best = candidates[int(gains.argmax())]
    chosen = CorrectedResponse.fit(train, held_out, bench.rows.classifier_head, best, ranking_head=bench.ranking_head)
    return {name: chosen(rows.features, rows.logits).numpy() for name, rows in bench.sets.items()}


def variants(bench: Bench) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield every form with its name and its scores by set, the softmax response first."""
    yield "softmax response", {name: bench.base[0](name) for name in bench.sets}
    yield "auto", correct(bench, None)
    more = {
        "margin": bench.margin,
        "temperature-scaled response": bench.temperature,
        "error rate of the class among training rows": bench.class_rate,
        "relative Mahalanobis": bench.mahalanobis,
        "number of tokens": bench.length,
        "boosted trees": bench.trees,
    }
    for name, column in more.items():
        yield f"auto + {name}", correct(bench, None, column())
    yield "boosted trees in place of the head", correct(bench, bench.trees())
    yield "auto + probe of three layers", correct(bench, None, bench.probe_of_layers())
    yield "probe of three layers in place of the head", correct(bench, bench.probe_of_layers())
    yield "head from training and held-out rows, cross-fitted", correct(bench, bench.cross_fit())
    yield "fade chosen under simulated shift", simulated_shift(bench)


def compare(task: Task, config: BenchmarkConfig, folder: Path, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row of the table for each variant and set."""
    model, task_rows = open_adapter(task, folder, seed), load_task_rows(task, config.evaluation_rows)
    rows = fit_rows(model, task_rows, folder)
    texts = development_sets(task, config.evaluation_rows)
    sets = {name: extract_rows(model, part, folder) for name, part in texts.items()}
    tokens = {name: lengths(model, part["text"][:]) for name, part in texts.items()}
    selected, _ = split_by_error(extract_rows(model, task_rows.validation, folder))
    tokens[SELECTION] = lengths(model, task_rows.validation["text"][:])[selected.numpy()]
    layers = {name: hidden_states(model, part["text"][:]) for name, part in texts.items()}
    layers[TRAIN] = hidden_states(model, task_rows.train["text"][:])
    layers[SELECTION] = hidden_states(model, task_rows.validation["text"][:])[selected.numpy()]
    bench = Bench(rows, {SELECTION: rows.selection, **sets}, tokens, layers)
    scores = dict(variants(bench))
    for name, given in sets.items():
        u = {variant: of_sets[name] for variant, of_sets in scores.items()}
        yield from measure(task, seed, name, given, u)


def lengths(model: AdueModel, texts: list[str]) -> np.ndarray:
    """Return how many tokens each text has."""
    return np.array([encoding.tokens for encoding in model.classifier.tokenize(texts)])


def hidden_states(model: AdueModel, texts: list[str]) -> np.ndarray:
    """Return the mean hidden states of each text after a quarter, a half and three quarters of the layers."""
    classifier = model.classifier
    encodings = classifier.tokenize(texts)
    order = sorted(range(len(texts)), key=lambda row: encodings[row].tokens)
    pooled = []
    for batch_rows in torch.tensor(order).split(PER_BATCH):
        batch = classifier.collate([encodings[row] for row in batch_rows.tolist()])
        with torch.inference_mode():
            states = classifier.model(**batch, output_hidden_states=True).hidden_states
        mask = batch["attention_mask"].unsqueeze(-1)
        chosen = [states[len(states) * quarter // 4] for quarter in (1, 2, 3)]
        pooled.append(torch.cat([(state * mask).sum(dim=1) / mask.sum(dim=1) for state in chosen], dim=-1).numpy())
    return np.concatenate(pooled)[np.argsort(order)]


if __name__ == "__main__":
    run(__doc__, compare, Path("inputs.csv"))
