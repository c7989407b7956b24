"""Modules made at random: what Python declares when it imports one is what the front end says, or there is a finding."""

# ruff: noqa: E501 - sources of modules are kept in one line where they are short

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.unit.frontend.differential import differences, run, see

HEAD = """\
import contextlib
import sys
from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum, StrEnum, auto
from typing import NamedTuple
from flowstone import asset
"""
MODULE_NAMES = {"T": ["a", "a2"], "N": ["b", "b2"], "L": ["c", "c2"], "D": ["d", "d2"]}
LOCAL_NAMES = {"T": ["p"], "N": ["m"], "L": ["q"], "D": ["r"]}
"""Names by the type of their value: text, number, list of texts, dict of lists of texts."""
ATOMS = {
    "T": ["'x'", "'y z'", "''", "'Zé'"],
    "N": ["0", "1", "3", "-2", "True"],
    "L": ["[]", "['x']", "['u', 'v', 'u']", "'a b c'.split()"],
    "D": ["{}", "{'k': ['x']}", "{'k': ['u', 'v'], 'm': []}"],
}
FORMS = {
    "T": [
        *(
            "{T} + {T}",
            "{T} * 2",
            "{T}.upper()",
            "f'<{{{T}}}|{{{N}:>3}}|{{{T}!r}}>'",
            "'%s-%03d' % ({T}, {N})",
            "str({L})",
        ),
        *("'-'.join({L})", "'{{}}={{}}'.format({T}, {N})", "{T}[1:]", "{T}[::-1]", "{T} if {N} else {T}", "{T} or {T}"),
        *("''.join(k + v[0] for k, v in {D}.items() if v)", "repr({D})", "str({N} == {N})", "max({L}, default={T})"),
        *(
            "next((i for i in {L} if i), {T})",
            "(lambda i, j={T}: i + j)({T})",
            "'x' if {T} in {L} else {T}",
            "{T}.zfill(4)",
        ),
        *(
            "sorted({L}, key=lambda i: i)[-1] if {L} else {T}",
            "f'{{{N} + {N}=}}'",
            "(w := {T}) + w",
            "hex({N})",
            "str({N} and {T})",
        ),
    ],
    "N": [
        *(
            "{N} + {N}",
            "{N} * {N}",
            "len({L})",
            "len({T})",
            "{N} // 3",
            "{N} % 5",
            "-{N}",
            "sum(map(len, {L}))",
            "{T}.count('x')",
        ),
        *(
            "sum(len(v) for v in {D}.values())",
            "int({T} in {L})",
            "max({N}, {N})",
            "{N} if {L} else {N}",
            "abs({N})",
            "len({D})",
        ),
        *("round({N} / 3, 2)", "{N} | 1", "not {L}", "1 < {N} <= 3", "divmod({N}, 3)[1]", "bool({D})", "min([{N}, 2])"),
    ],
    "L": [
        *(
            "{L} + {L}",
            "[*{L}, {T}]",
            "[i + {T} for i in {L}]",
            "sorted({L})",
            "sorted(set({L}))",
            "list(reversed({L}))",
            "{L}[1:]",
        ),
        *(
            "[i for i in {L} if i != {T}]",
            "list({D})",
            "[k for k, v in {D}.items() if v]",
            "list(map(str.upper, {L}))",
            "{L} * 2",
        ),
        *(
            "[f'{{i}}{{j}}' for i in {L} for j in {L}]",
            "[a_ + b_ for a_, b_ in zip({L}, {T})]",
            "{D}.get('k', {L})",
            "list({T})",
        ),
        *(
            "[str(i) for i, _ in enumerate({L}, {N})]",
            "{L} or [{T}]",
            "[*{D}.values()][0] if {D} else {L}",
            "[w for i in {L} if (w := i + 'w')]",
        ),
        *(
            "sorted({L}, key=len, reverse=True)",
            "list(dict.fromkeys({L}))",
            "list(filter(None, {L}))",
            "{T}.split()",
            "[{T}, {T}]",
        ),
    ],
    "D": [
        *(
            "{D} | {D}",
            "{{**{D}, 'n': {L}}}",
            "{{i: [i] for i in {L}}}",
            "dict(zip({L}, [{L}, {L}]))",
            "dict({D}, z={L})",
            "{D}.copy()",
        ),
        *(
            "{{k: v + [k] for k, v in {D}.items()}}",
            "dict(sorted({D}.items()))",
            "{{{T}: {L}, 'k': {L}}}",
            "{{'k': {L}}}",
        ),
    ],
}


