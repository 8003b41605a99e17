"""The manager's page in Japanese."""

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


def _write_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _write_money(currency: str, number: str) -> str:
    return f"{number}円" if currency == "JPY" else f"{currency}\N{NO-BREAK SPACE}{number}"


JAPANESE = PageTexts(
    lang="ja",
    document="自動判定と担当者確認の運用方針",
    kicker="自動判定の運用方針（第{version}版）",
    headline="{of}件のうち、自動判定は{answered}件（うち誤り{wrong}件）、担当者の確認は{people}件です。",
    headline_escalated=(
        "{of}件のうち、自動判定は{answered}件（うち誤り{wrong}件）、別のモデルによる判定は{escalated}件、担当者の確認は"
        "{people}件です。"
    ),
    figures=FigureTexts(
        texts_title="{of}件の内訳",
        texts_description=(
            "{of}個の印で、文章{of}件の内訳を示した図です。自動判定で正解{right}件、自動判定で誤り{wrong}件、"
            "別のモデル{escalated}件、担当者の確認{people}件です。"
        ),
        count="{count}件",
        right="自動判定（正解）",
        wrong="自動判定（誤り）",
        escalated="別のモデルで判定",
        people="担当者が確認",
        costs_title="{of}件あたりの費用",
        costs_description=(
            "費用を比べた棒グラフです。この方針は{chosen}、すべて担当者が確認する場合は{review_all}、"
            "すべて自動判定とする場合は{accept_all}です。"
        ),
        chosen="この方針",
        review_all="すべて担当者が確認",
        accept_all="すべて自動判定",
    ),
    meaning_heading="数字の見方",
    measured="正解が分かっている{rows}件で測定した結果を、{of}件あたりの件数に換算しています。",
    interval=(
        "自動判定{of}件あたりの誤りは{value}件でした。同じ種類の別の文章で測り直しても、ほとんどの場合{low}件から"
        "{high}件の間に収まります。"
    ),
    no_answers="自動判定は行わないため、自動判定の誤りもありません。",
    uncertainty=(
        "モデルは判定ごとに「不確かさ」という値を付けます。どの判定から疑うべきかを示す値で、誤りの割合ではありません。"
    ),
    line=LineTexts(
        heading="線引きの位置とその理由",
        at="不確かさが{threshold}以下であれば自動判定とし、それ以外は担当者が確認します。",
        escalate="この線を超えても不確かさが{escalate}以下のものは別のモデルで判定し、残りを担当者が確認します。",
        none="自動判定は行わず、すべて担当者が確認します。",
        every="線は引かず、可能なものはすべて自動判定とします。",
        why={
            "accept-all": "",
            "review-all": "",
            "least-cost": "誤りと確認にかかる費用の合計が、この位置で最も小さくなります。",
            "errors-let-through": "このページの約束を守れると確認できた中で、自動判定が最も多くなる位置です。",
            "accepted-error": "このページの約束を守れると確認できた中で、自動判定が最も多くなる位置です。",
            "review-share": "担当者が確認できる件数に合わせて決めた位置です。",
        },
        costs="一件あたりの費用は、判定の誤りが{error}、担当者の確認が{review}です。",
        costs_by_class=("一件あたりの費用は、判定の誤りが分類によって{low}から{high}、担当者の確認が{review}です。"),
        break_even=(
            "このため、似たような判定{of}件のうち{break_even}件を超えて誤ると見込まれる文章は、担当者が確認したほうが"
            "費用を抑えられます。"
        ),
        never_pays="この費用では、担当者が確認しても費用は減りません。",
        always_review="次の分類と判定されたものは、必ず担当者が確認します：{classes}。",
        unreadable="本文がない文章や、長すぎてモデルが最後まで読めない文章も、担当者が確認します。",
    ),
    saving=SavingTexts(
        heading="費用の比較",
        cost="この方針の費用は{of}件あたり{cost}で、ほとんどの場合{low}から{high}の間に収まります。",
        against_review_all=(
            "すべて担当者が確認する場合（{all}）より{amount}少なくて済みます。",
            "すべて担当者が確認する場合（{all}）と同額です。",
            "すべて担当者が確認する場合（{all}）より{amount}多くかかります。",
        ),
        against_accept_all=(
            "すべて自動判定とする場合（{all}）より{amount}少なくて済みます。",
            "すべて自動判定とする場合（{all}）と同額です。",
            "すべて自動判定とする場合（{all}）より{amount}多くかかります。",
        ),
        month="月{texts}件の場合、費用は月{cost}です（すべて担当者が確認する場合は月{all}）。",
        queue="担当者の確認は一営業日あたり約{per_day}件の見込みです（確認できる件数は{capacity}件）。",
        queue_full="{planned}件までに抑える計画としてください。これを超えると待ち時間が長くなります。",
        queue_grows="確認できる件数を上回るため、未確認の文章が毎月{growth}件ずつ増えます。",
    ),
    promise=PromiseTexts(
        heading="約束する内容と期限",
        names={
            "errors-let-through": "見逃す誤りの上限：",
            "accepted-error": "自動判定の誤りの上限：",
            "review-share": "担当者が確認する件数の上限：",
        },
        sentences={
            "errors-let-through": "すべての文章{of}件のうち、誤ったまま自動判定となるものは{limit}件以下です。",
            "accepted-error": "自動判定{of}件のうち、誤りは{limit}件以下です。",
            "review-share": (
                "担当者の確認が{of}件のうち約{limit}件となるように線を引いています。自動判定{of}件のうち、誤りは{bound}件"
                "以下です。"
            ),
        },
        per_class="この約束は、モデルが判定した分類ごとに成り立ちます。",
        kept="同じ種類の別の文章で方針を{hundred}回決め直したとすると、{kept}回以上はこの約束が守られます。",
        evidence="根拠は、正解が分かっている{rows}件の測定結果です（自動判定{accepted}件、うち誤り{wrong}件）。",
        none="誤りの件数についての約束はありません。このページの件数は測定結果で、線は費用だけで決めています。",
        until="この方針を使えるのは{until}までです。",
        until_rows="この方針を使えるのは、{until}まで、または{max_rows}件を処理するまでの、いずれか早いほうです。",
    ),
    limits=LimitTexts(
        heading="約束に含まれないこと",
        average="分類・お客様・窓口ごとの件数。数字はすべて全体の平均です。",
        average_per_class="お客様・窓口ごとの件数。数字は各分類の中での平均です。",
        other_texts="種類の異なる文章（新しい商品、窓口、言語、書き方など）についての結果。",
        later="{until}より後の結果。",
        later_rows="{until}より後、または{max_rows}件を超えた後の結果。",
        single="個々の判定が正しいこと。",
        answers_alone="自動判定分だけで見た誤りの割合。上限はすべての文章に対する件数です。",
    ),
    call=CallTexts(
        heading="技術担当者に連絡するとき",
        date="{until}の数週間前になったとき。",
        date_rows="{until}の数週間前になったとき、または処理件数が{max_rows}件に近づいたとき。",
        new_texts="これまでと種類の違う文章が届くようになったとき。",
        errors_of_all="点検の結果、{of}件あたり{limit}件を超えて誤ったまま自動判定となっていたとき。",
        errors_of_answers="点検の結果、自動判定{of}件あたりの誤りが{limit}件を超えていたとき。",
        queue="担当者の確認が一日{capacity}件を超える日が続くとき。",
        people="担当者の確認が{of}件のうち{people}件を大きく上回るとき。",
        costs="誤りや確認にかかる費用が変わったとき。",
        refused="モデルを入れ替えたとき、または「方針が合わない」という表示が出たとき。",
    ),
    owner="責任者",
    version="版",
    made_on="作成日",
    valid_until="有効期限",
    fingerprint="識別符号",
    comma="、",
    write_date=_write_date,
    write_money=_write_money,
)
