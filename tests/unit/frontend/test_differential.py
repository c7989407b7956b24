"""Projects that Python and the front end read alike, and those that the front end refuses by name."""

# ruff: noqa: E501 - sources of projects are kept in one line where they are short

from __future__ import annotations

import pytest

from tests.unit.frontend.differential import differences, run, see

HEAD = "from flowstone import asset\n"
MAKE = "def make(n, group='g', **kw):\n    @asset(name=n, group=group, **kw)\n    def f(): ...\n    return f\n"


def expression(setup: str, value: str) -> str:
    return f"{HEAD}{setup}\n@asset(meta={{'v': {value}}})\ndef a(): ...\n"


SEEN_EXPRESSIONS = {
    "tuple unpack": ("X, Y = 1, 2", "X+Y"),
    "nested unpack": ("(X, (Y, Z)) = 1, (2, 3)", "[X,Y,Z]"),
    "star unpack": ("X, *Y = [1,2,3]", "[X,Y]"),
    "class scope": ("class C:\n    A = 'x'\n    B = A + 'y'", "C.B"),
    "class scope shadow": ("A = 'm'\nclass C:\n    A = 'x'\n    B = A + 'y'", "C.B"),
    "class inherit": ("class B:\n    X = 1\nclass C(B):\n    Y = 2", "[C.X, C.Y]"),
    "class meth": ("class C:\n    @staticmethod\n    def f(x): return x+1", "C.f(1)"),
    "intenum eq": ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1", "E.A == 1"),
    "intenum json": ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1", "E.A"),
    "intenum +": ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1", "E.A + 1"),
    "intenum fmt": ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1", "f'{E.A}'"),
    "enum name": (
        "from enum import Enum, auto\nclass E(Enum):\n    A = auto()\n    B = auto()",
        "[E.A.name, E.B.value, [m.name for m in E]]",
    ),
    "enum under": ("from enum import Enum\nclass E(Enum):\n    A = 5\n    _B = 2", "len(E)"),
    "enum inherit": (
        "from enum import Enum\nclass B(Enum):\n    pass\nclass E(B):\n    A = 5\n",
        "[m.value for m in E]",
    ),
    "enum inherit2": ("from enum import Enum\nclass B(str, Enum):\n    pass\nclass E(B):\n    A = 'x'\n", "E.A.value"),
    "enum unhash": ("from enum import Enum\nclass E(Enum):\n    A = {'x': 1}\n", "E.A.value['x']"),
    "enum key": ("from enum import Enum\nclass E(Enum):\n    A = 1\nT={E.A: 5}\n", "T[E.A]"),
    "enum new": (
        "from enum import Enum\nclass E(Enum):\n    A = (1, 'x')\n    def __init__(self, n, l):\n        self.n = n",
        "E.A.value",
    ),
    "flag": (
        "from enum import Flag, auto\nclass E(Flag):\n    A = auto()\n    B = auto()\n    C = auto()",
        "E.C.value",
    ),
    "intflag": ("from enum import IntFlag, auto\nclass E(IntFlag):\n    A = auto()\n    B = auto()\n", "(E.A|E.B)+0"),
    "enum prop": (
        "from enum import Enum\nclass E(Enum):\n    A = 'x'\n    @property\n    def t(self): return self.value.upper()",
        "E.A.t",
    ),
    "enum members": ("from enum import Enum\nclass E(Enum):\n    A = 'x'\n", "list(E.__members__)"),
    "enum lookup": ("from enum import Enum\nclass E(Enum):\n    A = 1\n", "E(1).name + E['A'].name"),
    "enum in": (
        "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\n",
        "[E.A in (E.A, E.B), E.A is E.A, E.A == E.B]",
    ),
    "dc": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass D:\n    x: int\n    y: str = 'q'\nd = D(1)",
        "[d.x, d.y]",
    ),
    "dc classvar": (
        "from dataclasses import dataclass\nfrom typing import ClassVar\n@dataclass(frozen=True)\nclass D:\n    k: ClassVar[int] = 9\n    x: int\nd = D(1)",
        "[d.x, D.k]",
    ),
    "dc kwonly": (
        "from dataclasses import dataclass, KW_ONLY\n@dataclass(frozen=True)\nclass D:\n    x: int\n    _: KW_ONLY\n    y: int = 2\nd = D(1, y=4)",
        "[d.x, d.y]",
    ),
    "dc factory": (
        "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass D:\n    x: list = field(default_factory=list)\n    y: int = field(default=3)\nd = D()",
        "[d.x, d.y]",
    ),
    "dc inherit": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass B:\n    x: int\n@dataclass(frozen=True)\nclass D(B):\n    y: int = 3\nd = D(1)",
        "[d.x, d.y]",
    ),
    "dc slots": (
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass D:\n    x: int = 3\nd = D()",
        "d.x",
    ),
    "dc prop": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass D:\n    x: int = 3\n    @property\n    def t(self): return self.x * 2\n    def u(self, n=1): return f'{self.x}{n}'\nd = D()",
        "[d.t, d.u(), d.u(n=5)]",
    ),
    "dc eq": ("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass D:\n    x: int = 3\n", "D() == D(3)"),
    "dc star": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass D:\n    x: int = 3\n    y: int = 4\n",
        "D(*[1], **{'y': 9}).y",
    ),
    "nt": (
        "from typing import NamedTuple\nclass D(NamedTuple):\n    x: int\n    y: int = 4\nd = D(1)",
        "[d.x, d[1], list(d), len(d)]",
    ),
    "nt unpack": (
        "from typing import NamedTuple\nclass D(NamedTuple):\n    x: int\n    y: int = 4\n",
        "[a + b for a, b in [D(1), D(2, 3)]]",
    ),
    "nt func": ("from collections import namedtuple\nD = namedtuple('D', 'x y')\nd = D(1, y=2)", "d.y"),
    "nt replace": (
        "from typing import NamedTuple\nclass D(NamedTuple):\n    x: int\n    y: int = 4\n",
        "D(1)._replace(y=5)._asdict()",
    ),
    "walrus": ("", "(n := 5) + n"),
    "walrus comp": ("", "[y for x in range(5) if (y := x * 2) > 3]"),
    "walrus hidden": ("", "[q for w in 'ab' if (q := [(q, 0) for q in (1, 3) if q])]"),
    "lambda": ("f = lambda x: x + 1", "f(2)"),
    "func stmts": ("def f(x):\n    y = x + 1\n    if y > 2:\n        return 'big'\n    return f'{y}'", "[f(1), f(5)]"),
    "func loop": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t", "f(4)"),
    "func rec": ("def f(n):\n    return 1 if n == 0 else n * f(n - 1)", "f(5)"),
    "func default": ("def f(a, b=2, *c, d=4, **e):\n    return [a, b, c, d, e]", "f(1, 3, 5, d=6, z=7)"),
    "map": ("", "list(map(str, [1, 2]))"),
    "filter": ("", "list(filter(None, [0, 1]))"),
    "sorted key": ("", "sorted(['bb','a'], key=len)"),
    "sorted lam": ("", "sorted([('b', 1), ('a', 2)], key=lambda t: t[1])"),
    "itertools": ("import itertools", "[list(t) for t in itertools.product('ab', [1, 2])]"),
    "itertools2": ("from itertools import chain, product", "list(chain([1], [2]))"),
    "math": ("import math", "[math.pi, math.floor(2.5), math.ceil(2.1)]"),
    "string": ("import string", "string.ascii_lowercase"),
    "textwrap": ("import textwrap", "textwrap.dedent('  a\\n  b')"),
    "fromkeys": ("", "dict.fromkeys('ab', 1)"),
    "str.join": ("", "str.join(',', ['a','b'])"),
    "encode": ("", "'é'.encode('utf-8').hex()"),
    "translate": ("", "'abc'.translate(str.maketrans('a', 'b'))"),
    "hex": (
        "",
        "[hex(10), oct(8), bin(5), chr(97), ord('a'), repr('x'), ascii('é'), divmod(7, 2), pow(2, 3), format(3, '03')]",
    ),
    "copy": ("X=[1]\n", "[X.copy(), {'a':1}.copy(), {'k':2}.get('k')]"),
    "slice": ("X='abcdef'", "[X[1:3], X[::-1], X[-1], X[:100], [1,2,3][slice(0,2)]]"),
    "percent": ("", "['%s' % 1, '%05.2f|%x' % (3.14159, 255), '%(a)s' % {'a': 1}, '%%' % ()]"),
    "fstring": ("N=3\nW='w'", "[f'{N:>3}', f'{W!r:>5}', f'{N=}', f'{1.5:.{N}f}', f'{{}}', f'{N:,}', f'{1234567:_}']"),
    "max set": ("", "max({1,2,3})"),
    "max key": ("", "max(['a','bbb'], key=len)"),
    "dict comp": ("", "{k: v for k, v in zip('ab', range(2))}"),
    "nested comp": ("", "[[i*j for j in range(i)] for i in range(4)]"),
    "comp shadow": ("i = 9", "[[i for i in range(2)], i]"),
    "comp scope": ("i = 3", "[i for _ in range(i) for i in range(2)]"),
    "set iter": ("", "[x for x in {1}]"),
    "dict or": ("", "{'a': 1} | {'b': 2, 'a': 3}"),
    "list mul": ("", "[[0] * 2] * 2"),
    "str mul": ("", "'ab' * 2 + '-'"),
    "chained cmp": ("", "1 < 2 < 3 == 3"),
    "not": ("", "not [] and not ''"),
    "ifexp": ("X=None", "X if X else 'd'"),
    "versions": ("import sys\nif sys.version_info >= (3, 8):\n    X = 1\nelse:\n    X = 2", "X"),
    "versions2": ("import sys\nX = 1 if sys.version_info[:2] >= (3, 11) else 2", "X"),
    "versions4": ("import sys\nif sys.version_info < (3,):\n    X = 1\nelse:\n    X = 2", "X"),
    "typechecking": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = 1\nelse:\n    X = 2", "X"),
    "try import2": ("try:\n    import json\n    X = 1\nexcept ImportError:\n    X = 2", "X"),
    "try const": ("try:\n    X = 1\nfinally:\n    pass", "X"),
    "annassign": ("X: int = 3", "X"),
    "chain assign": ("X = Y = 3", "[X, Y]"),
    "cond bound": ("D = True\nif D:\n    X = 1", "X"),
    "path": ("from pathlib import Path\nP = Path('a') / 'b'", "str(P) + P.name + P.suffix + str(P.parent)"),
    "date": (
        "from datetime import date, timedelta\nD = date(2024,1,1)",
        "[(D + timedelta(days=i)).isoformat() for i in range(3)]",
    ),
    "bytes": ("", "len(b'abc')"),
    "ellipsis": ("", "... is ..."),
    "final": ("from typing import Final\nX: Final = 3", "X"),
    "cast": ("from typing import cast\nX = cast(int, 3)", "X"),
    "isinstance": ("", "isinstance(1, int)"),
    "nested func": ("def f():\n    def g(): return 1\n    return g()", "f()"),
    "closure": ("def f(x):\n    return [x + i for i in range(2)]", "f(3)"),
    "shuffle": ("import random\nL=['a']\nrandom.Random(1).shuffle(L)\nL2=L", "L2"),
    "decorated func": ("import functools\n@functools.cache\ndef f(): return 1", "f()"),
    "dunder": ("", "[__name__]"),
    "int sep": ("", "1_000 + 0x1f + 0o7 + 0b1"),
    "concat": ("", '"a" "b" f"{1}"'),
    "starred list": ("X=[1,2]", "[*X, *'ab', *range(2), *{'k': 1}]"),
    "dict star": ("X={'a':1}", "{**X, 'b': 2, **{'a': 3}}"),
    "bool op": ("", "[0 or 'a', 1 and 'b', None or 0]"),
    "str cmp": ("", "['a' < 'b', 'a' in 'abc', [1,2] < [1,3]]"),
    "round": ("", "[round(2.5), round(3.14159, 2), abs(-2), int('7'), float('1e3'), int('ff', 16), bool('')]"),
    "str m": (
        "",
        "['a,b'.split(','), 'x'.center(5, '*'), 'A b'.title(), 'abc'.removeprefix('a'), 'a-b'.partition('-'), ' x '.strip(), 'a'.zfill(3), 'ab'.find('b'), 'x=y'.replace('=', ':')]",
    ),
    "format_map": ("", "'{a}'.format_map({'a': 1})"),
    "enumerate": ("", "[(i, x) for i, x in enumerate('ab', start=1)]"),
    "zip3": ("", "list(zip('ab', [1,2], strict=True))"),
    "rev": ("", "list(reversed([1,2])) + [min(1,2), max([3,4]), sum([1,2], 3)]"),
    "any": ("", "[any(x > 1 for x in [1,2]), all([1, 0])]"),
    "next": ("", "next(x for x in [1,2,3] if x > 1)"),
    "iter": ("", "list(iter([1,2]))"),
    "typing alias": ("import typing as t", "t.TYPE_CHECKING"),
    "dict.items loop": ("D={'a':{'x':1}}", "[f'{k}{v[\"x\"]}' for k, v in D.items()]"),
    "sorted items": ("D={'b':1,'a':2}", "dict(sorted(D.items()))"),
    "tuple idx": ("T=(('a',1),('b',2))", "dict(T)['b']"),
    "complex": ("", "(1+2j).real"),
    "big": ("", "10**100 % 7"),
    "cond func": ("import sys\nif True:\n    def f(): return 1\nelse:\n    def f(): return 2", "f()"),
    "local shadow": ("X=1\ndef f():\n    X = 2\n    return X", "f() + X"),
    "funcglobal in loop": ("def f(x):\n    return x + Y\nY = 3", "f(1)"),
    "comp class": ("class C:\n    A = [1,2]\n    B = [x for x in A]", "C.B"),
    "comp class2": ("x = 7\nclass C:\n    x = 1\n    B = [x for _ in range(1)]", "C.B"),
    "name mangled": ("class C:\n    __X = 1\n    Y = __X", "C.Y"),
    "descr": ("class C:\n    @property\n    def X(self): return 1\n    Y = 2", "C.Y"),
    "__getattr__": ("def __getattr__(n): return 5\nX = 1", "X"),
}
SEEN_MODULES = {
    "loop": MAKE + "for x in ['a','b']:\n    make(x)\n",
    "kw": MAKE + "make(n='a', group='h', tags=['x'])\nmake('b', owners=['o'])\n",
    "ret": MAKE + "a = make('a')\nb = make('b')\n",
    "dictitems": MAKE + "for n, c in {'a': {'group': 'x'}, 'b': {}}.items():\n    make(n, **c)\n",
    "zip": MAKE + "for n, (g, t) in zip('ab', [('x', 1), ('y', 2)]):\n    make(n, g, meta={'t': t})\n",
    "nested": MAKE
    + "for i in range(2):\n    for j in 'ab':\n        if j == 'b' and i == 1:\n            continue\n        make(f'{j}{i}')\n",
    "globals": MAKE + "for n in 'ab':\n    globals()[f'as_{n}'] = make(n)\n",
    "star": MAKE + "for args in [('a', 'g1'), ('b', 'g2')]:\n    make(*args)\n",
    "dc loop": "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass S:\n    name: str\n    group: str = 'd'\n"
    + MAKE
    + "for s in [S('a'), S('b', group='q')]:\n    make(s.name, group=s.group)\n",
    "nt loop": "from typing import NamedTuple\nclass S(NamedTuple):\n    name: str\n    group: str = 'd'\n"
    + MAKE
    + "for s in [S('a'), S('b', group='q')]:\n    make(s.name, group=s.group)\nfor n, g in [S('c')]:\n    make(n, g)\n",
    "enum loop": "from enum import StrEnum\nclass R(StrEnum):\n    EU = 'eu'\n    US = 'us'\n"
    + MAKE
    + "for r in R:\n    make(f'x_{r}', group=r.value)\n",
    "factory of factory": "def outer(prefix):\n    def inner(n):\n        @asset(name=prefix + n)\n        def f(): ...\n        return f\n    return inner\nmk = outer('p_')\nmk('a')\nmk('b')\n",
    "rebind after": "def make(n):\n    g = 'a'\n    @asset(name=n, group=g)\n    def f(): ...\n    g = 'b'\nmake('x')\n",
    "aug local": "def make(n):\n    g = 'a'\n    g += 'b'\n    @asset(name=n, group=g)\n    def f(): ...\nmake('x')\n",
    "default closure": "for n in ['a', 'b']:\n    @asset(name=n)\n    def f(k: str = n): ...\n",
    "loop counter": "i = 0\nfor n in 'ab':\n    i += 1\n    @asset(name=f'x{i}')\n    def f(): ...\n",
    "enum counter": "for i, n in enumerate('ab'):\n    name = f'{n}{i}'\n    @asset(name=name)\n    def f(): ...\n",
    "loop tmp": "for n in 'ab':\n    up = n * 2\n    @asset(name=up)\n    def f(): ...\n",
    "list comp": MAKE + "xs = [make(n) for n in 'ab']\n",
    "dict comp": MAKE + "xs = {n: make(n) for n in 'ab'}\n",
    "tuple of": MAKE + "a, b = make('a'), make('b')\n",
    "genexp list": MAKE + "xs = list(make(n) for n in 'ab')\n",
    "cond expr": MAKE + "x = make('a') if True else make('b')\n",
    "func if": "def make(n, big=False):\n    if big:\n        @asset(name=n, group='big')\n        def f(): ...\n    else:\n        @asset(name=n)\n        def f(): ...\n    return f\nmake('a'); make('b', big=True)\n",
    "early return": "def make(n):\n    if n == 'a':\n        return None\n    @asset(name=n)\n    def f(): ...\nmake('a'); make('b')\n",
    "inner loop": "def make(names):\n    for n in names:\n        @asset(name=n)\n        def f(): ...\nmake(['a','b'])\n",
    "wraps under": "import functools\ndef log(f):\n    @functools.wraps(f)\n    def w(*a, **k): return f(*a, **k)\n    return w\n@asset\n@log\ndef a(): ...\n",
    "wraps above": "import functools\ndef log(f):\n    @functools.wraps(f)\n    def w(*a, **k): return f(*a, **k)\n    return w\n@log\n@asset\ndef a(): ...\n",
    "nowraps above": "def log(f):\n    def w(*a, **k): return f(*a, **k)\n    return w\n@log\n@asset\ndef a(): ...\n",
    "wraps param": "import functools\ndef log(level):\n    def deco(f):\n        @functools.wraps(f)\n        def w(*a, **k): return f(*a, **k)\n        return w\n    return deco\n@asset\n@log(3)\ndef a(): ...\n",
    "lru above": "import functools\n@functools.lru_cache\n@asset\ndef a(): ...\n",
    "ident deco": "def same(f): return f\n@asset\n@same\ndef a(): ...\n",
    "drop deco": "def drop(f): return None\n@drop\n@asset\ndef a(): ...\n",
    "typing only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    @asset\n    def a(): ...\n@asset\ndef b(): ...\n",
    "version": "import sys\nif sys.version_info >= (3, 11):\n    @asset\n    def a(): ...\nelse:\n    @asset\n    def b(): ...\n",
    "main": "@asset\ndef a(): ...\nif __name__ == '__main__':\n    make()\n",
    "name ne": "@asset\ndef a(): ...\nif __name__ != '__main__':\n    @asset\n    def b(): ...\n",
    "type_checking not": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    @asset\n    def a(): ...\n",
    "with": "import contextlib\nwith contextlib.suppress(ValueError):\n    @asset\n    def a(): ...\n",
    "raise": "import sys\n@asset\ndef a(): ...\nif False:\n    raise ValueError\n",
    "return default": "def make(n, *, retries=2):\n    @asset(name=n, retries=retries)\n    def f(limit: int = retries): ...\n    return f\nmake('a'); make('b', retries=5)\n",
    "assert": "assert True\n@asset\ndef a(): ...\n",
    "job loop": "from flowstone import Job\n@asset\ndef a(): ...\nfor n in ['x','y']:\n    Job(f'j_{n}', select='a')\n",
    "deps": MAKE
    + "prev = None\nfor n in 'abc':\n    make(n, depends_on=[] if prev is None else [prev])\n    prev = n\n",
    "loop prev": "prev = 'z'\nfor n in 'abc':\n    @asset(name=n, group=prev)\n    def f(): ...\n    prev = n\n",
    "loop cont": "for n in range(6):\n    if n % 2:\n        continue\n    if n > 3:\n        break\n    @asset(name=f'n{n}')\n    def f(): ...\nelse:\n    @asset\n    def never(): ...\n",
    "loop walrus": "for n in 'ab':\n    if (m := n * 2) == 'aa':\n        @asset(name=m)\n        def f(): ...\n",
    "import in factory": "def make(n):\n    from datetime import timedelta\n    @asset(name=n, timeout=timedelta(seconds=5))\n    def f(): ...\nmake('a')\n",
    "del local": "def make(n):\n    g = n\n    del g\n    g = 'r'\n    @asset(name=g)\n    def f(): ...\nmake('a')\n",
    "comp leak": "def make():\n    x = 'o'\n    y = [x for x in 'ab']\n    @asset(name=x)\n    def f(): ...\nmake()\n",
}
SEEN_PROJECTS: dict[str, dict[str, str]] = {
    "reexport": {
        "p/__init__.py": "from p.c import X, make\n",
        "p/c.py": HEAD + "X='x'\n" + MAKE,
        "m.py": HEAD + "from p import X, make\nmake(X)\n",
    },
    "reexport as": {
        "p/__init__.py": "from .c import X as Y\nfrom . import c\n",
        "p/c.py": "X='x'\n",
        "m.py": HEAD + "import p\n@asset(name=p.Y + p.c.X)\ndef a(): ...\n",
    },
    "star all": {
        "c.py": "__all__ = ['X']\nX = 'x'\nY = 'y'\n",
        "m.py": HEAD + "Y = 'mine'\nfrom c import *\n@asset(name=X + Y)\ndef a(): ...\n",
    },
    "star all concat": {
        "c.py": "__all__ = ['X'] + ['Y']\nX = 'x'\nY = 'y'\n_Z=1\n",
        "m.py": HEAD + "Y = 'mine'\nfrom c import *\n@asset(name=X + Y)\ndef a(): ...\n",
    },
    "star shadow": {"c.py": "X = 'x'\n", "m.py": HEAD + "X = 'mine'\nfrom c import *\n@asset(name=X)\ndef a(): ...\n"},
    "star order": {"c.py": "X = 'x'\n", "m.py": HEAD + "from c import *\nX = 'mine'\n@asset(name=X)\ndef a(): ...\n"},
    "star two": {
        "c.py": "X = 'x'\n",
        "d.py": "X = 'y'\n",
        "m.py": HEAD + "from c import *\nfrom d import *\n@asset(name=X)\ndef a(): ...\n",
    },
    "star priv": {
        "c.py": "_X = 'x'\nX='q'\n",
        "m.py": HEAD + "_X = 'm'\nfrom c import *\n@asset(name=_X+X)\ndef a(): ...\n",
    },
    "star chain": {
        "b.py": "X = 'x'\n",
        "c.py": "from b import *\n",
        "m.py": HEAD + "from c import *\n@asset(name=X)\ndef a(): ...\n",
    },
    "star sub": {
        "p/__init__.py": "from .c import *\n",
        "p/c.py": "__all__=['X']\nX = 'x'\n",
        "m.py": HEAD + "from p import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "all computed": {
        "c.py": "X='x'\n_Y='y'\n__all__ = [n for n in ['X', '_Y']]\n",
        "m.py": HEAD + "from c import *\n@asset(name=X+_Y)\ndef a(): ...\n",
    },
    "all aug": {
        "c.py": "X='x'\n_Y='y'\n__all__ = ['X']\n__all__ += ['_Y']\n",
        "m.py": HEAD + "from c import *\n@asset(name=X+_Y)\ndef a(): ...\n",
    },
    "ns": {
        "ns/a/c.py": "X='x'\n",
        "m.py": HEAD + "from ns.a.c import X\nimport ns.a.c as q\n@asset(name=X+q.X)\ndef a(): ...\n",
    },
    "ns2": {"ns/a/c.py": "X='x'\n", "m.py": HEAD + "from ns.a import c\n@asset(name=c.X)\ndef a(): ...\n"},
    "rel": {
        "p/__init__.py": "",
        "p/c.py": "X='x'\n",
        "p/q/__init__.py": "",
        "p/q/m.py": HEAD
        + "from ..c import X\nfrom .. import c\nfrom . import r\n@asset(name=X+c.X+r.Y)\ndef a(): ...\n",
        "p/q/r.py": "Y='y'\n",
    },
    "submodule attr": {
        "p/__init__.py": "",
        "p/c.py": "X='x'\n",
        "m.py": HEAD + "import p.c\n@asset(name=p.c.X)\ndef a(): ...\n",
    },
    "circular": {
        "a1.py": "import b1\nX='x'\n",
        "b1.py": HEAD + "import a1\nY = 'y'\n",
        "m.py": HEAD + "from a1 import X\nfrom b1 import Y\n@asset(name=X+Y)\ndef a(): ...\n",
    },
    "init shadows sub": {
        "p/__init__.py": "c = 'val'\n",
        "p/c.py": "X='x'\n",
        "m.py": HEAD + "from p import c\n@asset(name=c)\ndef a(): ...\n",
    },
    "init imported sub": {
        "p/__init__.py": "import p.c\nc = 'val'\n",
        "p/c.py": "X='x'\n",
        "m.py": HEAD + "from p import c\n@asset(name=c)\ndef a(): ...\n",
    },
    "factory other": {"f.py": HEAD + MAKE, "m.py": "import f\nfor n in 'ab':\n    f.make(n)\n"},
    "factory other const": {
        "f.py": HEAD + "G='gg'\ndef make(n, g=G):\n    @asset(name=n+G, group=g)\n    def x(): ...\n",
        "m.py": "from f import make as mk\nG='no'\nmk('a')\nmk('b', g=G)\n",
    },
    "factory pkg": {"p/__init__.py": "", "p/f.py": HEAD + MAKE, "p/m.py": "from .f import make\nmake('a')\n"},
    "wraps other": {
        "d.py": "import functools\ndef log(f):\n    @functools.wraps(f)\n    def w(*a, **k): return f(*a, **k)\n    return w\n",
        "m.py": HEAD + "from d import log\n@asset\n@log\ndef a(): ...\n",
    },
    "flow alias": {
        "c.py": "import flowstone as fs\nfrom flowstone import asset as node\n",
        "m.py": "from c import fs, node\n@fs.asset\ndef a(): ...\n@node(name='q')\ndef b(): ...\n",
    },
    "flow star": {"m.py": "from flowstone import *\n@asset\ndef a(): ...\n"},
    "dunder init": {"p/__init__.py": HEAD + "@asset\ndef a(): ...\n"},
    "try both": {
        "c.py": "X='x'\n",
        "d.py": "X='y'\n",
        "m.py": HEAD
        + "try:\n    from c import X\nexcept ImportError:\n    from d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "try missing2": {
        "d.py": "X='y'\n",
        "m.py": HEAD
        + "try:\n    from d import Q as X\nexcept ImportError:\n    from d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "cond import": {
        "c.py": "X='x'\n",
        "d.py": "X='y'\n",
        "m.py": HEAD
        + "import sys\nif sys.version_info >= (3, 5):\n    from c import X\nelse:\n    from d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "cond import2": {
        "c.py": "X='x'\n",
        "d.py": "X='y'\n",
        "m.py": HEAD
        + "U = False\nif U:\n    from c import X\nelse:\n    from d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "import twice": {
        "c.py": "X='x'\n",
        "d.py": "X='y'\n",
        "m.py": HEAD + "from c import X\nfrom d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "func import": {
        "c.py": "X='x'\n",
        "m.py": HEAD + "def make():\n    from c import X\n    @asset(name=X)\n    def a(): ...\nmake()\n",
    },
    "loop import": {
        "c.py": "X='x'\n",
        "m.py": HEAD + "for i in range(1):\n    from c import X\n    @asset(name=X)\n    def a(): ...\n",
    },
    "module alias": {"c.py": "X='x'\n", "m.py": HEAD + "import c\ncc = c\n@asset(name=cc.X)\ndef a(): ...\n"},
    "getattr mod": {"c.py": "X='x'\n", "m.py": HEAD + "import c\n@asset(name=getattr(c, 'X'))\ndef a(): ...\n"},
    "name attr": {
        "c.py": "N = __name__\n",
        "m.py": HEAD + "from c import N\nimport c\n@asset(name=N + __name__ + c.__name__)\ndef a(): ...\n",
    },
    "enum other": {
        "c.py": "from enum import Enum\nclass E(Enum):\n    A = 'q'\n",
        "m.py": HEAD + "import c\n@asset(name=c.E.A.value)\ndef a(): ...\n",
    },
    "dc other": {
        "c.py": "from dataclasses import dataclass\nD = 'dd'\n@dataclass(frozen=True)\nclass S:\n    n: str = D\n",
        "m.py": HEAD + "import c\nD = 'no'\n@asset(name=c.S().n)\ndef a(): ...\n",
    },
}
REFUSED_EXPRESSIONS = {
    "aug": ("X = 1\nX += 1", "X"),
    "append": ("X = []\nfor i in range(3):\n    X.append(i)", "X"),
    "subscript set": ("X = {}\nX['a'] = 1", "X"),
    "nested mutated": ("X = (['a'],)\nX[0].append('b')", "X"),
    "alias mutated": ("X = ['a']\nY = X\nY.append('b')", "X"),
    "loop mutated": ("X = [{'a':1}]\nfor c in X:\n    c['b'] = 2", "X"),
    "loop mutated2": ("X = {'k':{'a':1}}\nfor n, c in X.items():\n    c.setdefault('b', 2)", "X"),
    "attr mutated": ("class C:\n    X = ['a']\nC.X.append('b')", "C.X"),
    "class attr set": ("class C:\n    X = 1\nC.X = 2", "C.X"),
    "class if": ("class C:\n    X = 1\n    if True:\n        X = 2", "C.X"),
    "class aug": ("class C:\n    X = 1\n    X += 2", "C.X"),
    "enum auto after": (
        "from enum import Enum, auto\nclass E(Enum):\n    A = 5\n    B = 2\n    C = auto()",
        "E.C.value",
    ),
    "enum int conv": ("from enum import IntEnum\nclass E(IntEnum):\n    A = '1'\n", "E.A.value"),
    "enum new2": (
        "from enum import Enum\nclass E(Enum):\n    A = (1, 'x')\n    def __new__(cls, n, l):\n        o = object.__new__(cls); o._value_ = n; return o",
        "E.A.value",
    ),
    "enum if": (
        "from enum import Enum\nclass E(Enum):\n    A = 'x'\n    if True:\n        B = 'y'\n",
        "[m.value for m in E]",
    ),
    "enum tuple": ("from enum import Enum\nclass E(Enum):\n    A, B = 1, 2\n", "[m.value for m in E]"),
    "enum ignore": (
        "from enum import Enum\nclass E(Enum):\n    _ignore_ = ['x']\n    x = 3\n    A = 1\n",
        "[m.value for m in E]",
    ),
    "dc not frozen": ("from dataclasses import dataclass\n@dataclass\nclass D:\n    x: int = 3\nd = D()", "d.x"),
    "dc replace": (
        "from dataclasses import dataclass, replace\n@dataclass(frozen=True)\nclass D:\n    x: int = 3\nd = replace(D(), x=4)",
        "d.x",
    ),
    "dc asdict": (
        "from dataclasses import dataclass, asdict\n@dataclass(frozen=True)\nclass D:\n    x: int = 3\nd = D()",
        "asdict(d)",
    ),
    "plain obj": ("class D:\n    def __init__(self, x): self.x = x\nd = D(1)", "d.x"),
    "versions3": ("import sys\nX = 1 if sys.version_info >= (3, 13) else 2", "X"),
    "try import": ("try:\n    import foo_not_there as f\n    X = 1\nexcept ImportError:\n    X = 2", "X"),
    "try import3": (
        "try:\n    import foo_not_there\nexcept ImportError:\n    foo_not_there = None",
        "foo_not_there is None",
    ),
    "try const2": ("try:\n    X = int('x')\nexcept ValueError:\n    X = 2", "X"),
    "try else": ("try:\n    X = 1\nexcept ValueError:\n    X = 2\nelse:\n    X = 3", "X"),
    "del": ("X = 1\ndel X\nX = 2", "X"),
    "forelse": ("for X in [1,2]:\n    pass\nelse:\n    Y = 3", "Y"),
    "loop var after": ("for X in [1,2]:\n    pass", "X"),
    "order": ("X = 1\n@asset(name='b', meta={'v': X})\ndef b(): ...\nX = 2", "1"),
    "while": ("X = 0\nwhile X < 3:\n    X += 1", "X"),
    "match": ("X = 1\nmatch X:\n    case 1:\n        Y = 'a'\n    case _:\n        Y = 'b'", "Y"),
    "path2": ("from pathlib import Path\nP = Path(__file__).parent", "str(P)"),
    "decimal": ("from decimal import Decimal", "str(Decimal('1.10'))"),
    "fraction": ("from fractions import Fraction", "str(Fraction(1, 3))"),
    "types ns": ("from types import SimpleNamespace\nN = SimpleNamespace(a=1)", "N.a"),
    "mappingproxy": ("from types import MappingProxyType\nN = MappingProxyType({'a': 1})", "N['a']"),
    "json": ("import json", "json.dumps({'a': 1})"),
    "os.path": ("import os", "os.path.join('a', 'b')"),
    "re": ("import re", "re.sub('a', 'b', 'aa')"),
    "reduce": ("from functools import reduce\nimport operator", "reduce(operator.add, [1,2,3])"),
    "globals": ("globals()['X'] = 3\n", "X"),
    "defaultdict": ("from collections import defaultdict\nX = defaultdict(list)", "X['a']"),
    "callable": ("", "callable(len)"),
    "type": ("", "type(1).__name__"),
    "mut default arg": ("def f(x, acc=[]):\n    acc.append(x)\n    return acc", "[list(f(1)), list(f(2))]"),
    "func mut": ("L=['a']\ndef f(x):\n    x.append('b')\n    return 1\nf(x=L)", "L"),
    "func mut2": ("L=['a']\ndef g(x):\n    x.append('b')\ndef f(x):\n    g(x)\nf(L)", "L"),
    "global func": ("X=['a']\ndef f():\n    X.append('b')\nf()", "X"),
    "global set": ("X=1\ndef f():\n    global X\n    X = 2\nf()", "X"),
    "func redefine": ("def f(): return 1\nold = f\ndef f(): return 2", "f()"),
    "setattr mod": ("import sys\nX = 1\nsetattr(sys.modules[__name__], 'X', 2)", "X"),
    "str fm": (
        "",
        "['{a}-{b}'.format(a=1, b='x'), '{0}{1}'.format('a', 'b'), '{:>4}'.format('x'), '{0[a]}'.format({'a': 1}), '{x.real}'.format(x=3)]",
    ),
    "dictview": (
        "D={'a':1}",
        "[list(D), list(D.keys()), list(D.values()), list(D.items()), 'a' in D.keys(), len(D.items())]",
    ),
    "import in func": ("def f():\n    import json\n    return 1", "f()"),
    "meta attr": ("class M(type):\n    @property\n    def X(cls): return 5\nclass C(metaclass=M):\n    X = 1", "C.X"),
    "init_subclass": ("class B:\n    def __init_subclass__(cls): cls.X = 9\nclass C(B):\n    X = 1", "C.X"),
    "classdeco": ("def deco(c):\n    c.X = 9\n    return c\n@deco\nclass C:\n    X = 1", "C.X"),
}
REFUSED_MODULES = {
    "local mut": "def make(n):\n    opts = {'a': 1}\n    opts['b'] = 2\n    @asset(name=n, meta=opts)\n    def f(): ...\nmake('x')\n",
    "local update": "def make(n, **kw):\n    opts = dict(a=1)\n    opts.update(kw)\n    @asset(name=n, meta=opts)\n    def f(): ...\nmake('x', q=2)\n",
    "local append": "def make(n):\n    tags = ['a']\n    tags.append('b')\n    @asset(name=n, owners=tags)\n    def f(): ...\nmake('x')\n",
    "local alias": "def make(n):\n    tags = ['a']\n    t2 = tags\n    t2.append('b')\n    @asset(name=n, owners=tags)\n    def f(): ...\nmake('x')\n",
    "local nested": "def make(n):\n    opts = {'a': []}\n    opts['a'].append(1)\n    @asset(name=n, meta=opts)\n    def f(): ...\nmake('x')\n",
    "local helper": "def add(x):\n    x.append('b')\ndef make(n):\n    tags = ['a']\n    add(tags)\n    @asset(name=n, owners=tags)\n    def f(): ...\nmake('x')\n",
    "mut after": "def make(n):\n    tags = ['a']\n    @asset(name=n, owners=tags)\n    def f(): ...\n    tags.append('b')\nmake('x')\n",
    "loop then": "for n in 'ab':\n    up = n * 2\n    @asset(name=up)\n    def f(): ...\n@asset(name='z' + up)\ndef g(): ...\n",
    "while": "n = 0\nwhile n < 2:\n    @asset(name=f'x{n}')\n    def f(): ...\n    n += 1\n",
    "map": MAKE + "xs = list(map(make, 'ab'))\n",
    "star call": MAKE + "xs = [*(make(n) for n in 'ab')]\n",
    "apply": "def make(n):\n    def f(): ...\n    return asset(name=n)(f)\nmake('a')\n",
    "apply2": "def f(): ...\ng = asset(f)\n",
    "apply3": "def f(): ...\ng = asset(name='z')(f)\n",
    "preset": "my = asset(group='x')\n@my\ndef a(): ...\n@my\ndef b(): ...\n",
    "partial": "import functools\nmy = functools.partial(asset, group='x')\n@my(name='q')\ndef a(): ...\n",
    "own deco": "def my(**kw):\n    return asset(group='x', **kw)\n@my(name='q')\ndef a(): ...\n",
    "own deco2": "def my(f):\n    return asset(group='x')(f)\n@my\ndef a(): ...\n",
    "own deco3": "import functools\ndef my(f):\n    @asset(name='w_' + f.__name__)\n    @functools.wraps(f)\n    def g(*a, **k): return f(*a, **k)\n    return g\n@my\ndef a(): ...\n",
    "nowraps under": "def log(f):\n    def w(*a, **k): return f(*a, **k)\n    return w\n@asset\n@log\ndef a(): ...\n",
    "ident but not": "def odd(f):\n    if True:\n        def w(): ...\n        return w\n    return f\n@asset\n@odd\ndef a(): ...\n",
    "wraps other": "import functools\ndef other(): ...\ndef odd(f):\n    @functools.wraps(other)\n    def w(): ...\n    return w\n@asset\n@odd\ndef a(): ...\n",
    "rename deco": "def odd(f):\n    f.__name__ = 'zzz'\n    return f\n@asset\n@odd\ndef a(): ...\n",
    "try": "try:\n    import not_there_x\n    @asset\n    def a(): ...\nexcept ImportError:\n    pass\n",
    "try2": "try:\n    import not_there_x\nexcept ImportError:\n    not_there_x = None\nelse:\n    @asset\n    def a(): ...\n",
    "has": "try:\n    import not_there_x\n    HAS = True\nexcept ImportError:\n    HAS = False\nif HAS:\n    @asset\n    def a(): ...\n",
    "with raise": "import contextlib\nwith contextlib.suppress(ValueError):\n    int('x')\n    @asset\n    def a(): ...\n",
    "lambda factory": "mk = lambda n: asset(name=n)(lambda: 1)\nmk('x')\n",
    "method factory": "class M:\n    def __init__(self, p): self.p = p\n    def make(self):\n        @asset(name=self.p)\n        def f(): ...\nM('a').make()\n",
    "static factory": "class M:\n    @staticmethod\n    def make(n):\n        @asset(name=n)\n        def f(): ...\nM.make('a')\n",
    "dc method factory": "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass M:\n    n: str\n    def make(self):\n        @asset(name=self.n)\n        def f(): ...\n        return f\nM('a').make()\n",
    "loop list local": "seen = []\nfor n in 'abc':\n    @asset(name=n, owners=seen)\n    def f(): ...\n    seen.append(n)\n",
    "shadow after loop": "n = 'q'\nfor n in 'ab':\n    @asset(name=n)\n    def f(): ...\n@asset(name='z_' + n)\ndef g(): ...\n",
    "func in loop": "for n in 'ab':\n    def helper(x=n): return x + x\n    @asset(name=helper())\n    def f(): ...\n",
    "class in loop": "for n in 'ab':\n    class K:\n        X = n\n    @asset(name=K.X)\n    def f(): ...\n",
    "nonlocal": "def make():\n    i = 0\n    def nxt():\n        nonlocal i\n        i += 1\n        return i\n    nxt()\n    @asset(name=f'x{i}')\n    def f(): ...\nmake()\n",
    "try in factory": "def make(n):\n    try:\n        g = int('x')\n    except ValueError:\n        g = 5\n    @asset(name=f'{n}{g}')\n    def f(): ...\nmake('a')\n",
    "while in factory": "def make(n):\n    i = 0\n    while i < 3:\n        i += 1\n    @asset(name=f'{n}{i}')\n    def f(): ...\nmake('a')\n",
    "with as": "import contextlib\n@contextlib.contextmanager\ndef cm(): yield 'v'\ndef make():\n    v = 'q'\n    with cm() as v:\n        @asset(name=v)\n        def f(): ...\nmake()\n",
    "match in factory": "def make(n):\n    k = 'a'\n    match n:\n        case 1:\n            k = 'b'\n    @asset(name=k)\n    def f(): ...\nmake(1)\n",
    "redef": "for n in 'ab':\n    @asset(name=n)\n    def f(): ...\n@asset\ndef f(): ...\n",
}
REFUSED_PROJECTS: dict[str, dict[str, str]] = {
    "all append": {
        "c.py": "X='x'\n_Y='y'\n__all__ = ['X']\n__all__.append('_Y')\n",
        "m.py": HEAD + "_Y = 'm'\nfrom c import *\n@asset(name=X+_Y)\ndef a(): ...\n",
    },
    "setattr other": {
        "c.py": "X='x'\n",
        "b.py": "import c\nc.X = 'z'\n",
        "m.py": HEAD + "import b\nfrom c import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "append other": {
        "c.py": "X=['x']\n",
        "b.py": "import c\nc.X.append('z')\n",
        "m.py": HEAD + "import b\nfrom c import X\n@asset(owners=X)\ndef a(): ...\n",
    },
    "append other2": {
        "c.py": "X=['x']\n",
        "b.py": "from c import X\nX.append('z')\n",
        "m.py": HEAD + "import b\nfrom c import X\n@asset(owners=X)\ndef a(): ...\n",
    },
    "try missing": {
        "d.py": "X='y'\n",
        "m.py": HEAD
        + "try:\n    from not_there import X\nexcept ImportError:\n    from d import X\n@asset(name=X)\ndef a(): ...\n",
    },
    "mod lazy": {
        "c.py": "def __getattr__(n): return 'lazy'\n",
        "m.py": HEAD + "from c import X\n@asset(name=X)\ndef a(): ...\n",
    },
}