def expressions(kind, names, depth=2):
    """Expressions of a type, over some names."""
    atoms = st.sampled_from([*ATOMS[kind], *names[kind], *names[kind]])
    if depth == 0:
        return atoms
    return st.one_of(atoms, st.sampled_from(FORMS[kind]).flatmap(lambda form: filled(form, names, depth - 1)))


@st.composite
def filled(draw, form, names, depth):
    """A form with an expression in each of its holes."""
    parts = {kind: draw(expressions(kind, names, depth)) for kind in "TNLD" if f"{{{kind}" in form}
    return f"({form.format(**{kind: Always(text) for kind, text in parts.items()})})"


class Always(str):
    """A text that is the same under every format spec: that belongs to the form."""

    def __format__(self, spec):
        return f"{self}:{spec}" if spec else str(self)


@st.composite
def statements(draw, names, kinds):
    """A statement over some names: <T> is an expression, <t> a name of this type."""
    text = draw(st.sampled_from(kinds))
    for kind in "TNLD":
        while f"<{kind}>" in text:
            text = text.replace(f"<{kind}>", draw(expressions(kind, names)), 1)
        text = text.replace(f"<{kind.lower()}>", draw(st.sampled_from(names[kind])))
    return text


SIMPLE = [
    "<t> = <T>",
    "<n> = <N>",
    "<l> = <L>",
    "<d> = <D>",
    "<t>, <n> = <T>, <N>",
    "<t>, *<l> = <T>, *<L>",
    "<l> = <d>['k'] = <L>",
]
SIMPLE += [
    "<t> += <T>",
    "<n> += <N>",
    "<l> += <L>",
    "<l>.append(<T>)",
    "<d>['k'] = <L>",
    "<d>.setdefault('k', <L>).append(<T>)",
]
SIMPLE += [
    "if <N>:\n    <t> = <T>",
    "if <L>:\n    <l> = <L>\nelse:\n    <l> = [<T>]",
    "for <t> in list(<L>):\n    <l>.append(<t>)",
    "grow(<l>)",
]
SIMPLE += [
    "for <t> in <L>:\n    <n> += 1",
    "for v in <d>.values():\n    v.append(<T>)",
    "<l> = made(<T>)",
    "<n>: int = <N>",
    "pass",
]
SIMPLE += [
    "<d> = {'k': <l>}\n<d>['k'].append('e')",
    "grow(v=<l>)",
    "while <n> > 50:\n    <n> = 0",
    "<l>.sort()",
    "<t> = <n> = 0\n<t> = 'o'",
]
COMPOUND = [
    *SIMPLE,
    "try:\n    import nothing_here\n    <t> = <T>\nexcept ImportError:\n    <t> = <T>",
    "try:\n    import json\n    <t> = <T>\nexcept ImportError:\n    <t> = <T>",
    "with contextlib.suppress(Exception):\n    <l> = <L>",
    "if sys.version_info >= (3, 11):\n    <n> = <N>\nelse:\n    <n> = <N>",
    "if sys.version_info[:2] >= (3, 14):\n    <n> = <N>",
    "class C:\n    x = <L>\n    y = [*x, <T>]\n<l> = C.y",
    "class C:\n    x = <T>\n    if <N>:\n        x = 'o'\n<t> = C.x",
    "class C:\n    x = <L>\nC.x.append('s')\n<l> = C.x",
    "class E(Enum):\n    A = <T>\n    B = <N>\n    C_ = <T>\n<l> = [E.A.value, E.B.name, *[i.name for i in E]]",
    "class E(Enum):\n    A = auto()\n    B = <N>\n    C_ = auto()\n<n> = E.C_.value",
    "class E(StrEnum):\n    A = <T>\n    B = auto()\n<l> = [f'{i}' for i in E]",
    "class E(IntEnum):\n    A = 1\n    B = 5\n<n> = (E.A == <N>) + E.B + len(E(5).name)",
    "class E(Flag):\n    A = auto()\n    B = auto()\n<n> = sum(i.value for i in E)",
    "class X(NamedTuple):\n    x: object\n    y: object = <N>\n<n> = X(<L>).y + X(1, y=2)[1] + len(X(1)._asdict())",
    "@dataclass(frozen=True)\nclass F:\n    x: object\n    y: object = 3\n    def z(self):\n        return [self.x, <T>]\n<l> = F(<T>).z()",
    "@dataclass(frozen=True)\nclass F:\n    x: list = field(default_factory=list)\n<l> = F().x + F(<L>).x",
    "def f(x, y=<N>, *z, w=1, **v):\n    t = [x]\n    if v:\n        return [*v]\n    for i in z:\n        if not i:\n            break\n        y += i\n    return [*t, str(y), str(w)]\n<l> = f(<T>) + f('1', 2, 3, 0, w=4) + f('1', u=2)",
    "def f(x):\n    for i in x:\n        if i:\n            return i\n    return <T>\n<t> = f(<L>)",
    "def f(x):\n    global <t>\n    <t> = x\nf(<T>)",
    "def f(x):\n    x.append(<T>)\n    return x\n<l> = f(<L>)",
    "<n> = [lambda: i for i in range(2)][0]()",
]
DECLARING = [
    "@asset(name='s<i>', meta={'v': [<T>, <N>, <L>, <D>]})\ndef s(n=<N>, t=<T>): ...",
    "for <t> in <L>:\n    @asset(name=f's<i>_{len(<t>)}_{<n>}', meta={'v': [<T>, <N>]})\n    def s(): ...",
    "for <t> in 'uvw':\n    <s>\n    if <t> == 'v':\n        continue\n    @asset(name=f's<i>_{<t>[0]}', meta={'v': [<L>, <t>]})\n    def s(): ...",
    "for i, <t> in enumerate('uvw'):\n    <n> += i\n    @asset(name=f's<i>_{i}', meta={'v': <N>})\n    def s(): ...",
    "def make<i>(p, q=<L>, *, m=<N>, **r):\n    <local>\n    @asset(name=p, meta={'v': [q, <locals>, m]}, owners=q, **r)\n    def s(n=q): ...\n    <local>\n    return s\nmade<i> = make<i>('m<i>')\nfor <t> in 'xy':\n    make<i>(f'm<i>_{<t>}', <L>, group='g')",
    "def make<i>(p, m, q=(), r=None):\n    if m:\n        return None\n    r = {**(r or {})}\n    q = [*q]\n    <local>\n    for n in [p]:\n        @asset(name=n, meta={'v': <locals>})\n        def s(): ...\n[make<i>('c<i>' + n, <N>) for n in 'ab']",
    "def outer<i>(q, r=<D>, m=1):\n    <localq>\n    def inner(p):\n        @asset(name=p, meta={'v': <locals>})\n        def s(): ...\n    return inner\nouter<i>(<L>)('o<i>')",
    "try:\n    <s>\n    @asset(name='t<i>')\n    def s(): ...\nexcept Exception:\n    pass",
]


