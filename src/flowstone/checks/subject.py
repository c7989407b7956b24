"""What rules look at: a project, its configuration, and facts that several rules need, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import ValidationError

from flowstone import registry
from flowstone.checks.compatibility import Compatibility
from flowstone.checks.edges import Edge, edges
from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.vocabulary import STORAGE_KEYWORDS
from flowstone.errors import ConfigurationError
from flowstone.io.contract import IOManager, Options
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.body import BodyFact, FactKind
from flowstone.ir.function import Signature
from flowstone.ir.node import Json, Location
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.ir.types import TypeExpr


class Read(Struct, frozen=True):
    """How an asset is stored, as its IO manager reads it."""

    asset: Asset
    options: Options | ValidationError
    place: str | None
    """Where in the store; None if it is told nowhere, or wrongly."""


ReadOptions = dict[str, Read]
"""By the asset's id."""
Doer = Step | Check | Resource | Sensor
"""What has a function."""


_OF_STORAGE = ("io_manager", "io", "partitioned_by", *STORAGE_KEYWORDS)
"""Keywords that say where and how an asset is stored."""


class Subject(Struct, frozen=True, dict=True):
    """A project under judgement. Nothing in it imports user code or opens a store."""

    project: Project
    texts: Mapping[str, str] = field(default_factory=dict)
    """Of the sources, by path: for fixes."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each configured value stands, by dotted key: ``pyproject.toml:12`` and the like."""
    config_file: str = "flowstone.toml"
    """The configuration file, relative to the project's folder."""
    configured_targets: tuple[str, ...] = ()
    """Targets that the configuration speaks of."""
    complete: bool = True
    """False if the front end refused a part of the project: what is not here may be there."""

    known_options: ReadOptions = field(default_factory=dict)
    """Options that were read before, under the same configuration."""

    def of(self, project: Project) -> Subject:
        """Another project under the same configuration."""
        return replace(self, project=project)

    @property
    def table(self) -> str:
        """What stands before the names of tables in the configuration file."""
        return "tool.flowstone." if self.config_file.endswith("pyproject.toml") else ""

    @cached_property
    def managers(self) -> dict[str, type[IOManager]]:
        """Classes of the configured IO managers by the configured name; unknown types are left out."""
        return {name: found for name, found in self._manager_types.items() if not isinstance(found, ConfigurationError)}

    @cached_property
    def unknown_managers(self) -> dict[str, ConfigurationError]:
        """The configured IO managers whose type cannot be had, with the reason."""
        return {name: found for name, found in self._manager_types.items() if isinstance(found, ConfigurationError)}

    @cached_property
    def _manager_types(self) -> dict[str, type[IOManager] | ConfigurationError]:
        found: dict[str, type[IOManager] | ConfigurationError] = {}
        for name, config in self.project.io_managers.items():
            try:
                found[name] = registry.io_manager_class(config.type)
            except ConfigurationError as error:
                found[name] = error
        return found

    @cached_property
    def options(self) -> dict[str, Options | ValidationError]:
        """Each asset's options as its IO manager reads them, or why it cannot; without assets of unknown managers."""
        return {asset: read.options for asset, read in self.read_options.items()}

    @cached_property
    def read_options(self) -> ReadOptions:
        """The options, the asset that they were read from, and the place that they make."""
        found: ReadOptions = {}
        plain = {name: _options(manager, {}) for name, manager in self.managers.items()}
        for asset, name in self._stored():
            known = self.known_options.get(asset.id)
            if known is None or known.asset is not asset:
                manager, written = self.managers[name], asset.storage.options
                options = _options(manager, written) if written else plain[name]
                known = Read(asset, options, _place(manager, asset, options))
            found[asset.id] = known
        return found

    @cached_property
    def _refusals(self) -> dict[tuple[str, int, int, bool], tuple[str | None, TypeExpr, Options]]:
        """By the identity of type and options, which stand beside the reason so that they live as long."""
        return {}

    def refusal(self, manager: str, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        """Why a configured manager cannot store a value of the type, or load it as the type; None if it can."""
        key = (manager, id(type), id(options), loading)
        found = self._refusals.get(key)
        if found is None:
            reason = self.managers[manager].refuses(type.without_none() if loading else type, options, loading=loading)
            found = self._refusals[key] = (reason, type, options)
        return found[0]

    def _stored(self) -> Iterator[tuple[Asset, str]]:
        for asset in self.project.assets.values():
            if asset.storage.manager in self.managers and not self.is_unknown(asset, *_OF_STORAGE):
                yield asset, asset.storage.manager

    @cached_property
    def opaque_classes(self) -> frozenset[str]:
        """The project's classes whose values are nothing but objects, by full name."""
        return frozenset(name for name, known in self.project.classes.items() if known.opaque)

    def is_unknown(self, asset: Asset, *keywords: str) -> bool:
        """Whether one of these keywords has a finding in the asset's declaration, so that its value is not known."""
        step = self.project.steps.get(asset.step)
        return step is not None and bool(step.unknown) and not set(keywords).isdisjoint(step.unknown)

    @cached_property
    def types(self) -> Compatibility:
        """Judges types in this project."""
        return Compatibility(self.project.classes)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every place where a function reads an asset that exists."""
        return tuple(edges(self.project))

    def signatures(self) -> Iterator[tuple[str, Signature]]:
        """The signatures of all steps, checks, resources and sensors, each with its name."""
        yield from ((step.id, step.signature) for step in self.project.steps.values())
        yield from ((check.name, check.signature) for check in self.project.checks)
        yield from ((resource.name, resource.signature) for resource in self.project.resources.values())
        yield from ((sensor.name, sensor.signature) for sensor in self.project.sensors.values())

    def deeds(
        self, *kinds: FactKind, counts: Callable[[Doer], bool] = lambda _: True, handlers: bool = True
    ) -> Iterator[tuple[BodyFact, Doer]]:
        """What code of functions does, with the function; of one that is declared many times the first that counts.
        Without ``handlers`` what those of gates do is left out.
        """
        project = self.project
        checks = {check.name: check for check in project.checks}
        owners: dict[str, Mapping[str, Doer]] = {
            "asset": project.steps,
            "check": checks,
            "resource": project.resources,
            "sensor": project.sensors,
        }
        seen: set[tuple[FactKind, Location]] = set()
        for fact in (fact for facts in project.bodies.values() for fact in facts if fact.kind in kinds):
            owner = owners[fact.owner_kind].get(fact.owner)
            if fact.handler is not None and not handlers:
                continue
            if owner is not None and (fact.kind, fact.location) not in seen and counts(owner):
                seen.add((fact.kind, fact.location))
                yield fact, owner

    def keyword(self, asset: Asset, *names: str) -> Location:
        """Place of the first of these keywords that the asset's declaration has, else of the asset.

        One of several assets of a function is placed at its ``Output``.
        """
        step = self.project.steps.get(asset.step)
        if step is None or "outputs" in step.keywords:
            return asset.location
        return next((step.keywords[name] for name in names if name in step.keywords), asset.location)

    def is_in_file(self, key: str) -> bool:
        """Whether a configured value stands in a file, and not in the environment or on the command line."""
        return bool(_file_and_line(self.origins.get(key, ""))[0])

    def configured(self, key: str) -> Span:
        """Place of a configured value, of the table that holds it, of its IO manager, or the file's first line."""
        parts = key.split(".")
        around = [".".join(parts[:length]) for length in range(len(parts), 2, -1)]
        for name in (*around, key, ".".join([*parts[:2], "type"])):
            file, line = _file_and_line(self.origins.get(name, ""))
            if file:
                return Span(file, line, 1, line, 1)
        return Span(self.config_file, 1, 1, 1, 1)


def _place(manager: type[IOManager], asset: Asset, options: Options | ValidationError) -> str | None:
    if isinstance(options, ValidationError):
        return None
    try:
        return manager.location(asset.id, options, partitioned=asset.partitions is not None)
    except ValueError:
        return None  # other rules tell


def _options(manager: type[IOManager], written: Mapping[str, Json]) -> Options | ValidationError:
    try:
        return manager.AssetOptions.model_validate(written)
    except ValidationError as error:
        return error


def _file_and_line(origin: str) -> tuple[str, int]:
    """The file and line in an origin such as ``profile prod (pyproject.toml:30)``; ``("", 0)`` if it has none."""
    text = origin.rpartition("(")[2].rstrip(")")
    file, _, line = text.rpartition(":")
    return (file, int(line)) if line.isdecimal() else ("", 0)
