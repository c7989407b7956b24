"""The exceptions of FlowStone. Findings in a user's project are diagnostics (values), not exceptions.

FlowStoneError
├── UsageError                  the command cannot be carried out as asked (exit 2)
│   ├── ConfigurationError      a configuration file, variable or option is wrong
│   ├── SelectionError          a selector is malformed or matches nothing
│   ├── StateError              the database of runs cannot be used
│   │   └── RunConflictError    another run is making the same
│   └── MissingExtraError       a package of an extra is not installed
├── StorageError                a store could not be read or written
│   ├── NotMaterializedError    no value with a matching record is stored
│   │   └── NotChosenError      a route chose another branch: nothing is to be made
│   ├── DamagedError            the stored content is not that of its record
│   └── UnsupportedTypeError    the IO manager cannot store or load the type
├── ResourceError               a resource could not be opened or closed
├── CheckFailedError            a blocking check failed: the value is not published
├── NotApprovedError            nobody approved a value in time, and its asset is to fail then
├── SignalTimeoutError          no signal came in time, and its asset is to fail then
├── OutputError                 a function returned something else than it declares
├── RequestError                a sensor asks for a run that cannot be
├── AssetTimeoutError           an asset ran longer than its timeout and was stopped
└── StepFailedError             a step failed in a process of its own
"""

from __future__ import annotations

from typing import Any


class FlowStoneError(Exception):
    """Root of the tree. ``help`` says what to do about it."""

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors go from process to process, whatever arguments their class takes."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[FlowStoneError], args: tuple[Any, ...], attributes: dict[str, Any]) -> FlowStoneError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class UsageError(FlowStoneError):
    """The command cannot be carried out as asked."""


class ConfigurationError(UsageError):
    """A configuration file, an environment variable or an option is wrong."""


class SelectionError(UsageError):
    """A selector is malformed or matches nothing."""

    def __init__(
        self, message: str, *, help: str | None = None, wrong: str | None = None, meant: str | None = None
    ) -> None:
        super().__init__(message, help=help)
        self.wrong = wrong
        """The name in the selector that nothing has."""
        self.meant = meant
        """The one that is clearly meant."""


class StateError(UsageError):
    """The database of runs cannot be used."""


class RunConflictError(StateError):
    """Another run of the project is making the same values."""


class MissingExtraError(UsageError):
    """A package of an extra is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed", help=f"pip install 'flowstone[{extra}]'")


class StorageError(FlowStoneError):
    """A store could not be read or written."""


class NotMaterializedError(StorageError):
    """No value with a matching record is stored."""


class NotApprovedError(FlowStoneError):
    """Nobody approved a value in time, and its asset is to fail then."""


class SignalTimeoutError(FlowStoneError):
    """No signal came in time, and the asset that waits for it has no ``on_timeout``."""


class NotChosenError(NotMaterializedError):
    """A route chose another branch, so that nothing is to be made."""


class DamagedError(StorageError):
    """The stored content is not that of its record."""


class UnsupportedTypeError(StorageError):
    """The IO manager cannot store the value or load it as the type asked for."""


class ResourceError(FlowStoneError):
    """A resource could not be opened or closed."""


class CheckFailedError(FlowStoneError):
    """A blocking check failed, so the value was not published."""


class OutputError(FlowStoneError):
    """A user's function returned something else than it declares."""


class RequestError(FlowStoneError):
    """A sensor returned something else than requests, or asks for a run that cannot be."""


class AssetTimeoutError(FlowStoneError):
    """An asset ran longer than its timeout and was stopped."""


class StepFailedError(FlowStoneError):
    """A step failed in a process of its own, which told what happened."""

    def __init__(self, message: str, *, retryable: bool, help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.retryable = retryable
        """Whether the step's retry policy covers what happened."""
