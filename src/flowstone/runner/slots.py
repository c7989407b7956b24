"""Slots of limits on how many functions run at once, among all runs of a project on this machine.

A slot is a lock of POSIX on a file in the state folder, which the system takes from a process with its death: whoever
is killed leaves no slot behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from flowstone.runner.history.database import faults

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Slots:
    """The slots of this process, and how it comes by more. Without a folder no other process counts."""

    def __init__(self, limits: Mapping[str, int], folder: Path | None, profile: str | None) -> None:
        self._limits = limits
        self._folder = folder
        self._profile = profile
        self._held: dict[str, dict[int, int]] = {name: {} for name in limits}
        """By limit and number of the slot, the file that is open."""

    def take(self, name: str) -> bool:
        """Take a slot of a limit, if one is free. Errors: StateError."""
        held = self._held[name]
        for number in range(self._limits[name]):
            if number not in held and (descriptor := self._locked(name, number)) is not None:
                held[number] = descriptor
                return True
        return False

    def give(self, name: str) -> None:
        """Give a slot back."""
        _, descriptor = self._held[name].popitem()
        if descriptor >= 0:
            os.close(descriptor)

    def others_hold(self, name: str) -> bool:
        """Whether this process holds fewer than there are, so that others must have what cannot be taken."""
        return len(self._held[name]) < self._limits[name]

    def close(self) -> None:
        """Give back all of them."""
        for name, held in self._held.items():
            while held:
                self.give(name)

    def _locked(self, name: str, number: int) -> int | None:
        """The open file of a slot that is now this process's; -1 if no other process can have it. None if one has."""
        if self._folder is None:
            return -1
        path = self._folder / f"{name}-{self._mark(name)}.{number}.lock"
        with faults(path):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, _FLAGS, 0o600)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    def _mark(self, name: str) -> str:
        """Keeps profiles apart, whatever their names, and names that some file systems take for one."""
        return hashlib.sha256(f"{self._profile or ''}\0{name}".encode()).hexdigest()[:8]
