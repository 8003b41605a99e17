from rich.console import Console

from adue.cli.tables import facts


def test_brackets_in_names_are_shown_as_they_are() -> None:
    console = Console(record=True, width=80)
    console.print(facts("ws/[v1]", [("saved in", "ws/a[/b]"), ("classes", "[bold], plain")]))
    shown = console.export_text()
    assert all(words in shown for words in ("ws/[v1]", "ws/a[/b]", "[bold], plain"))
