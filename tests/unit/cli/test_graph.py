"""``flowstone graph``: what needs what, whole or of a selection, in four forms."""

from xml.etree import ElementTree

import pytest

TEXT = """
from flowstone import DailyPartitions, Dep, Offset, asset

days = DailyPartitions("2024-01-01", end="2024-01-05", timezone="UTC")

@asset(partitioned_by=days)
def raw() -> int:
    return 1

@asset(partitioned_by=days, depends_on=[Dep("trend", as_="before", partitions=Offset(-1), optional=True)])
def trend(raw: int, before: int | None) -> int:
    return raw + (before or 0)

@asset
def total(trend: dict[str, int]) -> int:
    return sum(trend.values())

@asset
def alone() -> int:
    return 1
"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def project(cli_project):
    return cli_project(TEXT)


def drawn(text):
    """The nodes by their texts, with what is told of them and where they stand; and the edges by the nodes."""
    root = ElementTree.fromstring(text.encode())
    nodes, ends = {}, {}
    for node in root.iter(SVG + "g"):
        box = node.find(SVG + "rect")
        x, y, width, height = (float(box.get(name)) for name in ("x", "y", "width", "height"))
        name = node.find(SVG + "text").text
        nodes[name] = x, y, node.find(SVG + "title").text
        ends[x, y + height / 2] = ends[x + width, y + height / 2] = name
    edges = set()
    for path in root.iter(SVG + "path"):
        numbers = [float(word) for word in path.get("d").replace("M", "").replace("C", "").split()]
        edges.add((ends[tuple(numbers[:2])], ends[tuple(numbers[-2:])]))
    return nodes, edges


def test_the_picture_shows_all_that_needs_something_to_its_right(call):
    nodes, edges = drawn(call("graph", "--output-format", "svg").stdout)
    assert nodes.keys() == {"raw", "trend", "total", "alone"}
    assert edges == {("raw", "trend"), ("trend", "total")}
    assert nodes["raw"][0] < nodes["trend"][0] < nodes["total"][0]
    assert len({place[:2] for place in nodes.values()}) == 4
    assert nodes["trend"][2].startswith("trend: daily, ")
    assert nodes["trend"][2].endswith(":11")


def test_a_selection_is_drawn_alone(call):
    nodes, edges = drawn(call("graph", "+trend", "--output-format", "svg").stdout)
    assert nodes.keys() == {"raw", "trend"}
    assert edges == {("raw", "trend")}
    mermaid = call("graph", "+trend", "--output-format", "mermaid").stdout
    assert mermaid == 'flowchart LR\n    a0["raw"]\n    a1["trend"]\n    a0 --> a1\n    a1 --> a1\n'
    dot = call("graph", "*", "--exclude", "alone total", "--output-format", "dot").stdout
    lines = [line.strip() for line in dot.splitlines()[2:-1]]
    assert lines == ['"raw";', '"trend";', '"raw" -> "trend";', '"trend" -> "trend";']


def test_a_line_tells_all_that_is_needed(call):
    assert call("graph").stdout == "raw\nalone\ntrend <- raw\ntotal <- trend\n"
    assert call("graph", "total").stdout == "total <- trend\n"


def test_an_empty_selection_is_an_error(call):
    assert "totl" in call("graph", "totl", code=2).output


def test_a_long_chain_is_drawn(call, project):
    (file,) = project.glob("cli_*.py")
    assets = [f"@asset\ndef a{n}({f'a{n - 1}: int' if n else ''}) -> int:\n    return 1\n" for n in range(400)]
    file.write_text("from flowstone import asset\n" + "\n".join(assets))
    nodes, edges = drawn(call("graph", "--output-format", "svg").stdout)
    assert (len(nodes), len(edges)) == (400, 399)
