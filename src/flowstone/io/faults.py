"""Errors of the operating system, told with the asset and the path that they are about."""

from __future__ import annotations

import errno

from flowstone.errors import StorageError
from flowstone.io.store import UnavailableError


class Faults:
    """Turns an operating system's error into a StorageError that names asset, path and error.

    Not a generator, since each value passes through some.
    """

    __slots__ = ("_asset", "_doing", "_path")

    def __init__(self, asset: str, doing: str, path: str) -> None:
        self._asset = asset
        self._doing = doing
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            raise fault(error, self._asset, self._doing, self._path) from error


def fault(error: OSError, asset: str, doing: str, path: str) -> StorageError:
    """The error that tells of the asset, what was done, and where."""
    code = errno.errorcode.get(error.errno or 0)
    told = f"{error.strerror or error} [{code}]" if code else str(error)
    return StorageError(f"{asset}: cannot {doing} {path}: {told}", help=_help(error))


def _help(error: OSError) -> str | None:
    return error.help if isinstance(error, UnavailableError) else None
