"""Ways in which functions end without a value: what is found, and what only looks like it."""

import ast
import textwrap
from functools import partial

import pytest

from flowstone.frontend.bodies.final import ends, never_returns
from flowstone.frontend.bodies.flow import Surroundings, endings, endings_without_yield, is_stub, swallows
from flowstone.frontend.bodies.origins import origins


def found(body, parameters="x", *, yields=False):
    """Kind and line of each ending; the body begins on line 1."""
    head = "import sys, contextlib, typing\n"
    tree = ast.parse(f"{head}async def f({parameters}):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n")
    names = origins(tree)
    surroundings = Surroundings(lambda call: ends(call, names), partial(swallows, names))
    look = endings_without_yield if yields else endings
    return [(item.kind, item.node.lineno - 2) for item in look(tree.body[1], surroundings)]


ENDS = {
    "if without else": ("if x:\n    return 1", 1),
    "elif without else": ("if x > 1:\n    return 1\nelif x > 0:\n    return 2", 1),
    "a branch that only logs": ("if x:\n    return 1\nelse:\n    log(x)", 4),
    "a branch in a branch": ("if x:\n    if x.y:\n        return 1\nelse:\n    return 2", 2),
    "for": ("for y in x:\n    if y:\n        return y", 1),
    "for with a raise on the item": ("for y in x:\n    if y:\n        raise ValueError(y)\n    return y", 1),
    "for over a range": ("for y in range(3):\n    try:\n        return x()\n    except OSError:\n        pass", 1),
    "for else": ("for y in x:\n    if y:\n        break\nelse:\n    return 1", 1),
    "async for": ("async for y in x:\n    return y", 1),
    "while": ("while x():\n    return 1", 1),
    "while True with break": ("while True:\n    if x:\n        break", 1),
    "swallowed": ("try:\n    return x()\nexcept OSError:\n    log()", 4),
    "swallowed group": ("try:\n    y = x()\nexcept* OSError:\n    log()\nelse:\n    return y", 4),
    "try else": ("try:\n    x()\nexcept OSError:\n    return 1\nelse:\n    log()", 6),
    "with": ("with x as y:\n    if y:\n        return 1", 2),
    "suppress": ("with contextlib.suppress(KeyError):\n    return x[1]", 1),
    "match without a last case": ("match x:\n case 'a':\n  return 1\n case 'b':\n  return 2", 1, "x: str"),
    "match that falls out of a case": ("match x:\n    case 1:\n        log()\n    case _:\n        return 2", 3),
    "match with a guarded last case": ("match x:\n case 1:\n  return 1\n case _ if y:\n  return 2", 1, "x: int"),
    "equal texts": ("if x == 'a':\n    return 1\nelif x == 'b':\n    return 2", 1, "x: str"),
    "equal texts, quoted": ("if x == 'a':\n    return 1\nelif x == 'b':\n    return 2", 1, "x: 'str'"),
    "one case": ("if isinstance(x, int):\n    return 1", 1),
    "the value is forgotten": ("y = x + 1\nx", 2),
    "an inner function returns": ("def g():\n    return 1\ng()", 3),
    "an assertion": ("assert x", 1),
    "an inner class": ("class C:\n    def m(self):\n        return 1", 1),
    "a stub's dots behind work": ("log()\n...", 2),
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS.keys())
def test_a_function_can_run_to_its_end(case):
    body, line, *more = case
    assert found(body, *more) == [("ends", line)]