def indent(text, marker, filling):
    """Put a text in the place of a marker, every line as deep as the marker."""
    before = text[: text.index(marker)].rpartition("\n")[2]
    return text.replace(marker, filling.replace("\n", f"\n{before}"), 1)


@st.composite
def modules(draw):
    """The text of a module: statements, then declarations, then perhaps a statement."""
    lines = [HEAD, "def grow(v):\n    v.append('9')\ndef made(v):\n    w = [v]\n    return w\n"]
    for kind, names in MODULE_NAMES.items():
        lines += [f"{name} = {draw(st.sampled_from(ATOMS[kind]))}\n" for name in names]
    lines += [f"{draw(statements(MODULE_NAMES, COMPOUND))}\n" for _ in range(draw(st.integers(0, 2)))]
    for number in range(draw(st.integers(1, 2))):
        text = draw(st.sampled_from(DECLARING)).replace("<i>", str(number))
        while "<local>" in text:
            text = indent(text, "<local>", draw(statements(LOCAL_NAMES, SIMPLE)))
        if "<localq>" in text:
            names = {**LOCAL_NAMES, "T": ["q[0]"]}
            text = indent(
                text, "<localq>", draw(statements(names, ["q = <L>", "pass", "r = <D>", "q.append('z')", "m += 1"]))
            )
        if "<s>" in text:
            text = indent(text, "<s>", draw(statements(MODULE_NAMES, SIMPLE)))
        text = text.replace("<locals>", "[p, q, r]")
        lines.append(f"{draw(statements(MODULE_NAMES, [text]))}\n")
    lines += [f"{draw(statements(MODULE_NAMES, SIMPLE))}\n" for _ in range(draw(st.integers(0, 1)))]
    return "".join(lines)


def judge(text: str) -> str:
    """What became of a module. Errors: AssertionError if both sides disagree."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "pipe.py").write_text(text)
        seen = see(folder)
        assert all(item.help for item in seen.findings), seen.findings
        ran = run(folder)
        if ran.error is not None:
            return "fails"
        if seen.findings:
            return "refused"
        assert differences(seen, ran) == [], text
        return "seen"
    finally:
        shutil.rmtree(folder)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(text=modules())
def test_the_front_end_sees_what_python_declares(text):
    event(judge(text))
