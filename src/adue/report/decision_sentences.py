"""The sentences about a decision, from its numbers and the texts of a language; values in them are escaped."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from adue.decisions.policy import Validity
from adue.report.decision_figures import OF, Figures, PromiseFigures, Sums
from adue.report.numbers import plain, significant
from adue.report.texts import PageTexts


@dataclass(frozen=True)
class Block:
    """A heading with its sentences, or with a list of points."""

    name: str
    heading: str
    sentences: list[Markup]
    points: list[Markup]


def fill(template: str, **values: Any) -> Markup:
    """Return a text with its values; the text is the package's own, the values are escaped."""
    return Markup(template).format(of=plain(OF), hundred=100, **values)  # noqa: S704


def headline(figures: Figures, texts: PageTexts) -> Markup:
    """Return the decision in one sentence."""
    template = texts.headline_escalated if figures.escalated else texts.headline
    return fill(
        template,
        answered=plain(figures.answered),
        wrong=plain(figures.wrong),
        escalated=plain(figures.escalated),
        people=plain(figures.people),
    )


def decision_blocks(figures: Figures, texts: PageTexts, valid: Validity | None = None) -> list[Block]:
    """Return what the numbers mean, where the line is, what it saves and what is promised.

    Parameters
    ----------
    valid
        Until when the policy may be used; None for a plan, which is no policy yet.
    """
    return [
        Block("meaning", texts.meaning_heading, _meaning(figures, texts), []),
        Block("line", texts.line.heading, _line(figures, texts), []),
        Block("saving", texts.saving.heading, _saving(figures, texts), []),
        Block("promise", texts.promise.heading, _promise(figures, texts, valid), []),
    ]


def limit_blocks(figures: Figures, texts: PageTexts, valid: Validity) -> list[Block]:
    """Return what is not promised, and when to call the engineers."""
    return [
        Block("limits", texts.limits.heading, [], _limits(figures, texts, valid)),
        Block("call", texts.call.heading, [], _calls(figures, texts, valid)),
    ]


def money(figures: Figures, texts: PageTexts, amount: float, digits: int) -> str:
    """Return a sum of money as the language writes it, with as many decimals as its neighbours."""
    return texts.write_money(figures.currency, f"{amount:,.{digits}f}")


def _meaning(figures: Figures, texts: PageTexts) -> list[Markup]:
    if figures.wrong_answers is None:
        wrong = fill(texts.no_answers)
    else:
        value, low, high = map(plain, figures.wrong_answers)
        wrong = fill(texts.interval, value=value, low=low, high=high)
    return [fill(texts.measured, rows=plain(figures.rows)), wrong, fill(texts.uncertainty)]


def _line(figures: Figures, texts: PageTexts) -> list[Markup]:
    line = texts.line
    if figures.option == "accept-all":
        sentences = [fill(line.every)]
    elif figures.threshold is None:
        sentences = [fill(line.none)]
    else:
        sentences = [fill(line.at, threshold=significant(figures.threshold)), fill(line.why[figures.option])]
    if figures.escalate is not None:
        sentences.append(fill(line.escalate, escalate=significant(figures.escalate)))
    sentences += _costs(figures, texts)
    if figures.always_review:
        sentences.append(fill(line.always_review, classes=texts.comma.join(figures.always_review)))
    if figures.option != "review-all":
        sentences.append(fill(line.unreadable))
    return sentences


def _costs(figures: Figures, texts: PageTexts) -> list[Markup]:
    line, (low, high) = texts.line, (_unit(figures, texts, amount) for amount in figures.error_cost)
    review = _unit(figures, texts, figures.review_cost)
    if low != high:
        return [fill(line.costs_by_class, low=low, high=high, review=review)]
    sentences = [fill(line.costs, error=high, review=review)]
    if figures.break_even is not None:
        pays = figures.break_even < OF
        template = line.break_even if pays else line.never_pays
        sentences.append(fill(template, break_even=plain(figures.break_even)))
    return sentences


def _unit(figures: Figures, texts: PageTexts, amount: float) -> str:
    """Return what one text costs, as the business owner gave it."""
    return texts.write_money(figures.currency, plain(amount))


def _saving(figures: Figures, texts: PageTexts) -> list[Markup]:
    saving, sums = texts.saving, figures.sums
    sentences = [
        fill(
            saving.cost,
            cost=money(figures, texts, sums.chosen, sums.digits),
            low=money(figures, texts, sums.low, sums.digits),
            high=money(figures, texts, sums.high, sums.digits),
        )
    ]
    if figures.option != "review-all":
        sentences.append(_compared(figures, texts, sums.review_all, saving.against_review_all))
    if figures.option != "accept-all":
        sentences.append(_compared(figures, texts, sums.accept_all, saving.against_accept_all))
    if figures.month is not None and figures.texts_per_month is not None:
        sentences.append(_month(figures, texts, figures.month, figures.texts_per_month))
    return sentences + _queue(figures, texts)


