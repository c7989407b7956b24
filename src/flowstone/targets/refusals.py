"""What several engines refuse for the same reasons, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.ir.asset import Step
from flowstone.ir.job import Job
from flowstone.ir.node import Json, Location
from flowstone.ir.project import Project
from flowstone.ir.reference import ENGINES
from flowstone.ir.run_parameters import config_parameters, parameter_name
from flowstone.registry import io_manager_class
from flowstone.targets.constructs import looks_forward
from flowstone.targets.cron import cron_fields
from flowstone.targets.secrets import references_of, references_of_function

CODE = "FS801"

CONFIGURATION = Span("pyproject.toml", 1, 1, 1, 1)
"""Stands for the configuration, wherever that is: targets do not know."""

Option = tuple[str, Callable[[Json], bool]]
"""What a value must be, in words and as a test."""


class Refusals(Struct, frozen=True):
    """Refusals of one engine."""

    engine: str
    """Its name, as messages begin with it."""
    keyword: str
    """The keyword of ``@asset`` for options that only this engine reads."""
    run_parameter: str
    """What the engine calls a parameter of a run."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """What the mapping ``keyword=`` may hold: options for which there is no other word."""
    own_words: Mapping[str, str] = field(default_factory=dict)
    """Options that have a keyword of ``@asset``, with that."""

    def error(self, message: str, location: Location | None, help: str | None, code: str = CODE) -> Diagnostic:
        """A refusal. What has no place in the source is a matter of the configuration."""
        span = CONFIGURATION if location is None else Span(**location.model_dump())
        return Diagnostic(code, Severity.ERROR, f"{self.engine}: {message}", span, help)

    def memory(self, project: Project, step: Step) -> Iterator[Diagnostic]:
        """Values that another task keeps in its memory."""
        for dependency in step.signature.dependencies:
            producer = project.assets.get(dependency.asset)
            manager = None if producer is None else project.io_managers.get(producer.storage.manager)
            if producer is None or manager is None or io_manager_class(manager.type).traits.durable:
                continue
            yield self.error(
                f"{step.id} reads {producer.id}, which {producer.storage.manager} keeps in the memory of another task",
                dependency.location,
                "store it with an IO manager that other processes can read, such as filesystem",
                "FS312",
            )

    def secrets(self, project: Project, step: Step) -> Iterator[Diagnostic]:
        """References to secrets that another engine looks up."""
        for place, kind in references_of(project, step):
            engine = ENGINES.get(kind)
            if engine is not None and engine != self.keyword:
                yield self.error(
                    f"{step.id} needs the secret of {place} that {kind!r} refers to, which only {engine} looks up",
                    step.keywords.get("io_manager", step.location),
                    "refer to it by { env = ... } or { file = ... }, in a profile of its own for each engine",
                )

    def sensors(self, project: Project) -> Iterator[Diagnostic]:
        """References to secrets that another engine looks up, of sensors and of the resources that they use."""
        for sensor in project.sensors.values():
            for place, kind in references_of_function(project, sensor.name, sensor.signature):
                engine = ENGINES.get(kind)
                if engine is not None and engine != self.keyword:
                    yield self.error(
                        f"sensor {sensor.name} needs the secret of {place} that {kind!r} refers to, which only"
                        f" {engine} looks up",
                        sensor.location,
                        "refer to it by { env = ... } or { file = ... }, in a profile of its own for each engine",
                    )

    def later_partitions(self, project: Project, job: Job) -> Iterator[Diagnostic]:
        """Partitions that only a later run of the same job makes."""
        for step in job.steps:
            for need in project.steps[step].signature.dependencies:
                made_here = need.asset in project.assets and project.assets[need.asset].step in job.steps
                if made_here and looks_forward(need.mapping):
                    yield self.error(
                        f"each run makes one partition of {step}, which reads a later one of {need.asset}, made by the"
                        " same job: it is not there yet",
                        need.location,
                        "make the two by different jobs: runs of the one that reads are then started by hand",
                    )

    def cron(self, job: str, expression: str, location: Location | None) -> Iterator[Diagnostic]:
        """A cron expression with seconds, or with too little."""
        fields = len(cron_fields(expression))
        if fields != 5:
            yield self.error(
                f"job {job}: a cron expression has 5 fields, {expression!r} has {fields}",
                location,
                "leave the seconds out; a shorter distance than a minute is written Every('10s')",
            )

    def parameter_names(self, project: Project, job: Job) -> Iterator[Diagnostic]:
        """Config parameters of a job that would be one and the same parameter of its runs."""
        seen: dict[str, str] = {}
        for step, parameter in config_parameters(project, job.steps):
            name, place = parameter_name(step, parameter.name), f"{step}.{parameter.name}"
            other = seen.setdefault(name, place)
            if other != place:
                yield self.error(
                    f"{place} and {other} would both be the {self.run_parameter} {name}",
                    parameter.location,
                    "rename one of them",
                )

    def step_options(self, step: Step) -> Iterator[Diagnostic]:
        """Options that the engine does not take, or not with this value."""
        location = step.keywords.get(self.keyword, step.location)
        for name, value in step.engine_options.get(self.keyword, {}).items():
            option = f"{step.id}: the option {name!r}"
            if name in self.own_words:
                yield self.error(f"{option} is not set by {self.keyword}=", location, f"use {self.own_words[name]}")
            elif name not in self.options:
                hint = did_you_mean(name, self.options) or f"there are: {', '.join(sorted(self.options))}"
                yield self.error(f"{step.id}: there is no option {name!r} in {self.keyword}=", location, hint)
            elif not self.options[name][1](value):
                shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
                yield self.error(
                    f"{option} in {self.keyword}= must be {self.options[name][0]}, not {shown}", location, None
                )
