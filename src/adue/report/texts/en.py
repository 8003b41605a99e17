"""The manager's page in English."""

from datetime import date

from adue.report.texts.page_texts import (
    CallTexts,
    FigureTexts,
    LimitTexts,
    LineTexts,
    PageTexts,
    PromiseTexts,
    SavingTexts,
)

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _write_date(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _write_money(currency: str, number: str) -> str:
    return f"{currency}\N{NO-BREAK SPACE}{number}"


ENGLISH = PageTexts(
    lang="en",
    document="Which answers go out, and which texts people read",
    kicker="Policy for automatic answers, version {version}",
    headline="Of {of} texts, the model answers {answered} and gets {wrong} of these wrong; people read {people}.",
    headline_escalated=(
        "Of {of} texts, the model answers {answered} and gets {wrong} of these wrong; a second model answers "
        "{escalated}; people read {people}."
    ),
    figures=FigureTexts(
        texts_title="What happens to {of} texts",
        texts_description=(
            "A field of {of} marks, one for each text: answered right {right}, answered wrong {wrong}, second model "
            "{escalated}, read by people {people}."
        ),
        count="{count}",
        right="answered, right",
        wrong="answered, wrong",
        escalated="to the second model",
        people="read by people",
        costs_title="What {of} texts cost",
        costs_description=(
            "Three bars: this policy {chosen}, people read everything {review_all}, the model answers everything "
            "{accept_all}."
        ),
        chosen="This policy",
        review_all="People read everything",
        accept_all="The model answers everything",
    ),
    meaning_heading="What these numbers mean",
    measured=(
        "All of this was measured on {rows} texts whose right answer is known, and is written as counts of {of} texts."
    ),
    interval=(
        "Of {of} answers that go out, the number of wrong ones was {value}. Measured again on other texts of the same "
        "kind, it would nearly always lie between {low} and {high}."
    ),
    no_answers="No answer goes out, so none can be wrong.",
    uncertainty=(
        "The model gives each answer an uncertainty. It says which answers to doubt first; it is not the share of "
        "wrong answers."
    ),
    line=LineTexts(
        heading="Where the line is, and why",
        at="Answers with an uncertainty of at most {threshold} go out. People read the other texts.",
        escalate=(
            "Texts above the line go to the second model up to an uncertainty of {escalate}, and from there to people."
        ),
        none="No answer goes out. People read every text.",
        every="Every answer that can go out does; no line is drawn.",
        why={
            "accept-all": "",
            "review-all": "",
            "least-cost": "At this line, errors and reviews together cost least.",
            "errors-let-through": "No line with more answers could be shown to keep the promise on this page.",
            "accepted-error": "No line with more answers could be shown to keep the promise on this page.",
            "review-share": "The line follows from the number of texts that people can read.",
        },
        costs="A wrong answer costs {error}, and a text that a person reads costs {review}.",
        costs_by_class=(
            "A wrong answer costs from {low} to {high}, depending on the class; a text that a person reads costs "
            "{review}."
        ),
        break_even=(
            "So a person should read a text where, of {of} answers like this one, more than {break_even} would be "
            "wrong."
        ),
        never_pays="At these costs, reading a text never pays.",
        always_review="People always read texts that the model puts into these classes: {classes}.",
        unreadable="People also read every text that is empty or too long for the model.",
    ),
    saving=SavingTexts(
        heading="What it saves",
        cost="Under this policy {of} texts cost {cost}, nearly always between {low} and {high}.",
        against_review_all=(
            "That is {amount} less than if people read everything ({all}).",
            "That is as much as if people read everything ({all}).",
            "That is {amount} more than if people read everything ({all}).",
        ),
        against_accept_all=(
            "It is {amount} less than if the model answered everything ({all}).",
            "It is as much as if the model answered everything ({all}).",
            "It is {amount} more than if the model answered everything ({all}).",
        ),
        month="With {texts} texts a month, this is {cost} a month; {all} if people read everything.",
        queue="On a working day about {per_day} texts come to people, who can read {capacity}.",
        queue_full="Plan for at most {planned}: with more, texts wait too long.",
        queue_grows="These are more than they can read: {growth} more texts wait after each month.",
    ),
    promise=PromiseTexts(
        heading="What is promised, and until when",
        names={
            "errors-let-through": "Limit on errors let through.",
            "accepted-error": "Limit on errors among the answers.",
            "review-share": "Limit on the texts that people read.",
        },
        sentences={
            "errors-let-through": "Of {of} texts of all kinds, at most {limit} are answered wrong without a person.",
            "accepted-error": "Of {of} answers that go out, at most {limit} are wrong.",
            "review-share": (
                "The line is set so that people read about {limit} of {of} texts. Of {of} answers that go out, at most "
                "{bound} are wrong."
            ),
        },
        per_class="This holds for each class that the model answers by itself.",
        kept="Set up {hundred} times on other texts of the same kind, such a promise is kept at least {kept} times.",
        evidence=(
            "It rests on {rows} texts whose right answer is known; {accepted} were answered, {wrong} of them wrong."
        ),
        none=(
            "Nothing is promised about the number of errors. The counts on this page are what was measured; the line "
            "was drawn by cost."
        ),
        until="The policy may be used until {until}.",
        until_rows="The policy may be used until {until}, or for {max_rows} texts, whichever ends first.",
    ),
    limits=LimitTexts(
        heading="What is not promised",
        average="A number for each class, customer or channel: everything here is an average over all texts.",
        average_per_class="A number for each customer or channel: within a class, everything here is an average.",
        other_texts="Anything about texts of another kind: a new product, channel, language or way of writing.",
        later="Anything after {until}.",
        later_rows="Anything after {until}, or beyond {max_rows} texts.",
        single="That a particular answer is right.",
        answers_alone="The share of errors among the answers alone: the limit counts all texts.",
    ),
    call=CallTexts(
        heading="When to call the engineers",
        date="A few weeks before {until}.",
        date_rows="A few weeks before {until}, or when nearly {max_rows} texts have been decided.",
        new_texts="When texts of a new kind come in.",
        errors_of_all="When a check finds that, of {of} texts, more than {limit} were answered wrong.",
        errors_of_answers="When a check finds that, of {of} answers that went out, more than {limit} were wrong.",
        queue="When more than {capacity} texts a day come to people, several days in a row.",
        people="When clearly more than {people} of {of} texts come to people.",
        costs="When the cost of an error or of a review changes.",
        refused="When the model is replaced, or the program says that the policy does not fit.",
    ),
    owner="Owner",
    version="Version",
    made_on="Made on",
    valid_until="Valid until",
    fingerprint="Fingerprint",
    comma=", ",
    write_date=_write_date,
    write_money=_write_money,
)
