"""Each mistake gives its code at its place."""

# ruff: noqa: E501, ISC004 - sources of projects are kept in one line where they are short

from __future__ import annotations

import sys

import pytest

CASES = {
    # reading
    "syntax error": ("def f(:\n", [("FS001", 1, 7)]),
    "unknown name": ("from flowstone import asset\n@asset(group=GRUOP)\ndef a(): ...\n", [("FS004", 2, 14)]),
    "unknown name of flowstone": ("from flowstone import assett\n", [("FS004", 1, 23)]),
    "unknown attribute of flowstone": ("import flowstone as fs\n@fs.assett\ndef a(): ...\n", [("FS004", 2, 2)]),
    "environment in a declaration": (
        "import os\nfrom flowstone import asset\n@asset(path=os.environ['X'])\ndef a(): ...\n",
        [("FS003", 3, 13)],
    ),
    "call of unknown function": (
        "from flowstone import asset\nfrom settings import path\n@asset(path=path())\ndef a(): ...\n",
        [("FS003", 3, 13)],
    ),
    "value of a type is refused": (
        "from flowstone import asset, Retry\n@asset(retries=Retry(-1))\ndef a(): ...\n",
        [("FS005", 2, 22)],
    ),
    "unused constant is refused too": ("from flowstone import Every\nx = Every('0s')\n", [("FS005", 2, 11)]),
    "keyword of the wrong type": (
        "from flowstone import asset\n@asset(owners='me')\ndef a(): ...\n",
        [("FS005", 2, 15)],
    ),
    "positional argument": ("from flowstone import asset\n@asset('a')\ndef a(): ...\n", [("FS005", 2, 8)]),
    "unknown keyword": ("from flowstone import asset\n@asset(pth='x')\ndef a(): ...\n", [("FS006", 2, 8)]),
    "unknown keyword of a type": ("from flowstone import Last\nx = Last(dyas=3)\n", [("FS006", 2, 10)]),
    "bad timeout": ("from flowstone import asset\n@asset(timeout='3x')\ndef a(): ...\n", [("FS005", 2, 16)]),
    "negative retries": ("from flowstone import asset\n@asset(retries=-1)\ndef a(): ...\n", [("FS005", 2, 16)]),
    "huge value": ("from flowstone import asset\n@asset(path='x' * 10**9)\ndef a(): ...\n", [("FS009", 2, 13)]),
    "constant that needs itself": (
        "from flowstone import asset\nx = y\ny = x\n@asset(path=x)\ndef a(): ...\n",
        [("FS009", 4, 13)],
    ),
    "loop variable in body": (
        "from flowstone import asset\nfor r in ['eu', 'us']:\n    @asset(name=f'a_{r}')\n    def f():\n        return r\n",
        [("FS012", 5, 16)],
    ),
    "condition that cannot be seen": (
        "import os\nfrom flowstone import asset\nif os.environ['X']:\n    @asset\n    def a(): ...\n",
        [("FS003", 3, 4)],
    ),
    "loop that cannot be seen": (
        "import os\nfrom flowstone import asset\nfor x in os.listdir():\n    @asset(name=x)\n    def a(): ...\n",
        [("FS003", 3, 10)],
    ),
    "while loop": (
        "from flowstone import asset\nwhile True:\n    @asset\n    def a(): ...\n",
        [("FS003", 2, 1)],
    ),
    "decorator called on a function": (
        "from flowstone import asset\ndef f(): ...\na = asset(f)\n",
        [("FS003", 3, 5)],
    ),
    "decorator passed around": (
        "import functools\nfrom flowstone import asset\nmine = functools.partial(asset, io_manager='x')\n",
        [("FS003", 3, 26)],
    ),
    "job inside a function": (
        "from flowstone import Job\ndef f():\n    return Job('x')\n",
        [("FS003", 3, 12)],
    ),
    "declaration in an except block": (
        "from flowstone import asset\ntry:\n    import x\nexcept ImportError:\n    @asset\n    def a(): ...\n",
        [("FS003", 6, 5)],
    ),
    "check without an asset": ("from flowstone import check\n@check()\ndef c(): ...\n", [("FS005", 3, 5)]),
    "bare check": ("from flowstone import check\n@check\ndef c(): ...\n", [("FS005", 2, 2)]),
    # definitions
    "function twice": (
        "from flowstone import asset\n@asset(name='x')\ndef a(): ...\n@asset(name='y')\ndef a(): ...\n",
        [("FS101", 5, 5)],
    ),
    "asset twice": (
        "from flowstone import asset\n@asset(name='x')\ndef a(): ...\n@asset(name='x')\ndef b(): ...\n",
        [("FS102", 4, 13)],
    ),
    "asset twice by a loop": (
        "from flowstone import asset\nfor r in 'ab':\n    @asset\n    def a(): ...\n",
        [("FS102", 4, 9)],
    ),
    "job twice": (
        "from flowstone import Job, asset\n@asset\ndef a(): ...\nx = Job('j')\ny = Job('j')\n",
        [("FS103", 5, 5)],
    ),
    "resource twice": (
        "from flowstone import resource\n@resource\ndef a(): ...\n@resource(name='a')\ndef b(): ...\n",
        [("FS104", 4, 16)],
    ),
    "nested": ("from flowstone import asset\ndef f():\n    @asset\n    def a(): ...\n", [("FS105", 4, 9)]),
    "method": ("from flowstone import asset\nclass C:\n    @asset\n    def a(self): ...\n", [("FS105", 4, 9)]),
    "unbound parameter": ("from flowstone import asset\n@asset\ndef a(x): ...\n", [("FS106", 3, 7)]),
    "alias that is no parameter": (
        "from flowstone import asset, Dep\n@asset\ndef a(): ...\n@asset(depends_on=[Dep('a', as_='x')])\ndef b(): ...\n",
        [("FS107", 4, 20)],
    ),
    "dependency twice": (
        "from flowstone import asset\n@asset\ndef a(): ...\n@asset(depends_on=['a', 'a'])\ndef b(): ...\n",
        [("FS107", 4, 25)],
    ),
    "optional_deps of nothing": (
        "from flowstone import asset\n@asset(optional_deps=['x'])\ndef b(): ...\n",
        [("FS107", 2, 23)],
    ),
    "invalid name": ("from flowstone import asset\n@asset(name='a b')\ndef a(): ...\n", [("FS108", 2, 13)]),
    "function with a name of other letters": (
        "from flowstone import asset\n@asset\ndef größe(): ...\n",
        [("FS108", 3, 5)],
    ),
    "invalid namespace": ("from flowstone import asset\n@asset(namespace='a..b')\ndef a(): ...\n", [("FS108", 2, 18)]),
    "group that would be a path": (
        "from flowstone import asset\n@asset(group='../x')\ndef a(): ...\n",
        [("FS108", 2, 14)],
    ),
    "ambiguous": (
        "from flowstone import asset\n@asset(namespace='x')\ndef a(): ...\n@asset(namespace='y', name='a')\ndef a2(): ...\n"
        "@asset\ndef b(a): ...\n",
        [("FS110", 7, 7)],
    ),
    "asset and resource": (
        "from flowstone import asset, resource\n@asset\ndef a(): ...\n@resource(name='a')\ndef r(): ...\n@asset\ndef b(a): ...\n",
        [("FS110", 7, 7)],
    ),
    "star parameters": (
        "from flowstone import asset\n@asset\ndef a(p, /, *args, **kw): ...\n",
        [("FS111", 3, 7), ("FS111", 3, 14), ("FS111", 3, 22)],
    ),
    "check twice": (
        "from flowstone import asset, check\n@asset\ndef a(): ...\n@check(asset='a')\ndef c(a): ...\n"
        "@check(asset='a', name='c')\ndef d(a): ...\n",
        [("FS112", 6, 24)],
    ),
    "check of nothing": ("from flowstone import check\n@check(asset='nope')\ndef c(): ...\n", [("FS113", 2, 14)]),
    # graph and jobs
    "function instead of a name": (
        "from flowstone import Dep, asset\n@asset\ndef a(): ...\n@asset(depends_on=[a])\ndef b(): ...\n"
        "@asset(depends_on=[Dep(a)])\ndef c(): ...\n",
        [("FS005", 4, 19), ("FS005", 6, 24)],
    ),
    "one function under two decorators": (
        "from flowstone import asset\n@asset(name='x')\n@asset(name='y')\ndef a(): ...\n",
        [("FS005", 3, 2)],
    ),
    "word that is bound again": (
        "from flowstone import asset\nasset = None\n@asset\ndef a(): ...\n",
        [("FS003", 3, 2)],
    ),
    "ambiguous upstream": (
        "from flowstone import asset\n@asset(namespace='x')\ndef a(): ...\n@asset(namespace='y', name='a')\ndef a2(): ...\n"
        "@asset(depends_on=['a'])\ndef b(): ...\n",
        [("FS110", 6, 20)],
    ),
    "unknown upstream": (
        "from flowstone import asset\n@asset(depends_on=['ordes'])\ndef a(): ...\n@asset\ndef orders(): ...\n",
        [("FS201", 2, 20)],
    ),
    "selector of nothing": (
        "from flowstone import Job, asset\n@asset\ndef a(): ...\nj = Job('j', select='+b')\n",
        [("FS206", 4, 21)],
    ),
    "schedule twice": (
        "from flowstone import Every, Job, asset\n@asset(schedule=Every('1h'))\ndef a(): ...\nj = Job('j', select='a')\n",
        [("FS005", 2, 17)],
    ),
    "unknown resource": (
        "from flowstone import asset\n@asset(requires=['db'])\ndef a(): ...\n",
        [("FS701", 2, 18)],
    ),
    "keyword twice": (
        "from flowstone import asset\n@asset(name='x', **{'name': 'y'})\ndef a(): ...\n",
        [("FS005", 2, 20)],
    ),
    "half a character": (
        "from flowstone import asset\n@asset(meta={'x': '\\ud800'})\ndef a(x='\\udfff'): ...\n",
        [("FS005", 2, 13), ("FS005", 3, 9)],
    ),
    "enum of itself": (
        "from enum import Enum\nfrom flowstone import asset\nclass E(Enum):\n    X = E.X\n@asset(name=E.X.value)\ndef a(): ...\n",
        [("FS003", 3, 7)],
    ),
    "cached below": (
        "import functools\nfrom flowstone import asset\n@asset\n@functools.cache\ndef a(): ...\n",
        [("FS003", 4, 2)],
    ),
    "config default that is no JSON": (
        "from datetime import date\nfrom flowstone import asset\n@asset\ndef a(x=date(2020, 1, 1)): ...\n",
        [("FS005", 4, 9)],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=list(CASES))
def test_mistake_is_found_at_its_place(project, text, expected):
    assert project.findings(text) == expected


def test_a_call_of_a_factory_that_does_not_fit_has_help(project):
    text = "from flowstone import asset\ndef make(n):\n    @asset(name=n)\n    def f(): ...\nmake()\n"
    (finding,) = project(text).diagnostics
    assert (finding.code, finding.span.line) == ("FS005", 5)
    assert finding.help


def test_half_a_character_in_a_docstring(project):
    """Python refuses it from version 3.13 on."""
    found = project.findings("from flowstone import asset\n@asset\ndef a():\n    '\\ud800'\n")
    assert found == ([("FS001", 1, 1)] if sys.version_info >= (3, 13) else [])
