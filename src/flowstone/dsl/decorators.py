"""The decorators: they note the declaration on the function and give the function back.

So a decorated function is called with plain values, pickled and inspected like any other. Nothing is validated here but
the names of keywords: ``flowstone check`` does that without importing the module.

A function made in a loop or a factory cannot be found again by its name. Each declaration is therefore also noted in
the globals of the module in which the function was written, under ``DECLARATIONS``, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar, Unpack, overload

from flowstone.dsl.signals import HANDLERS, Gated, SignalGate
from flowstone.dsl.vocabulary import (
    AssetKeywords,
    CheckKeywords,
    JoinKeywords,
    ResourceKeywords,
    RouteKeywords,
    SensorKeywords,
    UngatedKeywords,
)

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")

ATTRIBUTE = "__flowstone__"
"""Attribute of a decorated function that holds its declaration."""
DECLARATIONS = "__flowstone_declarations__"
"""Name in a module's globals: mapping from (kind, name) to the decorated function."""
HANDLING = "__flowstone_handlers__"
"""Attribute of the function of an asset with a gate: mapping from the name of a decorator to the handler."""


@dataclass(frozen=True)
class Declaration:
    """What a decorator was given."""

    kind: Literal["asset", "resource", "check", "sensor"]
    name: str
    """As in the keyword ``name``, with the namespace in front: ``namespace.name``; else the function's name."""
    keywords: Mapping[str, Any]


def _declare(
    kind: Literal["asset", "resource", "check", "sensor"],
    function: F,
    keywords: Mapping[str, Any],
    known: type,
    word: str | None = None,
) -> F:
    for keyword in keywords:
        if keyword not in known.__annotations__:
            raise TypeError(f"@{word or kind} has no keyword {keyword!r}")
    name = keywords.get("name", function.__name__)
    if namespace := keywords.get("namespace"):
        name = f"{namespace}.{name}"
    setattr(function, ATTRIBUTE, Declaration(kind, name, dict(keywords)))
    function.__globals__.setdefault(DECLARATIONS, {})[kind, name] = function
    return function


@overload
def asset(function: F, /) -> F: ...
@overload
def asset(
    *, signal_gate: SignalGate, **keywords: Unpack[UngatedKeywords]
) -> Callable[[Callable[P, R]], Gated[P, R]]: ...
@overload
def asset(**keywords: Unpack[UngatedKeywords]) -> Callable[[F], F]: ...
def asset(function: Any = None, /, **keywords: Any) -> Any:
    """Declare that a function makes an asset. With ``signal_gate`` it has decorators for its handlers."""
    if function is not None:
        return _declare("asset", function, {}, AssetKeywords)
    declare = _declare_gated if "signal_gate" in keywords else _declare
    return lambda decorated: declare("asset", decorated, keywords, AssetKeywords)


def _declare_gated(kind: Literal["asset"], function: F, keywords: Mapping[str, Any], known: type) -> F:
    handlers: dict[str, Callable[..., Any]] = {}

    def decorator(word: str) -> Callable[[F], F]:
        def declare(handler: F) -> F:
            handlers[word] = handler
            return handler

        return declare

    setattr(function, HANDLING, handlers)
    for word in HANDLERS:
        setattr(function, word, decorator(word))
    return _declare(kind, function, keywords, known)


def route(**keywords: Unpack[RouteKeywords]) -> Callable[[F], F]:
    """Declare that a function chooses which of several assets are made. The choice is stored as an asset's value is."""
    return lambda decorated: _declare("asset", decorated, keywords, RouteKeywords, "route")


def join(**keywords: Unpack[JoinKeywords]) -> Callable[[F], F]:
    """Declare that a function makes an asset from several branches, of which some may have failed."""
    return lambda decorated: _declare("asset", decorated, keywords, JoinKeywords, "join")


@overload
def resource(function: F, /) -> F: ...
@overload
def resource(**keywords: Unpack[ResourceKeywords]) -> Callable[[F], F]: ...
def resource(function: F | None = None, /, **keywords: Unpack[ResourceKeywords]) -> F | Callable[[F], F]:
    """Declare that a function opens a resource. A generator yields it once; what follows the yield closes it."""
    if function is not None:
        return _declare("resource", function, {}, ResourceKeywords)
    return lambda decorated: _declare("resource", decorated, keywords, ResourceKeywords)


@overload
def item_reader(function: F, /) -> F: ...
@overload
def item_reader(**keywords: Unpack[ResourceKeywords]) -> Callable[[F], F]: ...
def item_reader(function: F | None = None, /, **keywords: Unpack[ResourceKeywords]) -> F | Callable[[F], F]:
    """Declare that a generator reads items from outside, one after the other, for assets that scatter over it."""
    if function is not None:
        return _declare("resource", function, {}, ResourceKeywords, "item_reader")
    return lambda decorated: _declare("resource", decorated, keywords, ResourceKeywords, "item_reader")


def check(**keywords: Unpack[CheckKeywords]) -> Callable[[F], F]:
    """Declare that a function checks an asset: it takes the value and returns a bool or a ``CheckResult``."""
    return lambda decorated: _declare("check", decorated, keywords, CheckKeywords)


def sensor(**keywords: Unpack[SensorKeywords]) -> Callable[[F], F]:
    """Declare that a function looks outside again and again, and starts runs of a job for what is new.

    It receives the ``cursor`` that it gave last (None at first), and resources. It returns, or yields, a ``RunRequest``
    for each run, or a ``SensorResult``.
    """
    return lambda decorated: _declare("sensor", decorated, keywords, SensorKeywords)
