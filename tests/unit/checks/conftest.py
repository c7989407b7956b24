"""Builders of projects by hand: only what a test is about is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flowstone.checks import run_checks
from flowstone.checks.catalog import all_rules, rule
from flowstone.checks.engine import apply
from flowstone.checks.subject import Subject
from flowstone.config import Settings, load_settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend import load
from flowstone.ir.asset import Asset, Check, Resource, Step, Storage
from flowstone.ir.function import ConfigParameter, Dependency, FunctionRef, ResourceUse, Signature
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.types import UNION, ClassInfo, TypeExpr


def place(line: int, column: int = 1, file: str = "pipelines/example.py") -> Location:
    return Location(file=file, line=line, column=column, end_line=line, end_column=column + 3)


def parse_type(text: str) -> TypeExpr:
    """A type from its text form; ``Literal`` takes Python literals."""
    import ast

    def of(node: ast.expr) -> TypeExpr:
        if isinstance(node, ast.BinOp):
            members: list[TypeExpr] = []
            for side in (of(node.left), of(node.right)):
                members.extend(side.members)
            return TypeExpr(name=UNION, args=tuple(members))
        if isinstance(node, ast.Constant):
            return TypeExpr(name="..." if node.value is ... else str(node.value))
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            name = ast.unparse(node.value)
            if name == "Literal":
                return TypeExpr(name=name, values=tuple(ast.literal_eval(item) for item in inner))
            return TypeExpr(name=name, args=tuple(of(item) for item in inner))
        return TypeExpr(name=ast.unparse(node))

    return of(ast.parse(text.replace("?", "Any"), mode="eval").body)


@dataclass
class Builder:
    """A project that grows; each declaration stands on a line of its own."""

    root: Path
    steps: dict[str, Step] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    resources: dict[str, Resource] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    classes: dict[str, ClassInfo] = field(default_factory=dict)
    io_managers: dict[str, IoManagerConfig] = field(
        default_factory=lambda: {
            "local": IoManagerConfig(type="filesystem"),
            "lake": IoManagerConfig(type="parquet"),
            "scratch": IoManagerConfig(type="memory"),
        }
    )
    line: int = 0

    def _next(self) -> int:
        self.line += 1
        return self.line

    def _function(self, name: str) -> FunctionRef:
        return FunctionRef(module="pipelines.example", defined_in="pipelines.example", name=name, key=name)

    def dep(self, asset: str, type: str | None = None, **more: Any) -> Dependency:
        more.setdefault("parameter", asset.rpartition(".")[2])
        annotation = None if type is None else parse_type(type)
        return Dependency(asset=asset, type=annotation, location=place(self.line + 1, 20), **more)

    def asset(self, id: str, *deps: Dependency, type: str | None = "int", **more: Any) -> Builder:
        line = self._next()
        manager, options = more.pop("manager", "local"), more.pop("options", {})
        partitions, outputs = more.pop("partitions", None), more.pop("outputs", {id: id})
        returns = None if type is None else parse_type(type)
        signature = Signature(
            dependencies=deps,
            returns=returns,
            resources=tuple(
                ResourceUse(resource=item, parameter=item, location=place(line, 30)) for item in more.pop("uses", ())
            ),
            config=tuple(
                ConfigParameter(name=key, default=value, location=place(line, 40))
                for key, value in more.pop("config", {}).items()
            ),
        )
        self.steps[id] = Step(
            id=id,
            function=self._function(id),
            signature=signature,
            outputs=outputs,
            partitions=partitions,
            code="sha256:0",
            location=place(line, 5),
            spots=dict.fromkeys(more.pop("keywords", ()), (line, 50, line, 53)),
            **{key: more.pop(key) for key in ("schedule", "engine_options") if key in more},
        )
        for output in outputs.values():
            self.assets[output] = Asset(
                id=output,
                name=output.rpartition(".")[2],
                step=id,
                partitions=partitions,
                storage=Storage(manager=manager, options=options),
                type=returns if len(outputs) == 1 else None,
                location=place(line, 5),
                **more,
            )
        return self

    def job(self, name: str, *steps: str, **more: Any) -> Builder:
        self.jobs[name] = Job(name=name, select=" ".join(steps), steps=steps, location=place(self._next()), **more)
        return self

    def resource(self, name: str, *uses: str) -> Builder:
        line = self._next()
        self.resources[name] = Resource(
            name=name,
            function=self._function(name),
            signature=Signature(
                resources=tuple(ResourceUse(resource=use, parameter=use, location=place(line, 9)) for use in uses)
            ),
            code="sha256:0",
            location=place(line, 5),
        )
        return self

    def check(self, name: str, asset: str, type: str | None = None) -> Builder:
        signature = Signature(dependencies=(self.dep(asset, type),))
        self.checks.append(
            Check(
                name=name,
                asset=asset,
                function=self._function(name),
                signature=signature,
                code="sha256:0",
                location=place(self._next(), 5),
            )
        )
        return self

    @property
    def project(self) -> Project:
        return Project(
            name="example",
            steps=self.steps,
            assets=self.assets,
            checks=tuple(self.checks),
            resources=self.resources,
            jobs=self.jobs,
            classes=self.classes,
            io_managers=self.io_managers,
        )

    def findings(self, *codes: str, **more: Any) -> list[Diagnostic]:
        """What the rules of these codes (default: all that are always on) find."""
        rules = tuple(map(rule, codes)) if codes else tuple(item for item in all_rules() if not item.strict)
        return list(apply(rules, Subject(self.project, **more)))


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    """An empty project to add to."""
    return Builder(tmp_path)


@pytest.fixture
def as_type() -> Callable[[str], TypeExpr]:
    """Reads a type from its text form."""
    return parse_type


def write_project(root: Path, files: Mapping[str, str]) -> Settings:
    """Writes files into a folder and returns its settings."""
    for path, text in {"flowstone.toml": 'sources = ["pipelines"]\n', **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return load_settings(root, environment={})


@pytest.fixture
def find(tmp_path: Path) -> Callable[[Mapping[str, str]], tuple[Diagnostic, ...]]:
    """Writes files and returns everything that a check of them finds."""

    def run(files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        settings = write_project(tmp_path, files)
        return run_checks(load(settings), settings)

    return run


@pytest.fixture
def project_of(tmp_path: Path) -> Callable[[Mapping[str, str]], Project]:
    """Writes files and returns the project that is read from them."""
    return lambda files: load(write_project(tmp_path, files)).project


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[[Mapping[str, str]], Settings]:
    """Writes files and returns the settings of the project that they are."""
    return lambda files: write_project(tmp_path, files)
