"""FS703: a secret in plain sight."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.secrets import looks_secret, secrets_in
from flowstone.checks.subject import Subject
from flowstone.ir.function import Signature

_HELP = 'keep it out of the source: configure { env = "NAME" } for an IO manager, or read it in a @resource'


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    for step in project.steps.values():
        yield from _in_signature(step.id, step.signature)
        for engine, options in step.engine_options.items():
            for path in secrets_in(options):
                place = step.keywords.get(engine, step.location)
                yield Finding(f"{step.id!r}: {engine}[{path!r}] looks like a secret", place, help=_HELP)
    for asset in project.assets.values():
        for keyword, values in (("meta", asset.meta), ("io", asset.storage.options)):
            for path in secrets_in(values):
                place = subject.keyword(asset, path.partition(".")[0], keyword)
                yield Finding(f"asset {asset.id!r}: {path!r} in its options looks like a secret", place, help=_HELP)
    for check in project.checks:
        yield from _in_signature(check.name, check.signature)
    for resource in project.resources.values():
        yield from _in_signature(resource.name, resource.signature)
    yield from _in_configuration(subject)


def _in_signature(name: str, signature: Signature) -> Iterator[Finding]:
    for parameter in signature.config:
        if looks_secret(parameter.name, parameter.default):
            yield Finding(
                f"the default of {parameter.name!r} in {name!r} looks like a secret", parameter.location, help=_HELP
            )


def _in_configuration(subject: Subject) -> Iterator[Finding]:
    for name, manager in subject.project.io_managers.items():
        for path in secrets_in(manager.options):
            key = f"io_managers.{name}.{path}"
            yield Finding(f"{key} in the configuration looks like a secret", subject.configured(key), help=_HELP)
    for name, values in subject.project.params.items():
        for path in secrets_in(values):
            key = f"params.{name}.{path}"
            yield Finding(f"{key} in the configuration looks like a secret", subject.configured(key), help=_HELP)


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
    scope="near",
    check=check,
)
