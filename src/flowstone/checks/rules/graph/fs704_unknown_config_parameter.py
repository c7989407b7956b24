"""FS704: a configured value that no config parameter takes."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean


def check(subject: Subject) -> Iterator[Finding]:
    declared = _declared(subject)
    for owner, values in subject.project.params.items():
        for parameter in values:
            key = f"params.{owner}.{parameter}"
            if not subject.is_in_file(key):
                continue  # a variable of the environment, which may be meant for another project
            if owner not in declared:
                if subject.complete:
                    message = (
                        f"the configuration sets {key}, and there is no asset, check, resource or sensor {owner!r}"
                    )
                    yield Finding(message, subject.configured(key), help=did_you_mean(owner, declared))
            elif parameter not in declared[owner]:
                yield Finding(
                    f"{owner!r} has no config parameter {parameter!r}, which the configuration sets",
                    subject.configured(key),
                    help=did_you_mean(parameter, declared[owner]) or _known(declared[owner]),
                )


def _declared(subject: Subject) -> dict[str, set[str]]:
    project = subject.project
    owners = [(step.id, step.signature) for step in project.steps.values()]
    owners += [(resource.name, resource.signature) for resource in project.resources.values()]
    owners += [(sensor.name, sensor.signature) for sensor in project.sensors.values()]
    owners += [(check.name, check.signature) for check in project.checks]
    found: dict[str, set[str]] = {}
    for name, signature in owners:
        found.setdefault(name, set()).update(parameter.name for parameter in signature.config)
    return found


def _known(parameters: set[str]) -> str:
    return f"it has: {', '.join(sorted(parameters))}" if parameters else "config parameters are those with a default"


RULE = Rule(
    code="FS704",
    name="unknown-config-parameter",
    summary="The configuration sets a config parameter that there is not",
    why="The value would never be used, and the function would run with its default.",
    bad="""\
from flowstone import asset


@asset
def orders(limit: int = 100) -> list[int]:
    return list(range(limit))
""",
    good="""\
from flowstone import asset


@asset
def orders(size: int = 100) -> list[int]:
    return list(range(size))
""",
    check=check,
    config="""\
[params.orders]
size = 5  # <- here
""",
)
