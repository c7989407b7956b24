"""What selectors on the command line know beside the project: how it differs from a state.

``state:new`` are steps that the state has not, ``state:modified`` those and the ones whose code or configuration is
another, ``state:unmodified`` all others. The state is what is stored, a manifest, or a Git revision.

``result:failed`` are steps of which a task failed in the last run on this machine, and so on for the other results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from msgspec import Struct

from flowstone.errors import SelectionError, UsageError

if TYPE_CHECKING:
    from flowstone.ir.project import Project
    from flowstone.ir.select import Facts
    from flowstone.runtime.workspace import Workspace

Version = tuple[str, str]
"""Of the code and of the configuration."""
_STATES: Mapping[str, Callable[[Version, set[Version]], bool]] = {
    "new": lambda _, before: not before,
    "modified": lambda now, before: before != {now},
    "unmodified": lambda now, before: before == {now},
}


def facts_of(workspace: Workspace, state: str | None = None) -> Facts:
    """The methods ``state:`` and ``result:``. ``state`` names a manifest, the folder of one, or a Git revision; None
    means what is stored.

    Errors: of ``state:`` UsageError if there is no such state; of ``result:`` StateError if there was no run; of both
    SelectionError for another value.
    """
    return {"state": _State(workspace, state).select, "result": partial(_with_result, workspace)}


def _with_result(workspace: Workspace, value: str) -> set[str]:
    """The steps of which a task had this result in the last run."""
    from flowstone.config.environment import state_folder
    from flowstone.runner.history.entries import LAST, RESULTS, find, places
    from flowstone.runner.history.history import History

    if value not in RESULTS:
        raise SelectionError(f"there is no result {value!r}", help=f"there are: {', '.join(RESULTS)}")
    with History(state_folder(workspace.root, workspace.environment)) as history:
        found = places(history, find(history, LAST), RESULTS[value])
    return {step for step, _ in found if step in workspace.project.steps}


class _State(Struct, dict=True):
    """The steps of a project beside those of a state, which is read when it is first asked for."""

    workspace: Workspace
    name: str | None

    def select(self, value: str) -> set[str]:
        """The steps that are ``new``, ``modified`` or ``unmodified``."""
        if value not in _STATES:
            raise SelectionError(f"there is no state {value!r}", help=f"there are: {', '.join(_STATES)}")
        fits = _STATES[value]
        return {step for step, now in self._now.items() if fits(now, self._before.get(step, set()))}

    @cached_property
    def _now(self) -> dict[str, Version]:
        return _versions(self.workspace)

    @cached_property
    def _before(self) -> dict[str, set[Version]]:
        """The versions of each step in the state; of what is stored there may be several."""
        if self.name is None:
            return _stored_versions(self.workspace)
        with _project(self.workspace.root, self.name, self.workspace.compiled.profile) as project:
            from flowstone.runtime.workspace import Workspace

            before = Workspace(project, self.workspace.root, self.workspace.environment)
            return {step: {version} for step, version in _versions(before).items()}


def _versions(workspace: Workspace) -> dict[str, Version]:
    found = {}
    for step in workspace.project.steps:
        prepared = workspace.step(step)
        found[step] = prepared.code_version, prepared.config_version
    return found


def _stored_versions(workspace: Workspace) -> dict[str, set[Version]]:
    from flowstone.runtime.stored import Stored

    stored = Stored(workspace)
    found: dict[str, set[Version]] = {}
    for asset in workspace.project.assets.values():
        for record in stored.of(asset.id).records.values():
            found.setdefault(asset.step, set()).add((record.code_version, record.config_version))
    return found


@contextmanager
def _project(root: Path, name: str, profile: str | None) -> Iterator[Project]:
    """The project of a manifest or of a revision."""
    from flowstone.ir.manifest import FILE_NAME, read_manifest

    path = Path(name)
    if path.is_dir():
        path = path / FILE_NAME
    if path.exists():
        yield read_manifest(path).project
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="flowstone-") as folder:
        _check_out(root, name, Path(folder))
        yield _loaded(Path(folder), name, profile)


def _loaded(folder: Path, name: str, profile: str | None) -> Project:
    from flowstone.config import load_settings
    from flowstone.errors import ConfigurationError
    from flowstone.frontend import load

    try:
        return load(load_settings(folder, profile=profile)).project
    except ConfigurationError as error:
        raise UsageError(f"--state {name}: {error}") from error


def _check_out(root: Path, revision: str, folder: Path) -> None:
    """Write the project's files of a revision into a folder; what is no plain file is left out.

    Errors: UsageError if there is neither such a file nor such a revision.
    """
    import subprocess
    import tarfile

    git = which("git")
    unknown = UsageError(
        f"--state {revision}: there is neither such a manifest nor such a Git revision",
        help="name a flowstone.json, a folder that holds one, or a revision such as main",
    )
    if git is None or revision.startswith("-"):
        raise unknown
    command = [git, "-C", str(root), "archive", "--format=tar", revision, "--", "."]
    result = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - git, and no option
    if result.returncode:
        raise unknown
    with tarfile.open(fileobj=BytesIO(result.stdout)) as archive:
        for member in archive:
            data = archive.extractfile(member) if member.isfile() else None
            target = (folder / member.name).resolve()
            if data is not None and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data.read())
