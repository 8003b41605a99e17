"""The sentences say what the numbers say."""

from adue.foundation.config import FitSettings
from adue.research.sensitivity.report.sentences import findings
from tests.research.sensitivity.report.factory import make_facts, make_table


def said(**table: object) -> str:
    return " ".join(findings(make_table(**table), make_facts()).sentences)  # type: ignore[arg-type]


def test_the_first_sentence_holds_the_defaults() -> None:
    found = findings(make_table(), make_facts())
    assert found.sentences[0] == (
        "Defaults that follow from 500 validation rows of reviews: learning rate 0.0001, alpha 10, beta 10, lambda 100."
    )
    assert (found.defaults.beta, found.defaults.sharpness) == (10.0, 100.0)


def test_best_and_taken_grid_point_are_shown_with_both_gains() -> None:
    words = said(grid=lambda rate, alpha, beta: 0.02 if (alpha, beta) == (1.0, 0.0) else 0.019)
    assert "on validation rows is +3.00 points of AUROC, at learning rate 0.0001, alpha 1, beta 0 (+2.00 on" in words
    assert "learning rate 0.0001, alpha 10, beta 10 stays nearest to the classifier: +2.90 on validation rows" in words
    assert "at the edge of what was tried in the learning rate and beta" in words


def test_where_the_best_point_is_taken_it_is_shown_once() -> None:
    words = said(grid=lambda rate, alpha, beta: 0.05 if (alpha, beta) == (1.0, 1.0) else 0.01)
    assert "No other grid point within one standard error or 0.1 points of it stays nearer to the classifier." in words
    assert words.count("learning rate 0.0001, alpha 1, beta 1") == 2  # the defaults, and the best


def test_what_matters_most_is_named() -> None:
    assert "What matters most is beta" in said(grid=lambda rate, alpha, beta: -beta / 100)
    assert "What matters most is the learning rate" in said(grid=lambda rate, alpha, beta: -10 * rate)


def test_a_better_lambda_is_shown_with_its_test_auroc() -> None:
    words = said(sharpness={10.0: 0.03, 100.0: 0.01, 1000.0: -0.01})
    assert "Lambda 10 beats 100 on validation rows beyond the noise of rows and seeds" in words
    assert "AUROC on test rows 0.730 against 0.710" in words
    assert "Worse in the same sense: 1000." in words


def test_that_no_lambda_is_better_is_said() -> None:
    assert "No lambda beats 100 on validation rows" in said()


def test_a_lambda_that_makes_all_rows_alike_is_called_so_and_not_worse() -> None:
    words = said(sharpness={1.0: -0.2, 100.0: 0.01})
    assert "With lambda 1 all rows get the same U" in words
    assert "Worse in the same sense" not in words


def test_entropy_has_no_lambda() -> None:
    found = findings(make_table(sharpness={}), make_facts(settings=FitSettings(score="entropy")))
    assert found.defaults.sharpness is None
    assert "lambda" not in " ".join(found.sentences)


def test_enough_errors_are_named_or_that_none_were_enough() -> None:
    assert "From 100 training errors on, the gain on test rows is 0.1 points or more" in said()
    words = said(errors={10.0: -0.01, 100.0: -0.005})
    assert "At no number of training errors" in words
    assert "\N{MINUS SIGN}1.00 with 10 errors and \N{MINUS SIGN}0.50 with 100 errors" in words


def test_how_far_validation_rows_promise_too_much_is_shown() -> None:
    words = said(validation={50.0: 0.0, 500.0: 0.01}, optimism=0.015)
    assert "Choosing on 500 validation rows or more costs less than 0.1 points" in words
    assert "by +1.50 with 50 rows and +1.50 with 500 rows" in words


def test_the_noise_of_the_test_rows_is_shown() -> None:
    assert "2,000 test rows with 400 errors; others would move a gain by about 0.40\N{NO-BREAK SPACE}points" in said(
        noise=0.004
    )
