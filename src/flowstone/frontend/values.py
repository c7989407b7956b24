"""What the evaluator computes with besides Python's own values, and how it refuses.

A symbol stands for something that only exists when the user's code runs. It can be named, never computed with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowstone.diagnostics.diagnostic import Span
from flowstone.fixes.source import MakeFix
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module

Node = ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias


class Refusal(Exception):
    """An expression is not a constant, or its value is refused. It never leaves the front end."""

    def __init__(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        help: str | None = None,
        related: Iterable[tuple[Span, str]] = (),
        silent: bool = False,
        fix: MakeFix | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.help = help
        self.related = tuple(related)
        self.silent = silent
        """The cause is a finding already, in a place that is not this one."""
        self.fix = fix

    def note(self, findings: Findings) -> None:
        """Add this refusal to the findings."""
        if not self.silent:
            findings.error(self.code, self.message, self.span, help=self.help, related=self.related, fix=self.fix)


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: its module, and what is bound around it within functions and loops."""

    module: Module
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values of loop variables and of names of enclosing functions; ``Unknown`` where they cannot be seen."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Names of the body of a class: its functions and comprehensions do not see them."""
    assigned: dict[str, Any] = field(default_factory=dict)
    """What ``:=`` binds while an expression is evaluated; the scopes of its comprehensions share it."""

    def bind(self, values: Mapping[str, Any]) -> Scope:
        """The same place with further names, as in a comprehension."""
        return Scope(self.module, {**self.values, **values}, {}, self.assigned)

    def inside(self, values: Mapping[str, Any]) -> Scope:
        """The same place with further names, as in a function that is called."""
        return Scope(self.module, {**self.values, **self.assigned, **values})


@dataclass(frozen=True)
class Unknown:
    """A local name whose value cannot be seen."""

    span: Span
    """Where it is bound."""
    changed: bool = False
    """The reason is that its value is changed after it was bound."""


class Symbol:
    """Base of what can only be named."""

    dotted: str


@dataclass(frozen=True)
class Reference(Symbol):
    """Something outside the project, a builtin or a public name of FlowStone."""

    dotted: str


@dataclass(frozen=True, eq=False)
class ModuleValue(Symbol):
    """A module of the project."""

    dotted: str


@dataclass(frozen=True, eq=False)
class FunctionValue(Symbol):
    """A function of the project, with the names around its definition."""

    scope: Scope
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def dotted(self) -> str:  # type: ignore[override]
        return f"{self.scope.module.name}.{self.node.name}"


@dataclass(frozen=True, eq=False)
class ClassValue(Symbol):
    """A class of the project."""

    module: Module
    node: ast.ClassDef

    @property
    def dotted(self) -> str:  # type: ignore[override]
        return f"{self.module.name}.{self.node.name}"


@dataclass(frozen=True, eq=False)
class LambdaValue(Symbol):
    """A ``lambda``, with the names around it."""

    scope: Scope
    node: ast.Lambda
    dotted: str = "lambda"


@dataclass(frozen=True, eq=False)
class TupleClass(Symbol):
    """A class of named tuples."""

    dotted: str
    made: type[tuple[Any, ...]]
    """Python's own class with these fields."""


@dataclass(frozen=True)
class EnumMember(Symbol):
    """A member of an enum of the project that is neither text nor number."""

    dotted: str
    """Of the class."""
    name: str
    value: Any = field(hash=False)
    cls: ClassValue | None = field(default=None, compare=False)


class TextMember(str):
    """A member of an enum of texts: it is its value, and knows its name."""

    __slots__ = ("cls", "name", "printable")
    cls: ClassValue
    name: str
    printable: bool
    """Whether ``str()`` of it is the value, as in a ``StrEnum``."""

    @property
    def value(self) -> str:
        """The value alone."""
        return str.__str__(self)


class NumberMember(int):
    """A member of an enum of whole numbers: it is its value, and knows its name."""

    cls: ClassValue
    name: str
    printable: bool

    @property
    def value(self) -> int:
        """The value alone."""
        return int(self)


Member = EnumMember | TextMember | NumberMember


@dataclass(frozen=True)
class Instance(Symbol):
    """An instance of a frozen dataclass of the project."""

    dotted: str
    fields: Mapping[str, Any]
    cls: ClassValue = field(compare=False)
    comparable: bool = field(default=True, compare=False)
    """Instances with equal fields are equal."""

    def __hash__(self) -> int:
        return hash(self.dotted)
