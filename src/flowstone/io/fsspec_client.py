"""The file systems of fsspec that a store speaks to: one for each thread, as not all may be shared, and its errors."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, TypeVar, runtime_checkable

from flowstone.errors import ConfigurationError, FlowStoneError, MissingExtraError
from flowstone.io.fsspec_kinds import Kind, Option
from flowstone.io.store import UnavailableError

T = TypeVar("T")

CONNECTS = 5
"""How often a connection is tried: a server that has many to answer at once turns some away."""
LONGEST_PAUSE = 2.0
"""Seconds at most between two tries; chance says how much of it."""
SECRET = ("secret", "token", "key", "password", "passphrase", "credential")
"""What the names of options hold whose values are not told."""


@runtime_checkable
class Closable(Protocol):
    """A file system that holds a connection open."""

    def close(self) -> None:
        """End the connection."""


class FsspecClient:
    """Calls of one file system. May be used by several threads, and by processes that were forked."""

    def __init__(self, manager: str, url: str, kind: Kind, options: Mapping[str, Option]) -> None:
        self._manager = manager
        self._url = url
        self._kind = kind
        self._options = dict(options)
        self._local = threading.local()
        self._shared: dict[int, Any] = {}

    def path(self) -> str:
        """The root, as the file system calls it. Errors: MissingExtraError, ConfigurationError."""
        return str(self._implementation()._strip_protocol(self._url)).rstrip("/")  # noqa: SLF001 - fsspec's interface

    def call(self, doing: Callable[[Any], T]) -> T:
        """What the function does with the file system; once more if a connection that was kept has broken.

        It has to be one that may be done twice. Errors: FileNotFoundError, FlowStoneError, OSError.
        """
        kept = self._connection() is not None
        system = self._connected()
        try:
            return self._told(doing, system)
        except UnavailableError:
            self._drop()
            if not kept:
                raise
        return self._told(doing, self._connected())

    def _told(self, doing: Callable[[Any], T], system: Any) -> T:
        try:
            return doing(system)
        except (FileNotFoundError, FlowStoneError, UnavailableError):
            raise
        except PermissionError as error:
            raise self.error(error) from None
        except Exception as error:  # noqa: BLE001 - each file system has errors of its own
            raise self.error(error) from None

    def error(self, error: Exception) -> UnavailableError:
        """An error of one line that holds no secret of the configuration."""
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        for name, value in self._options.items():
            if isinstance(value, str) and value and any(word in name.lower() for word in SECRET):
                text = text.replace(value, "***")
        return UnavailableError(
            text,
            f"see whether the server runs, and whether root and storage_options of the IO manager {self._manager!r} "
            "are right: flowstone doctor tries them",
        )

    def _connection(self) -> Any:
        """The one of this process, or of this thread. One of the process that forked this one is kept, but not used."""
        return self._all().get(os.getpid())

    def _all(self) -> dict[int, Any]:
        if getattr(self._implementation(), "async_impl", False):
            return self._shared
        found: dict[int, Any] = self._local.__dict__.setdefault("connections", {})
        return found

    def _drop(self) -> None:
        system = self._all().pop(os.getpid(), None)
        if isinstance(system, Closable):
            system.close()

    def _connected(self) -> Any:
        found = self._connection()
        if found is None:
            found = self._all()[os.getpid()] = self._connect()
        return found

    def _connect(self) -> Any:
        implementation = self._implementation()
        found = implementation._get_kwargs_from_urls(self._url)  # noqa: SLF001 - fsspec's interface
        options = {**found, **dict(self._kind.fixed), **self._options}
        for attempt in range(CONNECTS):
            try:
                return implementation(**options, skip_instance_cache=True)
            except TypeError as error:
                raise self._unfit(error) from None
            except ImportError as error:
                raise self._missing() from error
            except Exception as error:  # noqa: BLE001 - each file system has errors of its own
                if attempt + 1 == CONNECTS or not _may_pass(error):
                    raise self.error(error) from None
            time.sleep(random.uniform(0, LONGEST_PAUSE) * (attempt + 1) / CONNECTS)  # noqa: S311
        raise AssertionError

    def _implementation(self) -> Any:
        protocol = self._url.partition("://")[0]
        try:
            if self._kind.implementation is not None:
                module, _, name = self._kind.implementation.partition(":")
                return getattr(import_module(module), name)
            from fsspec.registry import get_filesystem_class
        except ImportError as error:
            raise self._missing() from error
        try:
            return get_filesystem_class(protocol)
        except ImportError as error:
            raise self._unfit(error) from error
        except ValueError as error:
            raise ConfigurationError(
                f"io_managers.{self._manager}: fsspec knows no protocol {protocol}://",
                help="install the package that brings it, or use another root",
            ) from error

    def _missing(self) -> MissingExtraError:
        protocol = self._url.partition("://")[0]
        return MissingExtraError(f"the IO manager {self._manager!r} with a root at {protocol}://", self._kind.extra)

    def _unfit(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"io_managers.{self._manager}: {self._url} cannot be used: {self.error(error)}",
            help="look at root and storage_options",
        )


def _may_pass(error: Exception) -> bool:
    """Whether a connection that failed so may be had at the next try: the server was there and broke it off."""
    return type(error).__name__ in ("SSHException", "EOFError", "ConnectionResetError", "BrokenPipeError")
