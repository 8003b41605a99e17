"""Which figures a set gets, and that their JSON is safe inside a script element."""

import json

import pytest

from adue.foundation.config import FitSettings, ScoreName
from adue.report.charts import charts
from tests.report.factory import make_config, make_result, make_scored

RANKED = ["Errors caught", "Errors left", "Spread of U", "Trust in confidence"]


def test_a_set_with_an_auroc_gets_all_four_figures() -> None:
    scored = make_scored()
    assert [chart.heading for chart in charts(make_result(scored), scored, make_config())] == RANKED


def test_a_set_without_an_auroc_gets_no_curve() -> None:
    scored = make_scored(error_rate=0.0)
    drawn = charts(make_result(scored, note="no prediction is wrong"), scored, make_config())
    assert [chart.heading for chart in drawn] == RANKED[2:]


def test_a_single_row_can_be_drawn() -> None:
    scored = make_scored(rows=1, error_rate=0.0)
    assert len(charts(make_result(scored, note="one row"), scored, make_config())) == 2


def test_a_score_whose_name_closes_a_script_cannot_leave_its_json() -> None:
    scored = make_scored()
    scored.scores["</script><script>alert(1)</script>"] = scored.uncertainty
    text = str(charts(make_result(scored), scored, make_config())[0].json)
    assert "<" not in text
    assert "</script><script>alert(1)</script>" in {trace.get("name") for trace in json.loads(text)["data"]}


def test_no_example_text_is_in_a_figure() -> None:
    scored = make_scored(texts=["a very private sentence"])
    assert not any("private" in chart.json for chart in charts(make_result(scored), scored, make_config()))


@pytest.mark.parametrize(("score", "warned"), [("smoothmax", False), ("log_smoothmax", False), ("entropy", True)])
def test_only_an_entropy_head_is_said_to_have_no_probability(score: ScoreName, warned: bool) -> None:
    scored = make_scored()
    reliability = charts(make_result(scored), scored, make_config(settings=FitSettings(score=score)))[-1]
    assert ("for an entropy head that is a change of scale" in reliability.explanation) == warned
