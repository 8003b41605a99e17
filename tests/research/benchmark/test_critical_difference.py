import xml.etree.ElementTree as ET

import pytest

from adue.research.benchmark.critical_difference import cliques, critical_difference_svg


@pytest.mark.parametrize(
    ("ranks", "critical", "groups"),
    [
        ([1.0, 2.0, 3.0], 0.5, []),
        ([1.0, 2.0, 3.0], 2.0, [(0, 2)]),
        ([1.0, 2.0, 3.0], 1.0, [(0, 1), (1, 2)]),
        ([1.0, 1.1, 1.2, 3.0, 3.5], 1.0, [(0, 2), (3, 4)]),
        ([1.0], 1.0, []),
    ],
)
def test_bars_join_the_largest_groups_that_do_not_differ(
    ranks: list[float], critical: float, groups: list[tuple[int, int]]
) -> None:
    assert cliques(ranks, critical) == groups


def test_the_picture_is_xml_that_names_every_method_with_its_rank() -> None:
    svg = critical_difference_svg({"b & co": 2.5, "a": 1.25, "c": 2.25}, 1.5, "ranks <1>")
    root = ET.fromstring(svg)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a (1.25)", "c (2.25)", "b & co (2.50)", "critical difference 1.50"} <= set(texts)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "ranks <1>"


def test_many_methods_lie_within_the_picture() -> None:
    svg = critical_difference_svg({f"method-{number}": number + 1.0 for number in range(45)}, 9.0, "many")
    root = ET.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(element.attrib["x"]) <= width
        assert 0 <= float(element.attrib["y"]) <= height
