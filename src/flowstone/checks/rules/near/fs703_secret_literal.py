"""FS703: a secret in plain sight."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity, Span
from flowstone.frontend.secrets import Certainty, secrets_in
from flowstone.ir.asset import Asset
from flowstone.ir.node import Location

_CERTAINTIES: dict[str, Certainty] = {"secret": "sure", "likely secret": "likely"}
_HELP = 'keep it out of the source: configure { env = "NAME" } for an IO manager, or read it in a @resource'


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    for name, signature in subject.signatures():
        for parameter in signature.config:
            for path, certainty in secrets_in({parameter.name: parameter.default}):
                yield _finding(f"the default of {path!r} in {name!r}", parameter.location, certainty)
    for step in project.steps.values():
        for engine, options in step.engine_options.items():
            for path, certainty in secrets_in(options):
                yield _finding(f"{step.id!r}: {engine}[{path!r}]", step.keywords.get(engine, step.location), certainty)
    for asset in project.assets.values():
        yield from _in_asset(subject, asset)
    yield from _in_configuration(subject)
    yield from _in_code(subject)


def _in_asset(subject: Subject, asset: Asset) -> Iterator[Finding]:
    for keyword, values in (("meta", asset.meta), ("tags", asset.tags), ("io", asset.storage.options)):
        for path, certainty in secrets_in(values):
            place = subject.keyword(asset, path.partition(".")[0], keyword)
            yield _finding(f"asset {asset.id!r}: {path!r} in its options", place, certainty)


def _in_code(subject: Subject) -> Iterator[Finding]:
    for fact in (fact for facts in subject.project.bodies.values() for fact in facts):
        certainty = _CERTAINTIES.get(fact.kind)
        if certainty is not None:
            what = f"the text that {fact.what!r} is given" if fact.what else "this text"
            yield _finding(what, fact.location, certainty)


def _in_configuration(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    tables = {f"io_managers.{name}": manager.options for name, manager in project.io_managers.items()}
    tables.update({f"params.{name}": values for name, values in project.params.items()})
    for table, values in tables.items():
        for path, certainty in secrets_in(values):
            key = f"{table}.{path}"
            yield _finding(f"{key} in the configuration", subject.configured(key), certainty)


def _finding(what: str, place: Location | Span, certainty: Certainty) -> Finding:
    return Finding(
        f"{what} looks like a secret", place, help=_HELP, severity=None if certainty == "sure" else Severity.WARNING
    )


RULE = Rule(
    code="FS703",
    name="secret-literal",
    summary="A password, token or key is written into the source or the configuration",
    why="It would be in the repository, in the manifest, in generated code and in logs.",
    bad="""\
from flowstone import asset


@asset
def orders(api_token: str = "tk-7f3a9c1e5b") -> list[int]:  # <- here
    return [len(api_token)]
""",
    good="""\
import os

from flowstone import asset, resource


@resource
def client() -> str:
    return os.environ["API_TOKEN"]


@asset
def orders(client: str) -> list[int]:
    return [len(client)]
""",
    check=check,
)
