"""Fixing whatever projects of odd layout: comments stay, the rest of the code is the same, and once is enough."""

from __future__ import annotations

import ast
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowstone.checks.fixing import Outcome, fix_findings
from flowstone.checks.selection import STRICT
from flowstone.cli.rewrite import rewrite, with_line_ends
from flowstone.config import Settings, load_settings

HEAD = """\
from flowstone import Cron, DailyPartitions, Dep, Job, Last, Offset, asset, check, resource

days = DailyPartitions(start="2024-01-01", timezone="UTC")

@resource
def database() -> str:
    return "sqlite://"

@asset
def orders() -> list[int]:
    return [1, 2]

@asset(partitioned_by=days)
def sales() -> list[int]:
    return [1, 2]

"""
BLOCKS = [
    # decorator, parameters, return annotation, body; N is the number of the block
    ('@asset(~depends_on=[~"order",~"sales"~],~)', "~", " -> int", "return len('order')  # ~"),
    ('@asset(~retires=3,~ group="a"~)', "~limit: int = 1~", " -> int", "return limit + 1"),
    ('@asset(~depends_on=[~"orders",~"orders"~]~)', "", " -> int", "return 2"),
    ('@asset(~owners="me"~)', "~", " -> str", 'return "x"'),
    ("@asset", "~order: list[int],~limit: int = 2~", " -> int", "return sum(order) + sum(o for o in order) + limit"),
    ("@asset", "~order: list[int]~", " -> str", 'return f"{order!r} {len(order)}"'),
    ('@asset(~requires=[~"databse"~]~)', "~", " -> int", "return 1"),
    ("@asset", "~databse: str~", " -> str", 'return databse + "/ordér"'),
    ("@asset", "~", "", "return [1, 2]"),
    ("@asset  # flowstone: ignore[FS302]", "~", " -> int", "return 1"),
    ("@asset  # flowstone: ignore[FS302, FS703] since then", "~", " -> int", "return 1"),
    ('@asset(~schedule=Cron(~"0 5 * * *"~)~,~)', "~", " -> int", "return 1"),
    ('@asset(~partitioned_by=days,~path="a/N.json"~)', "~", " -> int", "return 1"),
    (
        '@asset(~depends_on=[~Dep(~"sales",~as_="week",~partitions=Last(days=3)~)]~)',
        "~week: list[int]~",
        " -> int",
        "...",
    ),
    (
        '@asset(partitioned_by=days,~depends_on=[Dep("blockN",~as_="last",~partitions=Offset(-1))])',
        "~last: int~",
        " -> int",
        "return last + 1",
    ),
    ('@check(~asset="order"~)', "~orders: list[int]~", " -> bool", "return bool(orders)"),
    ("@asset", "~orders: list[int]~", " -> int", "return sum(orders)"),
    ('@asset(depends_on=[Dep("orders",~optional=True~)])', "~orders: list[int]~", " -> int", "return 1"),
]
COMMENT = re.compile(r"# c\d+ [^\n]*")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A module with some of the blocks, comments and line ends wherever a bracket is open."""
    number = iter(range(1000))
    indent = draw(st.sampled_from(["    ", "\t", "  "]))

    def gap() -> str:
        kind = draw(st.integers(0, 4))
        if kind == 0:
            words = draw(st.sampled_from(["", "ünï", ")", '[FS301] "', "order"]))
            return f"  # c{next(number)} {words}\n{indent}"
        return {1: f"\n{indent}", 2: " ", 3: "", 4: f" \\\n{indent}"}[kind]

    def filled(text: str, place: int) -> str:
        text = text.replace("N", str(place)).replace("  # ~", "")
        return re.sub("~", lambda _: gap(), text)

    parts = [HEAD]
    for place, choice in enumerate(draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=6))):
        decorator, parameters, returns, body = choice
        head = f"{filled(decorator, place)}\ndef block{place}({filled(parameters, place)}){returns}:"
        comment = f"  # c{next(number)} end" if draw(st.booleans()) else ""
        parts.append(f"{head}{comment}\n{indent}# c{next(number)} inside\n{indent}{body}\n\n")
        parts.append(
            f"def untouched{place}(order, databse):\n{indent}return order + databse  # c{next(number)} order\n\n"
        )
    return "".join(parts)


def shown(item: object) -> bool:
    return item.code not in STRICT  # type: ignore[attr-defined]


def always(_: object) -> bool:
    return True


def fix(project: Settings) -> Outcome:
    return fix_findings(project, always, shown)


def keys(found: object) -> Counter[tuple[str, str]]:
    return Counter((item.code, item.message) for item in found if shown(item))  # type: ignore[attr-defined]


def untouched(text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("block"):
            yield ast.dump(node)


@settings(max_examples=60, deadline=None)
@given(text=texts(), end=st.sampled_from(["\n", "\r\n", "\r"]), mark=st.booleans())
def test_fixing_keeps_comments_and_brings_no_finding(text: str, end: str, mark: bool) -> None:
    ast.parse(text)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "flowstone.toml").write_text('sources = ["pipelines"]\n', encoding="utf-8")
        path = root / "pipelines" / "a.py"
        path.parent.mkdir()
        project = load_settings(root, environment={})
        path.write_bytes(text.replace("\n", end).encode("utf-8-sig" if mark else "utf-8"))

        outcome = fix(project)
        rewrite(root, outcome.before.texts, outcome.changed)

        data = path.read_bytes()
        raw = data.decode("utf-8-sig")
        after = raw.replace("\r\n", "\n").replace("\r", "\n")
        assert data.startswith(b"\xef\xbb\xbf") == mark
        assert raw == after.replace("\n", end)
        assert Counter(COMMENT.findall(after)) == Counter(COMMENT.findall(text))
        assert list(untouched(after)) == list(untouched(text))
        assert len(ast.parse(after).body) == len(ast.parse(text).body)
        assert not keys(outcome.after.findings) - keys(outcome.before.findings)
        again = fix(project)
        assert again.fixed == ()
        assert keys(again.before.findings) == keys(outcome.after.findings)


@given(
    lines=st.lists(st.tuples(st.sampled_from(["a", "b", "", "c"]), st.sampled_from(["\n", "\r\n", "\r"])), max_size=12),
    new=st.lists(st.sampled_from(["a", "b", "", "x"]), max_size=12),
)
def test_line_ends_never_change_the_lines(lines: list[tuple[str, str]], new: list[str]) -> None:
    raw = "".join(f"{line or ' '}{end}" for line, end in lines)
    text = "".join(f"{line}\n" for line in new)

    assert with_line_ends(raw, text).replace("\r\n", "\n").replace("\r", "\n") == text
    old = raw.replace("\r\n", "\n").replace("\r", "\n")
    assert with_line_ends(raw, old) == raw
