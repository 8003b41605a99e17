"""One printable page about a policy, for a manager who reads no code; from the saved policy alone."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from adue.decisions.policy import Policy
from adue.foundation.files import atomic_write
from adue.foundation.languages import Language
from adue.report.decision_figures import Figures, policy_figures
from adue.report.decision_sentences import decision_blocks, fill, headline, limit_blocks, money
from adue.report.fitting_facts import HASH_LENGTH
from adue.report.html_page import page_environment, style_sheet
from adue.report.numbers import plain
from adue.report.pictures import Bar, Group, cost_bars, text_groups
from adue.report.texts import TEXTS, PageTexts


@dataclass(frozen=True)
class Pictures:
    """Both figures of the page with their alternative texts."""

    groups: list[Group]
    texts_title: Markup
    texts_description: Markup
    bars: list[Bar]
    costs_title: Markup
    costs_description: Markup


def write_manager_page(path: Path, policy: Policy, language: Language) -> None:
    """Write the page of `render_manager_page` to `path`, as a whole or not at all.

    Raises
    ------
    ArtifactError
        When the file cannot be written.
    DataError
        When the policy was set on no rows.
    """
    page = render_manager_page(policy, language)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def render_manager_page(policy: Policy, language: Language) -> str:
    """Return one HTML page, about 30 KB, that needs no other file, no script and no network; one sheet of A4.

    Raises
    ------
    DataError
        When the policy was set on no rows.
    """
    texts, figures = TEXTS[language], policy_figures(policy)
    return (
        page_environment()
        .get_template("manager.html.j2")
        .render(
            style=style_sheet("report.css") + style_sheet("manager.css"),
            texts=texts,
            kicker=fill(texts.kicker, version=policy.version),
            headline=headline(figures, texts),
            pictures=pictures(figures, texts),
            blocks=decision_blocks(figures, texts, policy.valid) + limit_blocks(figures, texts, policy.valid),
            facts=_facts(policy, texts),
        )
    )


def pictures(figures: Figures, texts: PageTexts) -> Pictures:
    """Return what happens to the texts as a field of marks, and the cost of the options as bars."""
    words, sums = texts.figures, figures.sums
    chosen, review_all, accept_all = (
        money(figures, texts, amount, sums.digits) for amount in (sums.chosen, sums.review_all, sums.accept_all)
    )
    return Pictures(
        groups=text_groups(figures, words),
        texts_title=fill(words.texts_title),
        texts_description=fill(
            words.texts_description,
            right=plain(figures.right),
            wrong=plain(figures.wrong),
            escalated=plain(figures.escalated),
            people=plain(figures.people),
        ),
        bars=cost_bars(
            [
                (words.chosen, sums.chosen, chosen),
                (words.review_all, sums.review_all, review_all),
                (words.accept_all, sums.accept_all, accept_all),
            ]
        ),
        costs_title=fill(words.costs_title),
        costs_description=fill(words.costs_description, chosen=chosen, review_all=review_all, accept_all=accept_all),
    )


def _facts(policy: Policy, texts: PageTexts) -> list[tuple[str, str]]:
    return [
        (texts.owner, policy.owner),
        (texts.version, str(policy.version)),
        (texts.made_on, texts.write_date(policy.made_on)),
        (texts.valid_until, texts.write_date(policy.valid.until)),
        (texts.fingerprint, (policy.sha256 or policy.digest)[:HASH_LENGTH]),
    ]
