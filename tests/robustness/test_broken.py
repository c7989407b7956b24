"""Broken copies of the examples and of the corpus: never a crash, always a result, in bounded time."""

from __future__ import annotations

import random

import pytest

from tests.robustness.examine import TooLongError, examine
from tests.robustness.mutations import broken
from tests.robustness.soak import SOAK
from tests.robustness.subjects import texts

SEEDS = 400 if SOAK else 8
COPIES = 50
TEXTS = texts()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_broken_copies(seed, tmp_path):
    chance = random.Random(seed)
    path, wrong = tmp_path / "pipe.py", []
    for _ in range(COPIES):
        data = broken(chance.choice(TEXTS), chance)
        path.write_bytes(data)
        try:
            examine(path)
        except (Exception, TooLongError) as error:  # noqa: BLE001 - all are told together
            wrong.append((data, repr(error)))

    assert wrong == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_texts_cut_anywhere(seed, tmp_path):
    chance = random.Random(f"cut {seed}")
    path, wrong = tmp_path / "pipe.py", []
    data = chance.choice(TEXTS)
    for end in sorted(chance.sample(range(len(data) + 1), min(COPIES, len(data)))):
        path.write_bytes(data[:end])
        try:
            examine(path)
        except (Exception, TooLongError) as error:  # noqa: BLE001 - all are told together
            wrong.append((data[:end], repr(error)))

    assert wrong == []