def files(expressions, modules, projects):
    """Every case as the files of a project."""
    return [
        *(pytest.param({"pipe.py": expression(*case)}, id=name) for name, case in expressions.items()),
        *(pytest.param({"pipe.py": HEAD + text}, id=f"module-{name}") for name, text in modules.items()),
        *(pytest.param(case, id=f"project-{name}") for name, case in projects.items()),
    ]


@pytest.mark.parametrize("case", files(SEEN_EXPRESSIONS, SEEN_MODULES, SEEN_PROJECTS))
def test_what_is_seen_is_what_python_gives(project, case):
    project.write(case)
    seen, ran = see(project.root), run(project.root)
    assert ran.error is None
    assert seen.findings == ()
    assert differences(seen, ran) == []
    assert seen.facts


@pytest.mark.parametrize("case", files(REFUSED_EXPRESSIONS, REFUSED_MODULES, REFUSED_PROJECTS))
def test_what_is_not_seen_is_a_finding(project, case):
    project.write(case)
    ran = run(project.root)
    assert ran.error is None
    findings = see(project.root).findings
    assert findings
    assert all(item.help for item in findings)


def test_the_comparison_notices_differences(project):
    project.write({"pipe.py": HEAD + "@asset(group='a')\ndef a(n=1): ...\n"})
    ran = run(project.root)
    (project.root / "pipe.py").write_text(HEAD + "@asset(group='b')\ndef a(n=1): ...\n@asset\ndef b(): ...\n")
    assert len(differences(see(project.root), ran)) == 2
