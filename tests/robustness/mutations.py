"""Ways to break a source file."""

from __future__ import annotations

import random


def broken(data: bytes, chance: random.Random) -> bytes:
    """A copy with one to three mutations: something deleted, doubled, flipped, cut or put in."""
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(MUTATIONS)(data, chance)
    return data


def _delete_token(data: bytes, chance: random.Random) -> bytes:
    words = data.split(b" ")
    del words[chance.randrange(len(words))]
    return b" ".join(words)


def _double_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    return b"\n".join([*lines[: place + 1], *lines[place:]])


def _swap_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _flip(data: bytes, chance: random.Random) -> bytes:
    copy = bytearray(data or b" ")
    copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
    return bytes(copy)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _cut_out(data: bytes, chance: random.Random) -> bytes:
    first, second = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[second:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(ODD) + data[place:]


def _replace_name(data: bytes, chance: random.Random) -> bytes:
    return data.replace(*chance.choice(WORDS))


def _recode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-32", "latin-1", "utf-8-sig", "utf-7", "cp037")), "replace")


MUTATIONS = (_delete_token, _double_line, _swap_lines, _flip, _cut, _cut_out, _insert, _replace_name, _recode)
WORDS = (
    (b"def ", b"class "),
    (b"@asset", b"@asset()()"),
    (b"@asset", b"@(lambda f: asset)(asset)"),
    (b"asset", b"flowstone"),
    (b"start=", b"end="),
    (b"return", b"yield"),
    (b"str", b"'"),
    (b"(", b"(*"),
    (b"=", b":="),
    (b"flowstone", b"."),
    (b"pipelines", b"pipelines.sales"),
    (b"list[", b"list[list["),
    (b"-01", b"-31"),
    (b'"', b'f"{'),
)
ODD = (
    b"\x00",
    b"\xff\xfe",
    b"\r",
    b"\x0c",
    b"\\",
    b"\t",
    b'"""',
    b"# coding: utf-16\n",
    b"(" * 300,
    b"\n\n\n" + b" " * 200 + b"x\n",
    b"9" * 5000,
    "\u202e\u00a0\u2028\u017f\U0001d4ea".encode(),
    b"*",
    b"**{}",
    b"lambda: 0",
    b" if 0 else ",
    b"\nfrom . import *\n",
    b"\nimport flowstone.dsl\n",
    b"\nfrom flowstone import *\n",
    b"\nasset = asset\n",
    b"\ndel asset\n",
    b"\nglobal asset\n",
    b"\nfor asset in asset: pass\n",
)
