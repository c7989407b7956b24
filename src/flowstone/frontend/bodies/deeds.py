"""What the body of an asset does that makes a second run differ from the first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from flowstone.frontend.bodies import state, writes
from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.outside import mentions_outside
from flowstone.frontend.bodies.unstable import Unstable

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Deed(Struct, frozen=True):
    """One such thing."""

    kind: Literal["clock", "random", "writes", "changes"]
    what: str
    """The call without its arguments, or the name that is changed."""
    node: ast.expr
    bound: ast.expr | None = None
    """The value that the module gives to a name that is changed; the call that matters, if ``node`` calls a function of
    the module that has it.
    """


def deeds(function: _Function, module: ModuleNames, unstable: Unstable) -> Iterator[Deed]:
    """What a function does."""
    for source in unstable.values(function):
        yield Deed(source.kind, f"{ast.unparse(source.call.func)}()", source.call, source.inside)
    for call in writes.writes(function, module):
        yield Deed("writes", f"{ast.unparse(call.func)}()", call)
    for name, node in state.changes(function, module):
        yield Deed("changes", name, node, module.assigned.get(name))


def may_do(source: str) -> bool:
    """Whether any function of a module can do such things, by the words in its text. Most cannot."""
    return (
        any(word in source for word in writes.WORDS)
        or any(word in source for word in state.WORDS)
        or "sklearn" in source
        or mentions_outside(source)
    )
