"""FS903: a module that works when it is imported."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.project import Project

_ELSEWHERE = "do it inside of the function that needs it, or in a @resource"
_REACHES = {
    "clock": ("looks at the clock", "do it inside of the function, or take ctx.partition"),
    "database": ("asks a database", _ELSEWHERE),
    "engine": ("asks the engine", "make it a config parameter, or read it in a @resource"),
    "environment": ("reads the environment", "make it a config parameter, or read it in a @resource"),
    "files": ("works on files", _ELSEWHERE),
    "input": ("waits for input", "make it a config parameter"),
    "network": ("goes to the network", _ELSEWHERE),
    "process": ("starts a process", _ELSEWHERE),
    "random": ("is random", "draw inside of the function, with a seed"),
    "sleep": ("waits", "leave it out, or do it inside of the function"),
}


def check(subject: Subject) -> Iterator[Finding]:
    facts = [fact for facts in subject.project.bodies.values() for fact in facts if fact.kind == "runs on import"]
    imported = _imported(subject.project) if facts else set()
    for fact in facts:
        if fact.location.file in imported:
            does, advice = _REACHES[fact.reach]
            yield Finding(
                f"{fact.what!r} {does} when the module is imported",
                fact.location,
                help=advice,
                related=() if fact.inside is None else ((fact.inside, "here"),),
            )


def _imported(project: Project) -> set[str]:
    """Paths of the modules that are imported when those with declarations are, these included."""
    found = set(project.sources)
    pending = list(found)
    while pending:
        more = set(project.imports.get(pending.pop(), ())) - found
        found |= more
        pending += more
    return found


RULE = Rule(
    code="FS903",
    name="import-time-work",
    severity=Severity.WARNING,
    summary="A module that holds declarations, or is imported by one, works when it is imported",
    why="Workers import the module for every task, and so do tests and tools. The work is done again each time, also "
    "for assets that do not need it; if it fails, none of the module's assets can run; and what it gives is in no "
    "fingerprint, so that a stored value is reused although it has changed.",
    bad="""\
import requests

from flowstone import asset

RATES = requests.get("https://rates.example.org/latest", timeout=10).json()  # <- here


@asset
def total(amount: float = 1.0) -> float:
    return amount * RATES["EUR"]
""",
    good="""\
import requests

from flowstone import asset


@asset(cache=False)
def rates() -> dict[str, float]:
    return requests.get("https://rates.example.org/latest", timeout=10).json()


@asset
def total(rates: dict[str, float], amount: float = 1.0) -> float:
    return amount * rates["EUR"]
""",
    check=check,
)