RETURNS = {
    "plain": "return x",
    "if else": "if x:\n    return 1\nelse:\n    return 2",
    "elif else": "if x:\n    return 1\nelif y:\n    return 3\nelse:\n    raise ValueError",
    "raise": "raise ValueError(x)",
    "while True": "while True:\n    if x():\n        return 1",
    "while 1 with break of an inner loop": "while 1:\n    for y in x:\n        break",
    "try finally": "try:\n    return 1\nfinally:\n    x.close()",
    "try except raise": "try:\n    return 1\nexcept OSError as error:\n    raise ValueError from error",
    "finally returns": "try:\n    x()\nfinally:\n    return 1",
    "try else returns": "try:\n    y = x()\nexcept OSError:\n    return 1\nelse:\n    return y",
    "with": "with x as y:\n    return y",
    "async with": "async with x as y, y:\n    return y",
    "match": "match x:\n    case 1:\n        return 1\n    case _:\n        return 2",
    "match capture": "match x:\n    case 1:\n        return 1\n    case other:\n        return other",
    "match or": "match x:\n    case 1 | _:\n        return 1",
    "match of an unknown type": "match x:\n    case A():\n        return 1\n    case B():\n        return 2",
    "exit": "if x:\n    return 1\nsys.exit(1)",
    "builtin exit": "if x:\n    return 1\nexit(1)",
    "assert_never": "if x:\n    return 1\ntyping.assert_never(x)",
    "assert False": "if x:\n    return 1\nassert False, x",
    "sounds final": "if x:\n    return 1\nself.fail_with(x)",
    "assert_never of another module": "if x:\n    return 1\nassert_never(x)",
    "a handler that nobody sees": "try:\n    return x()\nexcept OSError:\n    x.handle_exception()",
    "awaited": "if x:\n    return 1\nawait x.abort()",
    "all of an enum": "if x is C.A:\n    return 1\nelif x is C.B:\n    return 2",
    "all of a literal": "if x == 'a':\n    return 1\nelif x in ('b', 'c'):\n    return 2",
    "all of a union": "if isinstance(x, A):\n    return 1\nelif isinstance(x, B):\n    return 2",
    "opposites": "if x > 1:\n    return 1\nelif x <= 1:\n    return 2",
    "not": "if x:\n    return 1\nelif not x:\n    return 2",
    "opposites one by one": "if x is None:\n    return 1\ny = x\nif x is not None:\n    return 2",
    "last attempt raises": "for y in range(3):\n try:\n  return x()\n except OSError:\n  if y == 2:\n   raise",
    "counted attempts": "while n < 3:\n try:\n  return x()\n except OSError:\n  n += 1\n  if n == 3:\n   raise",
    "retrying": "for y in tenacity.Retrying(stop=3):\n    with y:\n        return x()",
    "endless": "for y in itertools.count():\n    if x(y):\n        return y",
    "if True": "if True:\n    return 1",
    "if not False": "if not False:\n    return 1",
    "while not 0": "while not 0:\n    x()",
    "unreachable end": "return 1\nx()",
}


@pytest.mark.parametrize("body", RETURNS.values(), ids=RETURNS.keys())
def test_a_function_that_always_returns(body):
    assert found(body) == []


def test_returns_without_a_value_are_all_found():
    body = "if x:\n    return\nfor y in x:\n    return None\ndef g():\n    return\nreturn 1"
    assert found(body) == [("returns nothing", 2), ("returns nothing", 4)]


def test_both_kinds_are_told():
    assert found("if x:\n    return\nelif y:\n    return 1") == [("returns nothing", 2), ("ends", 1)]


@pytest.mark.parametrize(
    "body",
    ["...", "pass", "'''Text.'''", "'''Text.'''\n...", "'''Text.'''\npass", "raise NotImplementedError('x')"],
)
def test_stubs_tell_nothing(body):
    tree = ast.parse(f"def f():\n{textwrap.indent(body, '    ')}")
    assert is_stub(tree.body[0])
    assert found(body) == []


@pytest.mark.parametrize("body", ["x", "raise ValueError", "pass\npass", "''\nx()"])
def test_no_stubs(body):
    assert not is_stub(ast.parse(f"def f():\n{textwrap.indent(body, '    ')}").body[0])


def test_statements_outside_of_their_loop_do_no_harm():
    assert found("break") == []
    assert found("continue") == []


def test_a_long_chain_of_conditions():
    body = "if x == 0:\n    return 0\n" + "".join(f"elif y == {n}:\n    return {n}\n" for n in range(300))
    assert found(body) == [("ends", 1)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("yield x", []),
        ("try:\n    yield x\nfinally:\n    x.close()", []),
        ("try:\n    y = x()\n    yield y\nexcept OSError:\n    y.rollback()", []),
        ("with x as y:\n    yield y", []),
        ("y = yield x\nreturn", []),
        ("if x:\n    yield 1\nelse:\n    yield 2", []),
        ("if x:\n    yield 1\n    return\nyield 2", []),
        ("if not x:\n    return\nyield x", [("returns before yield", 2)]),
        ("if x:\n    yield x", [("ends before yield", 1)]),
        ("try:\n    y = x()\nexcept OSError:\n    log()\nelse:\n    yield y", [("ends before yield", 4)]),
        ("for y in x:\n    yield y", [("ends before yield", 1)]),
        ("def g():\n    yield 1\nx = lambda: (yield)", [("ends before yield", 3)]),
    ],
)
def test_ways_that_do_not_come_to_a_yield(body, expected):
    assert found(body, yields=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f() -> NoReturn: return g()", True),
        ("def f() -> typing.Never: ...", True),
        ("def f() -> 'NoReturn': ...", True),
        ("def f(): raise ValueError", True),
        ("def f():\n    log()\n    raise ValueError", True),
        ("def f() -> int: raise ValueError", False),
        ("def f():\n    if x: return 1\n    raise ValueError", False),
        ("def f(): log()", False),
    ],
)
def test_functions_that_never_return(text, expected):
    assert never_returns(ast.parse(text).body[0]) is expected
