"""Values of FlowStone's own types: made by the classes themselves, with errors at the argument that is wrong."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import flowstone
from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.vocabulary import ELSEWHERE
from flowstone.fixes.items import remove_repeated_argument
from flowstone.fixes.literals import quote, wrap
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.frontend.declarations import KINDS
from flowstone.frontend.expected import fits, hints, shown, words
from flowstone.frontend.iteration import first_symbol, is_symbolic
from flowstone.frontend.modules import Module
from flowstone.frontend.values import FunctionValue, Refusal, Symbol

_HIDDEN = "kind"
"""Parameter of many types that only the intermediate representation uses."""
_NOT_VALUES = frozenset({"CheckResult", "Context", "Failure", "PartitionKey", "RunRequest", "SensorResult", "Signal"})
DECLARING = frozenset({*KINDS, "Job"})
"""Public names that declare something."""


class Argument:
    """An evaluated argument of a call."""

    def __init__(self, name: str | None, value: Any, span: Span, name_span: Span) -> None:
        self.name = name
        """None for a positional one."""
        self.value = value
        self.span = span
        self.name_span = name_span


@lru_cache(maxsize=64)
def _parameters(cls: type) -> tuple[inspect.Parameter, ...]:
    return tuple(item for name, item in inspect.signature(cls).parameters.items() if name != _HIDDEN)


def construct(name: str, arguments: Sequence[Argument], call: ast.Call, module: Module) -> Any:
    """An instance of the public type. Errors: Refusal."""
    if name in _NOT_VALUES or name in KINDS:
        raise Refusal("FS003", f"'{name}' cannot be called in a declaration", module.span(call), help=_how(name))
    cls = getattr(flowstone, name)
    placed = _place(cls, arguments)
    for parameter, argument in placed:
        _check_argument(name, cls, parameter, argument)
    _demand_all(cls, {parameter.name for parameter, _ in placed}, module.span(call))
    positional = [item.value for item in arguments if item.name is None]
    keywords = {item.name: item.value for item in arguments if item.name is not None}
    try:
        return cls(*positional, **keywords)
    except (ValueError, TypeError) as error:
        span = module.span(call)
        fix = remove_repeated_argument(span) if "given twice" in str(error) else None
        raise Refusal("FS005", f"'{name}': {error}", _blame(str(error), arguments, span), fix=fix) from None


def _how(name: str) -> str:
    return f"write @{name} above a function" if name in DECLARING else "it is made by FlowStone when the function runs"


def _place(cls: type, arguments: Sequence[Argument]) -> list[tuple[inspect.Parameter, Argument]]:
    """Which parameter each argument is for. Errors: Refusal for an unknown keyword."""
    parameters = _parameters(cls)
    known = {item.name: item for item in parameters if item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)}
    further = next((item for item in parameters if item.kind is item.VAR_KEYWORD), None)
    plain = iter(item for item in parameters if item.kind not in (item.KEYWORD_ONLY, item.VAR_KEYWORD))
    placed = []
    last: inspect.Parameter | None = None
    for argument in arguments:
        if argument.name is not None:
            parameter = known.get(argument.name, further)
            if parameter is None:
                raise unknown_keyword(cls.__name__, argument.name, known, argument.name_span)
            placed.append((parameter, argument))
            continue
        if last is None or last.kind is not last.VAR_POSITIONAL:
            last = next(plain, None)
        if last is None:
            raise Refusal("FS005", f"'{cls.__name__}' takes fewer positional arguments", argument.span)
        placed.append((last, argument))
    return placed


def _demand_all(cls: type, given: set[str], call: Span) -> None:
    """Errors: Refusal if a parameter without a default is not given."""
    missing = [item.name for item in _needed(cls) if item.name not in given]
    if missing:
        message = f"'{cls.__name__}' needs {' and '.join(map(repr, missing))}"
        raise Refusal(
            "FS005", message, call, help=f"write {cls.__name__}({', '.join(f'{name}=...' for name in missing)})"
        )


def _needed(cls: type) -> list[inspect.Parameter]:
    """The parameters without a default."""
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [item for item in _parameters(cls) if item.default is item.empty and item.kind not in optional]


def unknown_keyword(owner: str, name: str, known: Any, span: Span) -> Refusal:
    """The refusal of a keyword that there is not."""
    near = ELSEWHERE.get(name)
    if near in known:
        hint = f"here it is called '{near}'"
    else:
        near, hint = nearest(name, known), did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}"
    fix = respell(span, name, near) if near is not None else None
    return Refusal("FS006", f"'{owner}' has no keyword '{name}'", span, help=hint, fix=fix)


def _check_argument(owner: str, cls: type, parameter: inspect.Parameter, argument: Argument) -> None:
    hint = hints(cls).get(parameter.name, Any)
    if parameter.kind is parameter.VAR_POSITIONAL:
        hint = str
    if parameter.kind is parameter.VAR_KEYWORD:
        hint = hints(cls.__init__)[parameter.name]  # type: ignore[misc]
    if (owner, parameter.name) == ("Retry", "on") and isinstance(argument.value, list | tuple):
        argument.value = tuple(item.dotted if isinstance(item, Symbol) else item for item in argument.value)
    name = argument.name or parameter.name
    if is_symbolic(argument.value):
        raise symbolic(argument.value, argument.span, f"'{name}' of '{owner}'")
    if not fits(argument.value, hint):
        raise Refusal(
            "FS005",
            f"'{name}' of '{owner}' must be {words(hint)}, not {shown(argument.value)}",
            argument.span,
            help=f"write {words(hint)}",
        )


def symbolic(value: Any, span: Span, what: str) -> Refusal:
    """The refusal of something that can only be named where a constant is wanted."""
    symbol = first_symbol(value)
    if isinstance(symbol, FunctionValue):
        message = f"{what} cannot be the function '{symbol.node.name}'"
        advice = f'write its name as a text: "{symbol.node.name}"'
        return Refusal("FS005", message, span, help=advice, fix=quote(span, symbol.node.name))
    dotted = "a value in it" if symbol is None else symbol.dotted
    public = dotted.removeprefix("flowstone.")
    if public != dotted and isinstance(getattr(flowstone, public, None), type):
        message = f"{what} must be an instance of {public}"
        return Refusal("FS005", message, span, help=f"call it: {public}(...)", fix=_call(span, public))
    return Refusal(
        "FS003",
        f"{what} is not a constant: '{dotted}' is only known when the code runs",
        span,
        help="write a literal, or a name that is bound once to a constant in a module of the project",
    )


def _call(span: Span, name: str) -> MakeFix | None:
    """Call a type that needs no arguments."""
    return None if _needed(getattr(flowstone, name)) else wrap(span, "", "()", f"Call {name}()")


def _blame(message: str, arguments: Sequence[Argument], call: Span) -> Span:
    """The place of the argument that an error speaks of, else that of the whole call."""
    if len(arguments) == 1:
        return arguments[0].span
    for argument in arguments:
        if argument.name is not None and message.startswith(argument.name):
            return argument.span
    for argument in arguments:
        if repr(argument.value) in message:
            return argument.span
    return call
