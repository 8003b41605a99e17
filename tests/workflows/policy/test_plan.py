"""`adue policy plan` as functions: which rows are planned on, what they are, and what stands beside U."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset

from adue import AdueModel, ArtifactError, DataError
from adue.decisions.costs import Costs, Escalation
from adue.foundation.errors import DataWarning
from adue.workflows.options import ModelOptions
from adue.workflows.policy.asked import Asked
from adue.workflows.policy.plan import plan, plan_log, plan_scored
from adue.workflows.policy.score import SOFTMAX_RESPONSE, OtherColumns, Scored, score_labelled
from tests.decisions.cases import WORLDS, make_rows
from tests.support.workspace import NAMES, Workspace

COSTS = Costs(error=10, review=1)
ASKED = Asked(limit=0.3, resamples=100)
NO_CACHE = ModelOptions(use_cache=False)


def read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_plan_is_on_the_test_split_but_for_the_fifth_that_fixes_thresholds(fitted: Workspace) -> None:
    result = plan(fitted.adapter, fitted.data, COSTS, asked=ASKED, model_options=NO_CACHE)
    assert (result.score, result.set_aside, result.plan.rows) == ("U", 16, 64)
    assert list(result.others) == [SOFTMAX_RESPONSE]
    alone = plan(fitted.adapter, fitted.test_file, COSTS, asked=ASKED, model_options=NO_CACHE)
    assert alone.plan == result.plan


def test_rows_have_the_answers_and_the_u_of_predict(fitted: Workspace, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(fitted.adapter)
    rows = read(fitted.test_file)
    data = [{"text": row["text"], "label": NAMES.index(row["label"])} for row in rows]
    scored = score_labelled(model, Dataset.from_list(data), options=NO_CACHE)
    answers = model.predict([row["text"] for row in rows])
    np.testing.assert_allclose(scored.rows.u, answers.uncertainty, atol=1e-6)
    np.testing.assert_array_equal(scored.rows.predictions, answers.labels)
    assert scored.rows.class_names == NAMES
    assert not scored.rows.held.any()
    np.testing.assert_allclose(scored.others[SOFTMAX_RESPONSE], 1 - answers.probabilities.max(axis=-1), atol=1e-6)


def test_cut_and_empty_texts_and_classes_that_are_always_reviewed_are_held(fitted: Workspace, tmp_path: Path) -> None:
    rows = read(fitted.test_file)
    rows[0]["text"] = " "
    rows[1]["text"] = "long " * 1000
    path = write(tmp_path / "test.jsonl", rows)
    with pytest.warns(DataWarning, match="empty"):
        result = plan(fitted.adapter, path, COSTS, asked=ASKED, model_options=NO_CACHE)
    assert result.plan.held in {1, 2}, "one of the two may be among the rows that were set aside"
    always = COSTS.model_copy(update={"always_review": NAMES})
    result = plan(fitted.adapter, fitted.data, always, asked=ASKED, model_options=NO_CACHE)
    assert result.plan.held == result.plan.rows
    assert {one.accepted for one in result.plan.outcomes} == {0}


def test_a_score_in_the_data_is_planned_with_beside_u(fitted: Workspace, tmp_path: Path) -> None:
    model = AdueModel.from_pretrained(fitted.adapter)
    rows = read(fitted.test_file)
    answers = model.predict([row["text"] for row in rows])
    mine = [dict(row, mine=float(-u)) for row, u in zip(rows, answers.uncertainty, strict=True)]
    columns = OtherColumns(score="mine")
    result = plan(
        fitted.adapter, write(tmp_path / "a.jsonl", mine), COSTS, asked=ASKED, columns=columns, model_options=NO_CACHE
    )
    for option, own in zip(result.others["mine"].outcomes, result.plan.outcomes, strict=True):
        assert (option.option, option.accepted, option.cost) == (own.option, own.accepted, own.cost)


def test_a_dearer_model_answers_in_a_column(fitted: Workspace, tmp_path: Path) -> None:
    rows = [dict(row, large=row["label"]) for row in read(fitted.test_file)]
    costs = COSTS.model_copy(update={"escalation": Escalation(column="large", cost=0.1)})
    path = write(tmp_path / "a.jsonl", rows)
    result = plan(fitted.adapter, path, costs, asked=ASKED, model_options=NO_CACHE)
    assert result.plan.escalation_note is not None
    assert "wrong in 0.0% of these rows" in result.plan.escalation_note
    assert result.plan.outcome("least-cost").escalated > 0


def test_segments_are_the_values_of_a_column(fitted: Workspace, tmp_path: Path) -> None:
    rows = [dict(row, channel=index % 2) for index, row in enumerate(read(fitted.test_file))]
    result = plan(
        fitted.adapter,
        write(tmp_path / "a.jsonl", rows),
        COSTS,
        asked=ASKED,
        columns=OtherColumns(segments="channel"),
        model_options=NO_CACHE,
    )
    assert [one.name for one in result.plan.segments] == ["0", "1"]
    assert sum(one.rows for one in result.plan.segments) == result.plan.rows


@pytest.mark.parametrize(
    ("costs", "columns", "message"),
    [
        (COSTS.model_copy(update={"miss": {"worse": 1.0}}), OtherColumns(), "the class 'worse' under miss"),
        (COSTS, OtherColumns(segments="channel"), "no column 'channel' .*--by"),
        (COSTS, OtherColumns(score="text"), "no number in the column 'text'"),
        (
            COSTS.model_copy(update={"escalation": Escalation(column="large", cost=1)}),
            OtherColumns(),
            "no column 'large' .*escalation: column in the costs",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line(
    fitted: Workspace, costs: Costs, columns: OtherColumns, message: str
) -> None:
    with pytest.raises(DataError, match=message) as raised:
        plan(fitted.adapter, fitted.data, costs, asked=ASKED, columns=columns, model_options=NO_CACHE)
    assert "\n" not in str(raised.value)


def test_a_classifier_without_a_head_is_refused(space: Workspace) -> None:
    with pytest.raises(ArtifactError, match="no uncertainty head yet"):
        plan(space.adapter, space.data, COSTS, model_options=NO_CACHE)


def test_the_rows_of_the_fit_are_warned_of(fitted: Workspace) -> None:
    with pytest.warns(DataWarning, match="the very rows that the head was trained on"):
        plan(fitted.adapter, fitted.data / "train.jsonl", COSTS, asked=ASKED, model_options=NO_CACHE)


def test_a_log_is_planned_without_a_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    u, wrong = WORLDS[0].draw(rng, 500)
    rows = [
        {"answer": "a", "confidence": 1 - float(one), "truth": "b" if error else "a"}
        for one, error in zip(u, wrong, strict=True)
    ]
    result = plan_log(write(tmp_path / "log.jsonl", rows), COSTS, asked=ASKED)
    assert (result.adapter, result.score, result.higher_is_surer) == (None, "confidence", True)
    assert (result.plan.rows, result.set_aside) == (400, 100)
    threshold = result.plan.outcome("least-cost").threshold
    assert threshold is not None
    assert -threshold in {row["confidence"] for row in rows}


def test_rows_that_fix_thresholds_are_a_fifth_and_200_at_most() -> None:
    rng = np.random.default_rng(0)
    for rows, apart in ((4, 0), (100, 20), (3000, 200)):
        scored = Scored(make_rows(*WORLDS[0].draw(rng, rows)))
        made, _, set_aside = plan_scored(scored, COSTS, Asked(resamples=100))
        assert (set_aside, made.rows) == (apart, rows - apart)


def test_no_rows_are_no_plan() -> None:
    with pytest.raises(DataError, match="no labelled rows to plan on"):
        plan_scored(Scored(make_rows([], [])), COSTS, Asked())
