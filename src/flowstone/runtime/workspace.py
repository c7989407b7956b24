"""A project as a worker sees it: its IR, its folder, its IO managers and its functions, each made once and kept."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from flowstone.dsl.decorators import ATTRIBUTE, DECLARATIONS, HANDLING
from flowstone.dsl.partitions import PartitionKey, Partitions
from flowstone.errors import ConfigurationError
from flowstone.io.contract import IOManager, Options, Slot
from flowstone.ir.function import FunctionRef
from flowstone.ir.manifest import Manifest, read_manifest
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.registry import io_manager_class
from flowstone.runtime.overrides import apply_environment
from flowstone.runtime.prepared import PreparedStep, place_of, prepare
from flowstone.runtime.redaction import Redactor
from flowstone.runtime.secrets import Secrets
from flowstone.runtime.sources import Sources

if TYPE_CHECKING:
    from flowstone.runtime.signals import Signals

ROOT_VARIABLE = "FLOWSTONE_PROJECT_ROOT"
"""Environment variable that tells a worker where the project's folder is."""

Kind = Literal["asset", "resource", "check", "sensor"]


class Workspace:
    """A project that can be run. It may be used by several threads.

    Values of ``FLOWSTONE_IO_MANAGERS__NAME__OPTION`` and ``FLOWSTONE_PARAMS__STEP__PARAMETER`` in the environment
    replace those of the project.
    """

    def __init__(self, project: Project, root: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.compiled = project
        """The project without what the environment replaces."""
        self.project = apply_environment(project, environment)
        self.root = root
        self.environment = environment
        self.signals: Signals | None = None
        """Where signals are kept instead of a file."""
        self.secrets = Secrets(environment)
        self._managers: dict[str, IOManager] = {}
        self._without_options: dict[type[Options], Options] = {}
        self._storages: dict[str, tuple[IOManager, Callable[[str | None], Slot]]] = {}
        self._functions: dict[tuple[str, ...], Callable[..., Any]] = {}
        self._steps: dict[str, PreparedStep] = {}
        self._sound: set[str] = set()
        self._keys: dict[Partitions, dict[str, PartitionKey]] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, manifest: Path) -> Workspace:
        """The workspace of a manifest; one and the same in a process for as long as the file does not change.

        Errors: ConfigurationError if the manifest cannot be read.
        """
        path = manifest.absolute()
        with _OPENING:
            return _opened(path, _stamp(path))

    def manager(self, name: str) -> IOManager:
        """The IO manager of a configured name. Errors: ConfigurationError if it is unknown or wrongly configured."""
        found = self._managers.get(name)
        if found is None:
            with self._lock:
                if name not in self._managers:
                    self._managers[name] = self._make_manager(name)
                found = self._managers[name]
        return found

    @property
    def managers_in_use(self) -> Collection[IOManager]:
        """The IO managers that were asked for until now."""
        return self._managers.values()

    def storage(self, asset: str) -> tuple[IOManager, Callable[[str | None], Slot]]:
        """The IO manager of an asset, and what makes its slots from a partition's text (or None).

        Errors: ConfigurationError as for ``manager``, or if the asset's options do not suit it.
        """
        found = self._storages.get(asset)
        if found is None:
            storage = self.project.assets[asset].storage
            manager = self.manager(storage.manager)
            options = self._options(manager.AssetOptions, storage.options, asset)
            found = self._storages[asset] = manager, _slots(asset, options)
        return found

    def kept(self, manager: str, name: str) -> tuple[IOManager, Callable[[str | None], Slot]]:
        """An IO manager, and what makes slots of something without options that is no asset. Errors: as ``storage``."""
        found = self.manager(manager)
        return found, _slots(name, self._options(found.AssetOptions, {}, name))

    def take(self, project: Project) -> None:
        """Go on with the project as it is after a closer look. No other thread may use the workspace meanwhile."""
        if project is not self.project:
            self.project = project
            self._steps, self._sound, self._keys = {}, set(), {}

    def _options(self, model: type[Options], values: Mapping[str, Json], asset: str) -> Options:
        """Those of an asset. The many assets without any share one object for each kind of manager."""
        if values:
            return _validated(model, values, f"asset {asset}")
        found = self._without_options.get(model)
        if found is None:
            found = self._without_options[model] = _validated(model, values, f"asset {asset}")
        return found

    def slot(self, asset: str, partition: str | None) -> Slot:
        """Where a value of an asset belongs. Errors: as ``storage``."""
        return self.storage(asset)[1](partition)

    def function(self, ref: FunctionRef, kind: Kind = "asset") -> Callable[..., Any]:
        """A user's function; its module is imported now if it was not before.

        Errors: ConfigurationError if the module does not hold it; what the import raises passes through.
        """
        place = place_of(ref, kind)
        found = self._functions.get(place)
        if found is None:
            with self._lock:
                found = self._functions[place] = self._find_function(ref, kind)
        return found

    def function_of(self, prepared: PreparedStep) -> Callable[..., Any]:
        """The function of a step. Errors: as ``function``."""
        found = self._functions.get(prepared.function)
        return self.function(prepared.step.function) if found is None else found

    def neighbour(self, ref: FunctionRef, name: str) -> Callable[..., Any]:
        """Another function of the module that a declared function is written in.

        Errors: ConfigurationError if the module does not hold it; what the import raises passes through.
        """
        self.function(ref)
        found = getattr(import_module(ref.defined_in), name, None)
        if not callable(found):
            raise ConfigurationError(f"{ref.defined_in} has no function {name!r}")
        function: Callable[..., Any] = found
        return function

    def handler(self, ref: FunctionRef, word: str) -> Callable[..., Any]:
        """The function under ``@NAME.on_signal`` or ``@NAME.on_timeout`` of an asset; errors as ``function``."""
        found: Callable[..., Any] | None = getattr(self.function(ref), HANDLING, {}).get(word)
        if found is None:
            raise ConfigurationError(
                f"{ref.key} has no {word} in {ref.defined_in}",
                help="the code is not the one that was compiled: deploy both, or compile again",
            )
        return found

    def demand_sources(self, modules: Collection[str]) -> None:
        """See to it that modules, and what they import, are those of which the project was made.

        Errors: ConfigurationError if a file is another one.
        """
        self._sources.demand(modules)

    def step(self, step: str) -> PreparedStep:
        """A step, ready to be run. Errors: ConfigurationError if there is none of that id."""
        found = self._steps.get(step)
        if found is None:
            node = self.project.steps.get(step)
            if node is None:
                raise ConfigurationError(f"the project has no step {step!r}", help="compile the project again")
            found = self._steps[step] = prepare(self.project, node)
        return found

    def sound_step(self, step: str) -> PreparedStep:
        """A step of which it is known where everything is stored that it makes and reads. Errors: ConfigurationError if
        there is none of that id, or for a store that cannot be used.
        """
        if step in self._sound:
            return self._steps[step]
        prepared = self.step(step)
        for asset in prepared.output_ids:
            self.storage(asset)
        for source in prepared.sources:
            if source.step not in self._sound:
                self.storage(source.id)
        self._sound.add(step)
        return prepared

    def key(self, definition: Partitions, text: str) -> PartitionKey:
        """The key of a text. Errors: PartitionKeyError if the definition has no such key."""
        keys = self._keys.setdefault(definition, {})
        found = keys.get(text)
        if found is None:
            found = keys[text] = definition.parse(text)
        return found

    def know_keys(self, definition: Partitions, keys: Iterable[PartitionKey | None]) -> None:
        """Keep keys that have been read already."""
        self._keys.setdefault(definition, {}).update((key.text, key) for key in keys if key is not None)

    @cached_property
    def redactor(self) -> Redactor:
        """Keeps the secrets that the project refers to out of texts."""
        return Redactor(self.secrets.all_of(self.configured))

    def hide(self, text: str) -> str:
        """The text without the secrets that the project refers to; they are looked up now."""
        return self.redactor.text(text)

    @property
    def configured(self) -> list[Json]:
        """All values in which references to secrets may stand."""
        options = [config.options for config in self.project.io_managers.values()]
        return [*options, *self.project.params.values()]

    @cached_property
    def _sources(self) -> Sources:
        return Sources(self.project.files, reversed(self._import_roots))

    @cached_property
    def _import_roots(self) -> tuple[str, ...]:
        """The last one first, since each is put in front of the others."""
        return tuple(str((self.root / folder).resolve()) for folder in reversed(self.project.import_roots))

    def _make_manager(self, name: str) -> IOManager:
        config = self.project.io_managers.get(name)
        if config is None:
            raise ConfigurationError(f"there is no IO manager {name!r}", help="it is missing in the configuration")
        manager = io_manager_class(config.type)
        place = f"io_managers.{name}"
        try:
            options = _validated(manager.Config, self.secrets.resolve(config.options, place), place)
        except ConfigurationError as error:
            raise ConfigurationError(self.redactor.text(str(error)), help=error.help) from None
        return manager(name, options, self.root)

    def _find_function(self, ref: FunctionRef, kind: Kind) -> Callable[..., Any]:
        for path in self._import_roots:
            if path not in sys.path:
                sys.path.insert(0, path)
        import_module(ref.module)
        self._sources.mark()
        module = sys.modules.get(ref.defined_in) or import_module(ref.defined_in)
        candidate = getattr(module, ref.name, None)
        if getattr(getattr(candidate, ATTRIBUTE, None), "name", None) == ref.key:
            found: Callable[..., Any] | None = candidate
        else:
            found = getattr(module, DECLARATIONS, {}).get((kind, ref.key))
        if found is None:
            raise ConfigurationError(
                f"{kind} {ref.key} is not defined by {ref.defined_in} ({getattr(module, '__file__', None)})",
                help="the code is not the one that was compiled: deploy both, or compile again",
            )
        return found


_OPENING = threading.Lock()


@lru_cache(maxsize=8)
def _opened(path: Path, stamp: tuple[int, int, int] | None) -> Workspace:  # noqa: ARG001 - a part of the cache's key
    """A process keeps its workspaces: with them live user modules, memory managers and connections."""
    manifest = read_manifest(path)
    return Workspace(manifest.project, _project_root(path, manifest))


def _slots(asset: str, options: Options) -> Callable[[str | None], Slot]:
    """Makes the slots of an asset; the one without a partition is made once, since it is asked for again and again."""
    whole = Slot(asset, None, options)
    return lambda partition: whole if partition is None else Slot(asset, partition, options)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _project_root(path: Path, manifest: Manifest) -> Path:
    if told := os.environ.get(ROOT_VARIABLE):
        return Path(told)
    if manifest.project_root is None:
        return Path.cwd()
    return (path.parent / manifest.project_root).resolve()


def _validated(model: type[Options], values: Mapping[str, Any], place: str) -> Options:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, (place, *first["loc"])))
        raise ConfigurationError(f"{where}: {first['msg']}") from None
