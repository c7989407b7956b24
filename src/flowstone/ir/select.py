"""Selectors: which steps of a project a command or a job means. The syntax is dbt's.

=============  =====================================================================
``orders``     an asset, by id or by name; ``*`` and ``?`` stand for any characters
``tag:x``      assets with the tag ``x``; ``tag:x=y`` with that value
``group:x``    assets of the group
``path:x``     assets written in the file, or in files below the folder
``+a``         also all that ``a`` needs; ``2+a`` up to two steps away
``a+``         also all that needs ``a``; ``a+2`` up to two steps away
``a,b``        what both select
``a b``        what either selects
=============  =====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import partial

from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.errors import SelectionError
from flowstone.ir.asset import Asset
from flowstone.ir.project import Project

_ATOM = re.compile(r"(?:(?P<up>\d*)\+)?(?P<body>[^+]+)(?:\+(?P<down>\d*))?")


def select(project: Project, text: str, exclude: str | None = None) -> tuple[str, ...]:
    """Ids of the steps that a selector means, in the order of the project.

    Errors: SelectionError if the selector is malformed, names something unknown, or nothing is left.
    """
    chosen = _union(project, text)
    if exclude is not None:
        chosen -= _union(project, exclude)
    if not chosen:
        without = f" without {exclude!r}" if exclude else ""
        raise SelectionError(f"the selector {text!r}{without} matches nothing")
    return tuple(sorted(chosen, key=project.positions.__getitem__))


def _union(project: Project, text: str) -> set[str]:
    parts = text.split()
    if not parts:
        raise SelectionError("the selector is empty", help="write '*' for everything")
    return set().union(*(_intersection(project, part) for part in parts))


def _intersection(project: Project, text: str) -> set[str]:
    return set.intersection(*(_atom(project, part) for part in text.split(",")))


def _atom(project: Project, text: str) -> set[str]:
    match = _ATOM.fullmatch(text)
    if match is None:
        raise SelectionError(
            f"{text!r} is not a selector",
            help="write for example 'orders', '+orders', 'tag:daily' or 'group:core,orders+'",
        )
    chosen = _matching(project, match["body"])
    start = set(chosen)
    if match["up"] is not None:
        chosen |= _walk(start, project.upstream, match["up"])
    if match["down"] is not None:
        chosen |= _walk(start, project.downstream, match["down"])
    return chosen


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


def _matching(project: Project, body: str) -> set[str]:
    method, colon, value = body.partition(":")
    candidates: Iterable[Asset] = project.assets.values()
    if not colon:
        is_pattern = any(char in body for char in "*?[")
        candidates = candidates if is_pattern else project.named.get(body, ())
        test: Callable[[Asset], bool] = partial(_has_name, body) if is_pattern else lambda _: True
    elif method in _METHODS:
        test = partial(_METHODS[method], value)
    else:
        raise SelectionError(f"{method!r} is not a selector method", help=f"there are: {', '.join(_METHODS)}")
    found = {asset.step for asset in candidates if test(asset)}
    if not colon and body in project.steps:
        found.add(body)
    if not found and body != "*":
        known = [*project.assets, *(f"group:{asset.group}" for asset in project.assets.values())]
        known += [f"tag:{tag}" for asset in project.assets.values() for tag in asset.tags]
        message = f"the selector {body!r} matches nothing"
        raise SelectionError(message, help=did_you_mean(body, known), wrong=body, meant=nearest(body, known))
    return found


def _has_name(pattern: str, asset: Asset) -> bool:
    return fnmatchcase(asset.id, pattern) or fnmatchcase(asset.name, pattern)


def _has_tag(wanted: str, asset: Asset) -> bool:
    tag, equals, value = wanted.partition("=")
    return tag in asset.tags and (not equals or asset.tags[tag] == value)


def _in_group(group: str, asset: Asset) -> bool:
    return asset.group == group


def _under_path(path: str, asset: Asset) -> bool:
    folder = path.removeprefix("./").rstrip("/")
    return asset.location.file == folder or asset.location.file.startswith(f"{folder}/")


_METHODS: Mapping[str, Callable[[str, Asset], bool]] = {"tag": _has_tag, "group": _in_group, "path": _under_path}
