"""Projects for targets, made by hand: what the front end would read from a short module."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from flowstone.dsl.schedule import Schedule
from flowstone.ir.asset import Asset, Step, Storage
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, Signature
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.types import TypeExpr

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def place(line: int) -> Location:
    return Location(file="pipeline.py", line=line, column=5, end_line=line, end_column=9)


class _Builder:
    """Collects steps and jobs; ``project`` puts them together."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.assets: dict[str, Asset] = {}
        self.jobs: dict[str, Job] = {}

    def asset(self, id: str, *needs: Any, **keywords: Any) -> None:
        """A step of one asset. A need is an asset's id, or a tuple of it and the fields of a dependency."""
        line = len(self.steps) + 1
        dependencies = []
        for need in needs:
            asset, fields = need if isinstance(need, tuple) else (need, {})
            dependencies.append(Dependency(asset=asset, parameter=asset, location=place(line), **fields))
        config = tuple(
            ConfigParameter(name=name, default=value, type=kind, location=place(line))
            for name, (value, kind) in keywords.pop("config", {}).items()
        )
        shared = {name: keywords.pop(name) for name in ("description", "owners", "tags", "meta") if name in keywords}
        outputs = keywords.pop("outputs", (id,))
        manager = keywords.pop("manager", "files")
        self.steps[id] = Step(
            id=id,
            function=FunctionRef(module="pipeline", defined_in="pipeline", name=id, key=id),
            signature=Signature(dependencies=tuple(dependencies), config=config),
            outputs={output: output for output in outputs},
            code="sha256:" + "0123456789abcdef" * 4,
            location=place(line),
            **keywords,
        )
        for output in outputs:
            self.assets[output] = Asset(
                id=output,
                name=output,
                step=id,
                storage=Storage(manager=manager),
                partitions=keywords.get("partitions"),
                location=place(line),
                **shared,
            )

    def job(self, name: str, *steps: str, schedule: Schedule | None = None, **keywords: Any) -> None:
        """A job of the given steps, or of all."""
        chosen = tuple(steps or self.steps)
        self.jobs[name] = Job(
            name=name, select="*", steps=chosen, schedule=schedule, location=place(100 + len(self.jobs)), **keywords
        )

    def project(self, name: str = "shop", **keywords: Any) -> Project:
        managers = {"files": IoManagerConfig(type="filesystem"), "memory": IoManagerConfig(type="memory")}
        return Project(
            name=name, steps=self.steps, assets=self.assets, jobs=self.jobs, io_managers=managers, **keywords
        )


@pytest.fixture
def build() -> _Builder:
    return _Builder()


@pytest.fixture
def text_type() -> TypeExpr:
    return TypeExpr(name="str")
