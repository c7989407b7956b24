"""Every mistake of the corpus is found at its line, and nothing else is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from flowstone import registry
from flowstone.checks.engine import find_all
from flowstone.checks.policy import policy
from flowstone.checks.selection import STRICT
from flowstone.config import Settings, load_settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend import load
from flowstone.io.contract import Options
from flowstone.io.memory import MemoryManager
from tests.corpus.reading import CORPUS, Case, Expected

TARGET_RULE = "FS801"


class TableOptions(Options):
    table: str
    batch: int = 1000


class TableManager(MemoryManager):
    """A plug-in of which assets need ``table=``."""

    AssetOptions: ClassVar[type[Options]] = TableOptions


@pytest.fixture(autouse=True)
def plug_in(monkeypatch):
    original = registry.io_manager_class
    monkeypatch.setattr(registry, "io_manager_class", lambda name: TableManager if name == "tables" else original(name))


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_case(case: Case, tmp_path):
    case.write(tmp_path)

    wrong = differences(case, findings(case, load_settings(tmp_path, environment={})))

    if wrong:
        pytest.fail("\n".join([f"{case.title} ({case.kind})", *wrong]), pytrace=False)


def findings(case: Case, settings: Settings) -> tuple[Diagnostic, ...]:
    """What ``check`` shows; with ``--strict`` for the rules that need it, and what the configured targets refuse."""
    loaded = load(settings, fingerprints=False)
    judge = policy(settings, strict=case.code in STRICT)
    targets = [name for name in registry.TARGETS if settings.origins[f"{name}.output"] != "default"]
    refused = [item for name in targets for item in registry.target(name).check(loaded.project)]
    return (*judge.apply(find_all(loaded, settings)), *(refused if case.code == TARGET_RULE else ()))


def differences(case: Case, found: tuple[Diagnostic, ...]) -> list[str]:
    """What is expected and not found, or found and not expected, with its place in the corpus."""
    missing = [item for item in case.expected if not any(fits(item, each) for each in found)]
    surplus = [each for each in found if not any(fits(item, each) for item in case.expected)]
    return [
        *(f"{case.place(item.file, item.line)}: not found: {item.code} {item.words}" for item in missing),
        *(f"{case.place(each.span.file, each.span.line)}: not expected: {each.code} {each}" for each in surplus),
    ]


def fits(expected: Expected, found: Diagnostic) -> bool:
    """Whether a finding is the one that a marker asks for."""
    place = (found.code, found.span.file, found.span.line)
    return place == (expected.code, expected.file, expected.line) and expected.words in f"{found.message} {found.help}"
