"""What the evaluator computes with besides Python's own values, and how it refuses.

A symbol stands for something that only exists when the user's code runs. It can be named, never computed with.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

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


class Scope(Struct, frozen=True):
    """Where an expression stands: its module, and what is bound around it within functions and loops."""

    module: Module
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values of loop variables and of names of enclosing functions; ``Unknown`` where they cannot be seen."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Names of the body of a class: its functions and comprehensions do not see them."""
    assigned: dict[str, Any] = field(default_factory=dict)
    """What ``:=`` binds while an expression is evaluated; the scopes of its comprehensions share it."""
    targets: Mapping[str, Any] = field(default_factory=dict)
    """Of the comprehensions around the expression; they are among the values, and hide what ``:=`` binds."""

    def bind(self, values: Mapping[str, Any]) -> Scope:
        """The same place with the targets of a comprehension."""
        return Scope(self.module, {**self.values, **values}, {}, self.assigned, {**self.targets, **values})

    def inside(self, values: Mapping[str, Any]) -> Scope:
        """The same place with further names, as in a function that is called."""
        return Scope(self.module, {**self.values, **self.assigned, **self.targets, **values})


class Unknown(Struct, frozen=True):
    """A local name whose value cannot be seen."""

    span: Span
    """Where it is bound."""
    changed: bool = False
    """The reason is that its value is changed after it was bound."""


class Symbol:
    """Base of what can only be named."""

    __slots__ = ()
    dotted: str


class Reference(Struct, Symbol, frozen=True):
    """Something outside the project, a builtin or a public name of FlowStone."""

    dotted: str


class ModuleValue(Struct, Symbol, frozen=True, eq=False):
    """A module of the project."""

    dotted: str


class FunctionValue(Struct, Symbol, frozen=True, eq=False):
    """A function of the project, with the names around its definition."""

    scope: Scope
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def dotted(self) -> str:  # type: ignore[override]
        return f"{self.scope.module.name}.{self.node.name}"


class ClassValue(Struct, Symbol, frozen=True, eq=False):
    """A class of the project."""

    module: Module
    node: ast.ClassDef

    @property
    def dotted(self) -> str:  # type: ignore[override]
        return f"{self.module.name}.{self.node.name}"


class LambdaValue(Struct, Symbol, frozen=True, eq=False):
    """A ``lambda``, with the names around it."""

    scope: Scope
    node: ast.Lambda
    dotted: str = "lambda"


class TupleClass(Struct, Symbol, frozen=True, eq=False):
    """A class of named tuples."""

    dotted: str
    made: type[tuple[Any, ...]]
    """Python's own class with these fields."""


@dataclasses.dataclass(frozen=True)
class EnumMember(Symbol):
    """A member of an enum of the project that is neither text nor number."""

    dotted: str
    """Of the class."""
    name: str
    value: Any = dataclasses.field(hash=False)
    cls: ClassValue | None = dataclasses.field(default=None, compare=False)


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


@dataclasses.dataclass(frozen=True)
class Instance(Symbol):
    """An instance of a frozen dataclass of the project."""

    dotted: str
    fields: Mapping[str, Any]
    cls: ClassValue = dataclasses.field(compare=False)
    comparable: bool = dataclasses.field(default=True, compare=False)
    """Instances with equal fields are equal."""

    def __hash__(self) -> int:
        return hash(self.dotted)
