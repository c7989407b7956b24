"""A judged project as a file of the cache: in pieces, so that of most of it only the text is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json

from flowstone.cli.project_files import packed, unpacked
from flowstone.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    from flowstone.checks import Judgement
    from flowstone.config import Settings
    from flowstone.frontend import Loaded
    from flowstone.ir.project import Project

_BY_MODULE = {"steps", "assets", "checks", "resources", "sensors", "bodies"}


def encode(judgement: Judgement, more: Mapping[str, Any]) -> bytes:
    """A judgement as bytes, with ``more`` in its head: checksum of the head, head, and the pieces, of which that knows
    the checksums: all texts, what belongs to no module, and each module.

    Errors: ValueError for what JSON cannot hold.
    """
    loaded = judgement.loaded
    project = loaded.project
    nodes = _nodes(project, {facts.module: path for path, facts in loaded.files.items()})
    pieces = [packed(loaded.sources), project.model_dump_json(exclude=_BY_MODULE).encode()]
    pieces += [
        nodes[path].model_dump_json(include=_BY_MODULE).encode() if path in nodes else b"" for path in loaded.files
    ]
    head = {
        **more,
        "files": {path: facts.to_json() for path, facts in loaded.files.items()},
        "reads": _reads(nodes),
        "jobs": sorted({job.location.file for job in project.jobs.values() if job.location is not None}),
        "order": list(project.steps),
        "found": {path: [item.to_json() for item in found] for path, found in loaded.found.items()},
        "hidden": {path: sorted(names) for path, names in loaded.hidden.items()},
        "near": [item.to_json() for item in judgement.near],
        "far": [item.to_json() for item in judgement.far],
        "effort": loaded.effort,
        "searched": sorted(loaded.searched),
        "texts": list(loaded.sources),
        "pieces": [(len(piece), _checksum(piece)) for piece in pieces],
    }
    line = json.encode(head)
    return b"\n".join((_checksum(line).encode(), line, b"".join(pieces)))


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _nodes(project: Project, paths: Mapping[str, str]) -> dict[str, Project]:
    """The nodes of each module, by its file."""
    fields: dict[str, dict[str, Any]] = {}

    def of(module: str) -> dict[str, Any]:
        empty: dict[str, Any] = {"checks": [], **{name: {} for name in sorted(_BY_MODULE - {"checks"})}}
        return fields.setdefault(paths[module], empty)

    for step in project.steps.values():
        of(step.function.module)["steps"][step.id] = step
    for asset in project.assets.values():
        of(project.steps[asset.step].function.module)["assets"][asset.id] = asset
    for check in project.checks:
        of(check.function.module)["checks"].append(check)
    for resource in project.resources.values():
        of(resource.function.module)["resources"][resource.name] = resource
    for sensor in project.sensors.values():
        of(sensor.function.module)["sensors"][sensor.name] = sensor
    for module, facts in project.bodies.items():
        of(module)["bodies"][module] = facts
    return {
        path: project.model_copy(update={**items, "checks": tuple(items["checks"])}) for path, items in fields.items()
    }


def _reads(pieces: Mapping[str, Project]) -> dict[str, list[str]]:
    """The files whose assets each file reads or checks."""
    made_in = {asset: path for path, piece in pieces.items() for asset in piece.assets}
    found: dict[str, list[str]] = {}
    for path, piece in pieces.items():
        signatures = [*(step.signature for step in piece.steps.values()), *(check.signature for check in piece.checks)]
        assets = {need.asset for signature in signatures for need in signature.dependencies}
        assets.update(check.asset for check in piece.checks)
        found[path] = sorted({made_in[asset] for asset in assets if asset in made_in})
    return found


class Kept(Struct, frozen=True, dict=True):
    """What a file of the cache holds."""

    head: dict[str, Any]
    body: memoryview
    """The pieces: each is looked at when it is needed."""

    @classmethod
    def decode(cls, data: bytes) -> Kept:
        """The inverse of ``encode``. Errors: ValueError, KeyError, TypeError if it is damaged."""
        start = data.find(b"\n") + 1
        end = data.find(b"\n", start)
        if end < 0 or data[: start - 1] != _checksum(data[start:end]).encode():
            raise ValueError("damaged")
        return cls(json.decode(data[start:end]), memoryview(data)[end + 1 :])

    @cached_property
    def _ends(self) -> list[int]:
        """Where each piece ends. Errors: ValueError."""
        ends = list(accumulate(size for size, _ in self.head["pieces"]))
        if ends[-1] != len(self.body) or len(ends) != len(self.head["files"]) + 2:
            raise ValueError("not whole")
        return ends

    def _piece(self, place: int) -> bytes:
        """Errors: ValueError, KeyError, TypeError if it is damaged."""
        size, checksum = self.head["pieces"][place]
        piece = bytes(self.body[self._ends[place] - size : self._ends[place]])
        if checksum != _checksum(piece):
            raise ValueError("damaged")
        return piece

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts of all files that were read. Errors: ValueError, KeyError, TypeError if they are damaged."""
        return unpacked(self.head["texts"], self._piece(0))

    def around(self, changed: Set[str]) -> set[str] | None:
        """The files that are enough to judge changes: those, what reads of them, what all of these read, and those with
        resources. None if more matters: findings of the front end, or jobs in the files.
        """
        reads = self.head["reads"]
        if self.head["found"] or not changed.isdisjoint(self.head["jobs"]):
            return None
        readers = {path for path, read in reads.items() if not changed.isdisjoint(read)}
        near = {*changed, *readers}
        from flowstone.frontend.facts import RESOURCES

        resources = {path for path, facts in self._facts.items() if any(name.kind in RESOURCES for name in facts.names)}
        return near.union(resources, *(reads.get(path, ()) for path in near))

    @cached_property
    def _facts(self) -> dict[str, Any]:
        from flowstone.frontend.facts import FileFacts

        return {path: FileFacts.from_json(facts) for path, facts in self.head["files"].items()}

    def judgement(self, settings: Settings, paths: Set[str] | None = None) -> Judgement:
        """The judgement, or a cutout of it that has the nodes of some files only.

        Errors: ValueError, KeyError, TypeError if it is damaged.
        """
        from flowstone.checks import recalled

        near, far = (_diagnostics(self.head[key]) for key in ("near", "far"))
        return recalled(self._loaded(paths), settings, near, far)

    def _loaded(self, paths: Set[str] | None) -> Loaded:
        from flowstone.frontend.findings import merged
        from flowstone.frontend.loader import Loaded

        head = self.head
        found = {path: _diagnostics(items) for path, items in head["found"].items()}
        return Loaded(
            self._project(paths),
            merged(found),
            self.texts,
            self._facts,
            found,
            {path: frozenset(names) for path, names in head["hidden"].items()},
            float(head["effort"]),
            frozenset(head["searched"]),
            paths is not None,
        )

    def _project(self, paths: Set[str] | None) -> Project:
        from flowstone.ir.project import Project

        rest = Project.model_validate_json(self._piece(1))
        numbers = [number for number, path in enumerate(self._facts, 2) if paths is None or path in paths]
        texts = [text for number in numbers if (text := self._piece(number))]
        pieces = [Project.model_validate_json(b'{"name":"",' + text[1:]) for text in texts]
        steps = {key: step for piece in pieces for key, step in piece.steps.items()}
        update = {
            "steps": {key: steps[key] for key in self.head["order"] if key in steps},
            "assets": {key: asset for piece in pieces for key, asset in piece.assets.items()},
            "checks": tuple(check for piece in pieces for check in piece.checks),
            "resources": {key: item for piece in pieces for key, item in piece.resources.items()},
            "sensors": {key: item for piece in pieces for key, item in piece.sensors.items()},
            "bodies": {key: facts for piece in sorted(pieces, key=_module) for key, facts in piece.bodies.items()},
        }
        return rest.model_copy(update=update if paths is None else {**update, "jobs": {}})

    @property
    def assets(self) -> int:
        """How many assets the project has."""
        return sum(len(name.assets) for facts in self._facts.values() for name in facts.names)


def _module(piece: Project) -> str:
    return next(iter(piece.bodies), "")


def _diagnostics(items: Iterable[Any]) -> tuple[Diagnostic, ...]:
    return tuple(map(Diagnostic.from_json, items))
