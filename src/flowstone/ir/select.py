"""Selectors: which steps of a project a command or a job means. The syntax is dbt's.

============  ===================================================================================
`orders`      an asset, by id or by name; `*` and `?` stand for any characters
`tag:x`       assets with the tag `x`; `tag:x=y` with that value
`group:x`     assets of the group
`path:x`      assets written in the file, or in files below the folder; seen from the project's folder
`owner:x`     assets of the owner
`+a`          also all that `a` needs; `2+a` up to two steps away
`a+`          also all that needs `a`; `a+2` up to two steps away
`@a`          also all that needs `a`, and all that any of these needs
`a,b`         what both select
`a b`         what either selects
============  ===================================================================================

Commands also know what only a look at a state tells, such as ``state:modified``: see ``Facts``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from posixpath import normpath
from types import MappingProxyType
from typing import NoReturn

from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.errors import SelectionError
from flowstone.ir.asset import Asset
from flowstone.ir.project import Project
from flowstone.patterns import pattern

Facts = Mapping[str, Callable[[str], Collection[str]]]
"""Methods that look at more than the project, by name: each takes a value and gives the ids of the steps that it means.

Errors of each: SelectionError for a value that it does not know. That nothing is found is no error yet.
"""
OF_COMMANDS = ("state", "result")
"""The methods that are known when a command runs, and not when a job is compiled."""

_ATOM = pattern(r"(?:(?P<around>@)|(?P<up>\d{0,9})\+)?(?P<body>[^+@][^+]*)(?:\+(?P<down>\d{0,9}))?")
_NO_FACTS: Facts = MappingProxyType({})


def select(project: Project, text: str, exclude: str | None = None, facts: Facts = _NO_FACTS) -> tuple[str, ...]:
    """Ids of the steps that a selector means, in the order of the project.

    Errors: SelectionError if the selector is malformed, names something unknown, or nothing is left.
    """
    selector = _Selector(project, facts)
    chosen = selector.union(text)
    if exclude is not None:
        chosen -= selector.union(exclude)
    if not chosen:
        without = f" without {exclude!r}" if exclude else ""
        raise SelectionError(f"the selector {text!r}{without} matches nothing")
    return tuple(sorted(chosen, key=project.positions.__getitem__))


class _Selector:
    """Selects in one project."""

    def __init__(self, project: Project, facts: Facts) -> None:
        self._project = project
        self._facts = facts

    def union(self, text: str) -> set[str]:
        """What any of the parts between blanks selects."""
        parts = text.split()
        if not parts:
            raise SelectionError("the selector is empty", help="write '*' for everything")
        return set().union(*(self._intersection(part) for part in parts))

    def _intersection(self, text: str) -> set[str]:
        return set.intersection(*(self._atom(part) for part in text.split(",")))

    def _atom(self, text: str) -> set[str]:
        match = _ATOM.fullmatch(text)
        if match is None or (match["around"] and match["down"] is not None):
            raise SelectionError(
                f"{text!r} is not a selector",
                help="write for example 'orders', '+orders', '@orders', 'tag:daily' or 'group:core,orders+'",
            )
        upstream, downstream = self._project.upstream, self._project.downstream
        start = self._matching(match["body"])
        if match["around"]:
            return _walk(_walk(start, downstream, ""), upstream, "")
        chosen = set(start)
        if match["up"] is not None:
            chosen |= _walk(start, upstream, match["up"])
        if match["down"] is not None:
            chosen |= _walk(start, downstream, match["down"])
        return chosen

    def _matching(self, body: str) -> set[str]:
        method, colon, value = body.partition(":")
        if not colon:
            return _named(self._project, body)
        if method in self._facts:
            return set(self._facts[method](value))
        if method in OF_COMMANDS:
            raise SelectionError(
                f"{method}: is known when a command runs only",
                help="select by name, tag, group, path or owner here, and give the rest to the command",
            )
        if method not in _METHODS:
            known = ", ".join((*_METHODS, *self._facts))
            raise SelectionError(f"{method!r} is not a selector method", help=f"there are: {known}")
        found = {asset.step for asset in self._project.assets.values() if _METHODS[method](value, asset)}
        return found or _nothing(self._project, body)


def _walk(start: Iterable[str], neighbours: Mapping[str, tuple[str, ...]], depth: str) -> set[str]:
    """Everything reachable from ``start`` in at most ``depth`` steps; without bound if the text is empty."""
    seen = set(start)
    edge = list(seen)
    rounds = int(depth) if depth else -1
    while edge and rounds:
        edge = list(dict.fromkeys(near for step in edge for near in neighbours[step] if near not in seen))
        seen.update(edge)
        rounds -= 1
    return seen


def _named(project: Project, name: str) -> set[str]:
    """The steps with a name, or with one that fits a pattern; and those that make such assets."""
    if any(char in name for char in "*?["):
        found = {asset.step for asset in project.assets.values() if _has_name(name, asset)}
        return found if found or name == "*" else _nothing(project, name)
    found = {asset.step for asset in project.named.get(name, ())}
    if name in project.steps:
        found.add(name)
    return found or _nothing(project, name)


def _nothing(project: Project, body: str) -> NoReturn:
    assets = project.assets.values()
    known = [*project.assets, *(f"group:{asset.group}" for asset in assets)]
    known += [f"tag:{tag}" for asset in assets for tag in asset.tags]
    known += [f"owner:{owner}" for asset in assets for owner in asset.owners]
    message = f"the selector {body!r} matches nothing"
    raise SelectionError(message, help=did_you_mean(body, known), wrong=body, meant=nearest(body, known))


def _has_name(pattern: str, asset: Asset) -> bool:
    return fnmatchcase(asset.id, pattern) or fnmatchcase(asset.name, pattern)


def _has_tag(wanted: str, asset: Asset) -> bool:
    tag, equals, value = wanted.partition("=")
    return tag in asset.tags and (not equals or asset.tags[tag] == value)


def _in_group(group: str, asset: Asset) -> bool:
    return asset.group == group


def _has_owner(owner: str, asset: Asset) -> bool:
    return owner in asset.owners


def _under_path(path: str, asset: Asset) -> bool:
    folder = normpath(path) if path else path
    return folder == "." or asset.location.file == folder or asset.location.file.startswith(f"{folder}/")


_METHODS: Mapping[str, Callable[[str, Asset], bool]] = {
    "tag": _has_tag,
    "group": _in_group,
    "path": _under_path,
    "owner": _has_owner,
}
