"""A target in a version, as ``airflow@3.2``: what it cannot do, and how it does the rest."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.registry import TARGETS, target
from flowstone.targets.constructs import uses
from flowstone.targets.contract import Capability, Target
from flowstone.targets.refusals import CODE

_MOST_PLACES = 3
"""Further places of a construct that are named."""


class Lowering(Struct, frozen=True):
    """How one construct that a project uses is lowered."""

    capability: Capability
    places: tuple[Location, ...]
    """Where the project uses it."""


class ChosenTarget(Struct, frozen=True):
    """A target, and the version of its engine that is asked about."""

    target: Target
    version: str
    """Empty if the target has none."""

    @property
    def title(self) -> str:
        """``airflow@3.2``."""
        return f"{self.target.name}@{self.version}" if self.version else self.target.name

    @property
    def newest(self) -> ChosenTarget:
        """The same target in the version that ``compile`` generates code for."""
        return ChosenTarget(self.target, _newest(self.target))

    @property
    def is_generated_for(self) -> bool:
        """Whether ``compile`` generates code for this version."""
        return self.version == self.newest.version

    def capabilities(self) -> tuple[Capability, ...]:
        """How each construct is lowered for the version."""
        return tuple(self._in_version(item) for item in self.target.capabilities)

    def lowerings(self, project: Project) -> tuple[Lowering, ...]:
        """How each construct that the project uses is lowered."""
        used = uses(project)
        return tuple(Lowering(item, used[item.construct]) for item in self.capabilities() if used[item.construct])

    def check(self, project: Project) -> Iterator[Diagnostic]:
        """What the target cannot do, and what this version of it cannot do yet.

        What its capabilities refuse is refused here if it has not told more of it itself.
        """
        told = list(self.target.check(project))
        yield from told
        for lowering in self.lowerings(project):
            if self._is_too_old(lowering.capability.since):
                yield _refusal(self.title, "cannot do this yet", lowering)
            elif lowering.capability.how == "refused" and not told:
                yield _refusal(self.target.name, "cannot do this", lowering)

    def _in_version(self, item: Capability) -> Capability:
        if not self._is_too_old(item.since):
            return item
        return replace(item, how="refused", note=f"from {self.target.name}@{item.since}: {item.note}")

    def _is_too_old(self, since: str) -> bool:
        return _number(self.version) < _number(since)


def choose(text: str) -> ChosenTarget:
    """The target of a text such as ``airflow@3.2``; without a version it is the one that code is generated for.

    Errors: ConfigurationError, with what there is, for an unknown target or version.
    """
    name, at, version = text.partition("@")
    if name not in TARGETS:
        hint = did_you_mean(name, TARGETS) or f"there are: {', '.join(all_targets())}"
        raise ConfigurationError(f"there is no target {name!r}", help=hint)
    chosen: Target = target(name)
    if not at:
        return ChosenTarget(chosen, _newest(chosen))
    fitting = [known for known in chosen.versions if f"{known}.".startswith(f"{version}.")] if version else []
    if not fitting:
        known = ", ".join(f"{name}@{known}" for known in chosen.versions) or f"{name}, without a version"
        raise ConfigurationError(f"{text!r} is no version of a target that is known", help=f"there are: {known}")
    return ChosenTarget(chosen, fitting[-1])


def all_targets() -> list[str]:
    """Every target in every version, as ``choose`` takes them."""
    return [
        title
        for name in sorted(TARGETS)
        for title in ([f"{name}@{version}" for version in target(name).versions] or [name])
    ]


def _newest(chosen: Target) -> str:
    return chosen.versions[-1] if chosen.versions else ""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


def _refusal(title: str, words: str, lowering: Lowering) -> Diagnostic:
    item, (first, *others) = lowering.capability, lowering.places
    more = f", here and in {len(others):,} other place{'s' * (len(others) != 1)}" if others else ""
    return Diagnostic(
        CODE,
        Severity.ERROR,
        f"{title} {words}: {item.construct}{more}",
        _span(first),
        item.note,
        tuple(Related(_span(place), "used here, too") for place in others[:_MOST_PLACES]),
    )


def _span(place: Location) -> Span:
    return Span(**place.model_dump())