def _compared(figures: Figures, texts: PageTexts, other: float, templates: tuple[str, str, str]) -> Markup:
    """Return how much less, or more, the chosen option costs; the difference of what is printed."""
    sums, (less, same, more) = figures.sums, templates
    difference = round(other - sums.chosen, sums.digits)
    template = same if difference == 0 else less if difference > 0 else more
    return fill(
        template,
        amount=money(figures, texts, abs(difference), sums.digits),
        all=money(figures, texts, other, sums.digits),
    )


def _month(figures: Figures, texts: PageTexts, month: Sums, number: float) -> Markup:
    return fill(
        texts.saving.month,
        texts=plain(number, 0),
        cost=money(figures, texts, month.chosen, month.digits),
        all=money(figures, texts, month.review_all, month.digits),
    )


def _queue(figures: Figures, texts: PageTexts) -> list[Markup]:
    queue, saving = figures.queue, texts.saving
    if queue is None:
        return []
    sentences = [fill(saving.queue, per_day=plain(queue.per_day), capacity=plain(queue.capacity))]
    if queue.growth > 0:
        sentences.append(fill(saving.queue_grows, growth=plain(queue.growth)))
    elif queue.per_day > queue.planned:
        sentences.append(fill(saving.queue_full, planned=plain(queue.planned)))
    return sentences


def _promise(figures: Figures, texts: PageTexts, valid: Validity | None) -> list[Markup]:
    promised, words = figures.promise, texts.promise
    if promised is None:
        sentences = [fill(words.none)]
    else:
        values = {"limit": plain(promised.limit), "bound": plain(promised.bound)}
        name = Markup("<strong>{}</strong>").format(words.names[promised.kind])
        sentences = [
            Markup("{} {}").format(name, fill(words.sentences[promised.kind], **values)),
            *([fill(words.per_class)] if promised.per_class else []),
            fill(words.kept, kept=plain(promised.kept)),
            fill(
                words.evidence,
                rows=plain(promised.rows),
                accepted=plain(promised.accepted),
                wrong=plain(promised.wrong),
            ),
        ]
    if valid is not None:
        sentences.append(_until(words.until, words.until_rows, texts, valid))
    return sentences


def _limits(figures: Figures, texts: PageTexts, valid: Validity) -> list[Markup]:
    limits, promised = texts.limits, figures.promise
    per_class = promised is not None and promised.per_class
    points = [fill(limits.average_per_class if per_class else limits.average)]
    if promised is not None and promised.kind == "errors-let-through":
        points.append(fill(limits.answers_alone))
    return [
        *points,
        fill(limits.other_texts),
        _until(limits.later, limits.later_rows, texts, valid),
        fill(limits.single),
    ]


def _calls(figures: Figures, texts: PageTexts, valid: Validity) -> list[Markup]:
    call = texts.call
    points = [_until(call.date, call.date_rows, texts, valid), fill(call.new_texts), *_too_many(figures, texts)]
    if figures.queue is not None:
        points.append(fill(call.queue, capacity=plain(figures.queue.capacity)))
    elif figures.option != "review-all":
        points.append(fill(call.people, people=plain(figures.people)))
    return [*points, fill(call.costs), fill(call.refused)]


def _too_many(figures: Figures, texts: PageTexts) -> list[Markup]:
    """Return from how many errors on something is wrong: the limit where one is promised, else the interval's end."""
    promised = figures.promise
    if promised is not None and promised.kind == "errors-let-through":
        return [fill(texts.call.errors_of_all, limit=plain(promised.limit))]
    limit = _limit_of_answers(promised) if promised is not None else None
    if limit is None and figures.wrong_answers is not None:
        limit = plain(figures.wrong_answers[2])
    return [] if limit is None else [fill(texts.call.errors_of_answers, limit=limit)]


def _limit_of_answers(promised: PromiseFigures) -> str:
    return plain(promised.bound if promised.kind == "review-share" else promised.limit)


def _until(template: str, with_rows: str, texts: PageTexts, valid: Validity) -> Markup:
    day = Markup('<time datetime="{}">{}</time>').format(valid.until.isoformat(), texts.write_date(valid.until))
    if valid.max_rows is None:
        return fill(template, until=day)
    return fill(with_rows, until=day, max_rows=plain(valid.max_rows))
