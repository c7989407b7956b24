import ast
import hashlib

import pytest

from flowstone.frontend.canonical import canonical
from flowstone.frontend.modules import Module
from flowstone.frontend.scopes import Reference


def code(text: str):
    tree = ast.parse(text)
    return canonical(Module("pkg.main", "pkg/main.py", text, tree), tree.body)


SAMPLE = '''
import a, b.c as d
from . import e
@deco(1, x=[None, -1, 2.5, 3j, b"x", ..., "\\u00e9\\U0001f600", 10**30, 0xFFFFFFFFFFFFFFFFFFFFFF])
class C(Base, metaclass=M, **k):
    """Doc."""
    field: int = 1
    """Doc of the field."""
    async def f(self, a, /, b: "list[int]" = 2, *c, d, e=3, **g) -> None:
        global G
        async with x as y, z: await y
        async for i in j: continue
        else: pass
        return [k async for k in l if k if not k], {m: n for m, n in o}, {*p}, (q for q in r), lambda s, *t: s
def g(x):
    nonlocal_ = f"a{x}b" "c" f"{x!r:>{w}}" f"{x = }" "" f"{x:}" rf"\\d{{}}"
    try: raise E from F
    except (A, B) as err: del err, (x.y, z[0])
    except* () if 0 else C: pass
    finally: assert x, "m"
    while x < 1 <= 2 and not y or z: break
    match x:
        case {"a": 1, **rest} | [1, *more] | P(q, r=2) | None | (3 as n) if n: yield from x
        case _: x = yield
    with (open(a) as b): x[1:2, ::3] = y = *z, 1
    x += 1; x: int; (w := 1)
'''.replace("    except* () if 0 else C: pass\n", "")
DIGEST = "a221b1218f6b09b938a28df578ebd3626ad306e78d60ce1c610fda47cfce2178"


def test_the_text_is_the_same_in_every_version_of_python():
    found = code(SAMPLE)
    names = "".join(sorted(f"{item.name}.{item.attributes}.{item.origin}" for item in found.references))
    assert hashlib.sha256((found.text + names).encode()).hexdigest() == DIGEST


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x = [1, 2]", "x = [12]"),
        ("x = ['a', 'b']", "x = ['ab']"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = '1'", "x = b'1'"),
        ("x = a.b", "x = a.c"),
        ("f(a, b)", "f(a)(b)"),
        ("f(*a)", "f(a)"),
        ("f(a=1)", "f(b=1)"),
        ("{**a}", "{None: a}"),
        ("x = (1, 2), 3", "x = 1, (2, 3)"),
        ("x = a - (b - c)", "x = a - b - c"),
        ("def f(a, *, b): pass", "def f(a, b): pass"),
        ("def f(a, /): pass", "def f(a): pass"),
        ("async def f(): pass", "def f(): pass"),
        ("if a:\n    b\n    c", "if a:\n    b\nc"),
        ("from a import b", "from .a import b"),
        ("x = f'{a}'", "x = f'{a!r}'"),
        ("x = [a for a in b if c]", "x = [a for a in b]"),
    ],
)
def test_different_code_has_different_texts(first, second):
    assert code(first).text != code(second).text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x = (1)", "x = 1  # one"),
        ("x = 'a' \"b\"", "x = u'ab'"),
        ("x = 0x10", "x = 16"),
        ("del (a, b)", "del a, b"),
        ("def f(x: 'int'): 'doc'; return 1", "def f(x: int): return 1"),
        ("class A:\n    x = 1\n    'doc'", "class A:\n    x = 1"),
        ("x = f'a' f'{b}' 'c'", "x = f'a{b}c'"),
    ],
)
def test_equal_code_has_equal_texts(first, second):
    assert code(first).text == code(second).text


def names(text: str) -> set[str]:
    return {".".join([item.name, *item.attributes]) for item in code(text).references}


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("def f(a, *b, c=d, **e): return a, b, c, e, g", {"d", "g"}),
        ("def f():\n    x = y\n    return x", {"y"}),
        ("def f():\n    return x\n    x = 1", set()),
        ("def f():\n    global x\n    x = 1", {"x"}),
        ("def f():\n    def g(): return x\n    x = 1", set()),
        ("def f():\n    class A:\n        x = 1\n        def g(self): return x", {"x"}),
        ("def f(): return [x for x in x]", {"x"}),
        ("def f(x): return [y for y in x if (z := y)], z, y", {"y"}),
        ("def f():\n    for a, [b, *c] in d: return a, b, c", {"d"}),
        ("def f():\n    try: pass\n    except E as x: return x", {"E"}),
        ("def f(v):\n    match v:\n        case {'a': x, **y} | [x, *y] | C(x) as y: return x, y", {"C"}),
        ("def f():\n    with a as b: return b", {"a"}),
        ("def f(): return lambda x: (x, y)", {"y"}),
        ("def f(): return a.b.c(d.e)", {"a.b.c", "d.e"}),
        ("def f(): return a().b", {"a"}),
        ("def f(x: 'a.B'): pass", {"a.B"}),
    ],
)
def test_names_that_code_does_not_bind(text, free):
    assert names(text) - {"int"} == free


def test_imports_inside_functions():
    found = code("def f():\n    from .x import y as z\n    import a.b, c.d as e\n    return z.w, a.b.q, e.r").references
    assert found == {
        Reference("z", (), "pkg.x.y"),
        Reference("z", ("w",), "pkg.x.y"),
        Reference("a", (), "a"),
        Reference("a", ("b", "q"), "a"),
        Reference("e", (), "c.d"),
        Reference("e", ("r",), "c.d"),
    }
