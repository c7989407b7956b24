"""The project's own templates: whether each of them is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from flowstone.diagnostics.suggest import did_you_mean
from flowstone.errors import ConfigurationError
from flowstone.targets.templates import builtin_folder

SUFFIX = ".jinja"


def demand_templates(folder: Path) -> None:
    """Errors: ConfigurationError if the folder holds a template that nothing uses, or one that cannot be read."""
    known, own = _texts(builtin_folder()), _texts(folder)
    used = _used({**known, **own}, sorted(known))
    for name in sorted(own):
        if used is not None and name not in used:
            raise ConfigurationError(
                f"{folder / name}: nothing uses a template {name}",
                help=did_you_mean(name, known, count=1) or f"there are: {', '.join(sorted(known))}",
            )


def _texts(folder: Path) -> dict[str, str]:
    """The templates in a folder by name. Errors: ConfigurationError for one that cannot be read."""
    found = {}
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        name = path.relative_to(folder).as_posix()
        try:
            found[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"template {name} cannot be read: {error}") from error
    return found


def _used(texts: Mapping[str, str], roots: list[str]) -> set[str] | None:
    """The templates that some template includes, extends or imports, and the roots; None if that cannot be told."""
    used, todo = set(roots), list(roots)
    while todo:
        for name in _references(todo.pop(), texts):
            if name is None:
                return None
            if name not in used:
                used.add(name)
                todo.append(name)
    return used


def _references(name: str, texts: Mapping[str, str]) -> Iterator[str | None]:
    """Names in a template; none in one that is not there, None where a name is computed.

    Errors: ConfigurationError for a template that is no Jinja.
    """
    try:
        yield from find_referenced_templates(Environment(autoescape=False).parse(texts.get(name, "")))  # noqa: S701
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"template {name}: line {error.lineno}: {error.message}") from error
