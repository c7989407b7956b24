"""A check that knows the last one finds after any change what a check that knows nothing finds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flowstone.cli.check_run import find
from flowstone.config import load_settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.errors import FlowStoneError
from tests.corpus.reading import CORPUS, Case
from tests.robustness.mutations import broken
from tests.robustness.soak import SOAK

SEEDS = 400 if SOAK else 8
PROJECTS = 8
CHANGES = 5


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_any_change(seed, tmp_path):
    chance = random.Random(f"changes {seed}")
    for number in range(PROJECTS):
        root = tmp_path / str(number)
        case = chance.choice(CORPUS)
        case.write(root)
        for step in range(CHANGES):
            warm, cold = _found(root, use_cache=True), _found(root, use_cache=False)
            assert warm == cold, f"seed {seed}, {case.id}, change {step}"
            _change(root, case, chance)


def _found(root: Path, *, use_cache: bool) -> tuple[Diagnostic, ...] | str:
    try:
        return tuple(find(load_settings(root, environment={}), use_cache=use_cache).diagnostics)
    except FlowStoneError as error:
        return str(error)


def _change(root: Path, case: Case, chance: random.Random) -> None:
    """Break, mend, add, remove or move one file, or change what its neighbours say."""
    path = root / chance.choice(sorted(name for name in case.files if name.endswith(".py")))
    kind = chance.randrange(6)
    if kind == 0 and path.exists():
        path.unlink()
    elif kind == 1:
        path.with_name(f"copy_of_{path.name}").write_bytes(chance.choice(list(case.files.values())))
    elif kind == 2 and path.exists():
        path.rename(path.with_name(f"new_{path.name}"))
    elif kind == 3:
        case.write(root)
    elif path.exists():
        path.write_bytes(broken(path.read_bytes(), chance))
