"""Sources that would take forever, or much memory, are refused soon; none of them raises."""

from __future__ import annotations

import pytest

HEAD = "from flowstone import asset\n"
LOOPS = "for a in range(1000):\n  for b in range(1000):\n    for c in range(1000):\n"


def doubling(first: str, step: str, last: str, times: int = 60) -> str:
    return first + "".join(step.format(n=n, m=n + 1) for n in range(times)) + last


BOMBS = {
    "calls of functions": doubling(
        "def f0(): return 1\n", "def f{m}(): return f{n}() + f{n}()\n", "@asset(name=f60())\ndef g(): ...\n"
    ),
    "longer and longer lists": doubling("x0 = ['a']\n", "x{m} = x{n} + x{n}\n", "@asset(owners=x60)\ndef g(): ...\n"),
    "lists that share their items": doubling(
        "x0 = ['a']\n", "x{m} = [x{n}, x{n}]\n", "@asset(meta={'a': x60})\ndef g(): ...\n"
    ),
    "loops that declare nothing": LOOPS + "      if False:\n        @asset\n        def g(): ...\n",
    "factories": doubling(
        "def m0():\n  @asset(name='a')\n  def g(): ...\n", "def m{m}():\n  m{n}()\n  m{n}()\n", "m25()\n", 25
    ),
    "names of names": doubling("x0 = 'a'\n", "x{m} = x{n}\n", "@asset(name=x5000)\ndef g(): ...\n", 5000),
    "functions of functions": doubling(
        "def f0():\n  @asset\n  def g(): ...\n", "def f{m}(): f{n}()\n", "f5000()\n", 5000
    ),
}


def expression(value: str, setup: str = "") -> str:
    return f"{setup}\n@asset(meta={{'v': {value}}})\ndef g(): ...\n"


def doubled_records(kind: str) -> str:
    lines = "".join(f"x{n + 1} = D(x{n}, x{n})\ny{n + 1} = D(y{n}, y{n})\n" for n in range(60))
    return expression("x60 == y60", f"{kind}\n    a: object\n    b: object\nx0 = y0 = 1\n{lines}")


BOMBS |= {
    "powers": expression("10**10**10"),
    "long texts": expression("'x' * 10**10"),
    "products of comprehensions": expression("[a for a in range(9999) for b in range(9999) for c in range(9999)]"),
    "ranges": expression("list(range(10**12))"),
    "large numbers": expression("0x" + "f" * 20_000),
    "a large number alone": "@asset(retries=0x" + "f" * 20_000 + ")\ndef g(): ...\n",
    "lists made again and again": expression("[len([0] * 20000) for i in range(20000)]"),
    "long comparisons": expression("[X == Y for i in range(20000)]", "X = [[i] for i in range(19000)]\nY = X[:]"),
    "searches": expression("[[1, 2] in X for i in range(20000)]", "X = [[i] for i in range(19000)]"),
    "hashes": expression("[{X: 1} for i in range(20000)]", "X = tuple((i, i) for i in range(19000))"),
    "endless iterators": expression("list(itertools.count())", "import itertools"),
    "endless cycles": expression("max(itertools.cycle([1, 2]))", "import itertools"),
    "combinations": expression("sum(1 for x in itertools.combinations(range(100), 50))", "import itertools"),
    "texts with many holes": expression("T.format(X)", "X = 'x' * 90000\nT = '{0}' * 9000"),
    "translations": expression("('a' * 90000).translate({97: 'b' * 90000})"),
    "tabs": expression("('\\t' * 1000).expandtabs(10**8)"),
    "recursion": expression("f(1)", "def f(n):\n    return f(n)"),
    "lambdas": expression("(lambda f: f(f))(lambda f: f(f))"),
    "keys that sort": expression("f(1)", "def f(x):\n    return sorted([x, x], key=f)"),
    "endless loops": expression("f()", "def f():\n    while True:\n        pass"),
    "loops in functions": expression(
        "f()", "def f():\n    for a in range(20000):\n        for b in range(20000):\n            pass"
    ),
    "dataclasses": doubled_records("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass D:"),
    "named tuples": doubled_records("from typing import NamedTuple\nclass D(NamedTuple):"),
    "many expressions": "".join(
        f"@asset(meta={{'v': sum(i for i in range(150) for j in range(150))}})\ndef g{n}(): ...\n" for n in range(100)
    ),
    "statements in loops": "for a in range(15000):\n"
    + "    x = 1\n" * 200
    + "    if a < 0:\n        @asset\n        def g(): ...\n",
}
"""Each of these took minutes or gigabytes if it were simply computed."""


@pytest.mark.parametrize("text", BOMBS.values(), ids=list(BOMBS))
def test_too_much_is_refused(project, text):
    codes = {
        item.code for item in project({"pipe.py": HEAD + text, "good.py": HEAD + "@asset\ndef ok(): ...\n"}).diagnostics
    }
    assert codes & {"FS009", "FS010"}


def test_many_assets_are_no_bomb(project):
    text = "".join(f"@asset\ndef a{n}({f'a{n - 1}' if n else ''}): ...\n" for n in range(500))
    loaded = project(HEAD + text)
    assert loaded.diagnostics == ()
    assert len(loaded.project.steps) == 500


def test_long_chain_of_classes_and_aliases(project):
    text = "".join(f"class C{n + 1}(C{n}): ...\nT{n + 1} = list[T{n}]\n" for n in range(3000))
    loaded = project(f"{HEAD}class C0: ...\nT0 = int\n{text}@asset\ndef a(x: T3000 = 1) -> C3000: ...\n")
    assert loaded.diagnostics == ()
