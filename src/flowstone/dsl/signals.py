"""A value that comes from outside: the asset asks for it, and goes on when somebody sends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, Protocol, TypeVar

from flowstone.dsl.duration import Duration, seconds
from flowstone.dsl.frozen import dataclass

HandlerWord = Literal["on_signal", "on_timeout"]
HANDLERS: tuple[HandlerWord, ...] = ("on_signal", "on_timeout")
"""What an asset with a gate has decorators for."""
MAX_TOKEN = 4096
"""Longest token, in bytes of UTF-8."""

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
H = TypeVar("H", bound=Callable[..., Any])


@dataclass(frozen=True)
class SignalGate:
    """The asset's function asks somebody outside for a value; ``@NAME.on_signal`` makes the asset of the answer.

    Errors: ValueError for a timeout of nothing.
    """

    timeout: Duration | None = None
    """How long the answer may take, from when the function has asked. Kept as seconds."""

    def __post_init__(self) -> None:
        if self.timeout is not None:
            object.__setattr__(self, "timeout", seconds(self.timeout))
            if not self.timeout:
                raise ValueError("timeout must be longer than nothing")


@dataclass(frozen=True)
class Signal:
    """What the function of an asset with a gate returns: the token by which the answer is known.

    Errors: ValueError, TypeError for a token that nobody could send.
    """

    token: str
    """Any text without control characters. The same request should have the same token when it is made again."""
    data: Any = None
    """JSON values to keep for the handlers, which find them at their parameter ``signal``."""

    def __post_init__(self) -> None:
        if not isinstance(self.token, str):
            raise TypeError(f"token must be a text, not {type(self.token).__name__}")
        if (fault := token_fault(self.token)) is not None:
            raise ValueError(f"token {fault}")


def token_fault(token: str) -> str | None:
    """Why a text cannot be a token."""
    import unicodedata

    if not token.strip():
        return "is empty"
    odd = next((item for item in token if unicodedata.category(item) in ("Cc", "Cs", "Zl", "Zp")), None)
    if odd is not None:
        return f"holds the character {odd!a}, which cannot be sent"
    size = len(token.encode())
    return f"has {size:,} bytes, and {MAX_TOKEN:,} are the most" if size > MAX_TOKEN else None


class Gated(Protocol[P, R]):
    """The function of an asset with a gate: called like any other, and with decorators for its handlers."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def on_signal(self, handler: H, /) -> H:
        """Declare that a function makes the asset's value of the answer, which is its parameter ``payload``."""
        ...

    def on_timeout(self, handler: H, /) -> H:
        """Declare that a function makes the asset's value if no answer came in time. Without one the asset fails."""
        ...
