"""Whatever Python declares when a module is imported is in the project, or there is a finding."""

from __future__ import annotations

import types

import pytest

from flowstone.dsl.decorators import DECLARATIONS

MODULES = [
    """
from flowstone import asset
def deco(f): return asset(f)
@deco
def a(): ...
""",
    """
from flowstone import asset
mine = asset(name="x")
@mine
def a(): ...
""",
    """
from flowstone import asset
class A:
    asset = asset
    @asset
    def a(self): ...
""",
    """
from flowstone import asset
kinds = {"a": asset}
@kinds["a"]
def a(): ...
""",
    """
from flowstone import asset
[asset(f) for f in []]
""",
    """
from flowstone import asset
import sys
try:
    @asset
    def a(): ...
finally:
    @asset
    def b(): ...
""",
    """
from flowstone import asset
match 1:
    case 1:
        @asset
        def a(): ...
""",
    """
from flowstone import asset
def make():
    def inner():
        @asset
        def a(): ...
        return a
    return inner
make()()
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
    return a
x = {k: make(k) for k in "ab"}
y = list(make(k) for k in "cd")
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
for _ in map(make, ["a", "b"]): pass
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
    return a
r = make("a") or make("b")
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
    return a
str(make("a"))
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
    return a
if make("a"): pass
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
    return a
def main():
    make("q")
if True:
    main()
""",
    """
from flowstone import asset
def outer():
    for n in "ab":
        @asset(name=n)
        def a(): ...
        if n == "a":
            break
outer()
""",
    """
from flowstone import asset
def outer():
    while True:
        @asset(name="x")
        def a(): ...
        break
outer()
""",
    """
import flowstone
f = getattr(flowstone, "asset")
@f
def a(): ...
""",
    """
from importlib import import_module
fs = import_module("flowstone")
@fs.asset
def a(): ...
""",
    """
from flowstone import asset
class Maker:
    def make(self, n):
        @asset(name=n)
        def a(): ...
Maker().make("x")
""",
    """
from flowstone import asset
async def m():
    @asset
    def a(): ...
import asyncio
""",
    """
from flowstone import asset
@asset
def a(): ...
del a
""",
    """
from flowstone import asset
@asset
def a(): ...
a = None
""",
    """
from flowstone import asset
@asset(name="x")
@asset(name="y")
def a(): ...
""",
    """
from flowstone import asset, check
@asset
@check(asset="a")
def a(): ...
""",
    """
from flowstone import asset
lam = asset(lambda: 1)
""",
    """
from flowstone import asset
def make(n):
    @asset(name=n)
    def a(): ...
for n in ["a", "b"]:
    if n == "b": make(n)
    else:
        pass
""",
    """
from flowstone import asset
names = []
for n in ["a", "b"]:
    names.append(n)
for n in names:
    @asset(name=n)
    def f(): ...
""",
    """
from flowstone import asset
def make(n, seen=[]):
    seen.append(n)
    @asset(name=str(len(seen)))
    def a(): ...
make("a"); make("b")
""",
    """
from flowstone import asset
def helper(names):
    names.append("z")
NAMES = ["a"]
helper(NAMES)
for n in NAMES:
    @asset(name=n)
    def f(): ...
""",
    """
from flowstone import asset
i = 0
for n in "ab":
    i += 1
    @asset(name=f"x{i}")
    def f(): ...
""",
    """
from flowstone import asset
x = y = "q"
@asset(name=x + y)
def f(): ...
""",
    """
from flowstone import asset
(x, y) = ("q", "r")
@asset(name=x + y)
def f(): ...
""",
    """
from flowstone import asset
def f(asset):
    @asset
    def g(): ...
f(lambda x: x)
""",
    """
from flowstone import asset
def f(deco):
    @deco
    def g(): ...
f(asset)
""",
    """
from flowstone import asset
def make(n):
    if n == "a":
        return None
    @asset(name=n)
    def a(): ...
make("a")
make("b")
""",
    """
from flowstone import asset
def make(n):
    try:
        @asset(name=n)
        def a(): ...
        return a
    finally:
        pass
make("a")
""",
    """
from flowstone import asset
def make(n):
    with open("/dev/null"):
        @asset(name=n)
        def a(): ...
make("a")
""",
    """
from flowstone import asset
def make(*names, **kw):
    for n in names:
        @asset(name=n, **kw)
        def a(): ...
make("a", "b", group="x")
""",
    """
from flowstone import asset
def make(n):
    global g
    @asset(name=n)
    def g(): ...
make("a")
""",
    """
from flowstone import asset
T = [("a", {"group": "g"}), ("b", {})]
for name, kw in T:
    @asset(name=name, **kw)
    def f(): ...
else:
    @asset
    def last(): ...
""",
    """
from flowstone import asset
if (n := "abc"):
    @asset(name=n)
    def f(): ...
""",
    """
from flowstone import asset
def gen():
    @asset
    def f(): ...
    yield f
list(gen())
""",
    """
from flowstone import asset
def gen():
    @asset
    def f(): ...
    yield f
gen()
""",
    """
from flowstone import asset
import functools
@functools.partial(asset, group="x")
def f() -> int: ...
""",
    """
from flowstone import asset
@[asset][0]
def f() -> int: ...
""",
    """
from flowstone import asset
@(asset if True else print)
def f() -> int: ...
""",
    """
from flowstone import asset
def wrap():
    return asset(group="g")
@wrap()
def f(): ...
""",
]


@pytest.mark.parametrize("text", MODULES)
def test_nothing_is_silently_skipped(project, text):
    loaded = project({"pipe.py": text})
    module = types.ModuleType("pipe")
    exec(compile(text, "pipe.py", "exec"), module.__dict__)
    declared = {name for _, name in module.__dict__.get(DECLARATIONS, {})}
    assert loaded.diagnostics or set(loaded.project.steps) == declared


def test_most_of_these_are_understood(project):
    understood = sum(not project({"pipe.py": text}).diagnostics for text in MODULES)
    assert understood >= len(MODULES) // 4


def test_a_class_is_no_declaration(project):
    assert project.findings("from flowstone import asset\n\n@asset\nclass Numbers: ...\n") == [("FS003", 3, 2)]
