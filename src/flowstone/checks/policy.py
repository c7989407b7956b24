"""What is shown of the findings, and how bad each is: the project's configuration and the command's options.

Nothing is imported here but the standard library: a check that finds everything in its cache needs no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from flowstone.checks.path_pattern import PathPattern
from flowstone.checks.selection import NEVER_IGNORED, OF_ENGINES, Selection, code_prefix, covered, words
from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.errors import ConfigurationError, UsageError

ENGINES = ("airflow", "prefect")
"""Targets whose tasks are processes of their own, or may be."""
TARGETS_WITH_SETTINGS = (*ENGINES, "local")


class Policy(Struct, frozen=True):
    """Judges findings. Errors about what cannot be carried out are always shown, and stay errors."""

    selection: Selection
    ignored: tuple[tuple[PathPattern, tuple[str, ...]], ...] = ()
    """Beginnings of codes that are not shown of some files."""
    severities: tuple[tuple[PathPattern | None, Mapping[str, Severity]], ...] = ()
    """By beginning of codes; the pattern None stands for all files. Later ones decide."""
    narrow: bool = False
    """Whether ``selection`` is somebody's wish to look at some codes only, whatever else is wrong."""
    asleep: frozenset[str] = frozenset()
    """Codes that nothing looks for: that a comment ignores them is no finding."""

    def apply(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The findings that are shown, each with its severity."""
        return tuple(self._judged(item) for item in diagnostics if self._shows(item))

    def _shows(self, item: Diagnostic) -> bool:
        if is_fixed(item):
            return not self.narrow or self.selection.selects(item.code)
        codes = [item.code, item.about] if item.about else [item.code]
        return item.about not in self.asleep and all(self._shows_code(code, item.span.file) for code in codes)

    def _shows_code(self, code: str, file: str) -> bool:
        if not self.selection.shows(code):
            return False
        return not any(code.startswith(beginnings) and of.matches(file) for of, beginnings in self.ignored)

    def _judged(self, item: Diagnostic) -> Diagnostic:
        if is_fixed(item):
            return item
        severity = item.severity
        for of, table in self.severities:
            fitting = [beginning for beginning in table if item.code.startswith(beginning)]
            if fitting and (of is None or of.matches(item.span.file)):
                severity = table[max(fitting, key=len)]
        return item if severity is item.severity else replace(item, severity=severity)


def is_fixed(item: Diagnostic) -> bool:
    """Whether a finding is neither hidden nor of another severity, whatever is configured."""
    return item.code in NEVER_IGNORED and item.severity is Severity.ERROR


def policy(
    settings: Settings,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    strict: bool = False,
    target: str | None = None,
) -> Policy:
    """What the settings say, ``select`` and ``ignore`` of a command in their place where there are any.

    ``target`` is the one that a command asks about.

    Errors: UsageError for a code that there is not, or one that cannot be ignored or demoted, with its place.
    """
    selected, ignored = tuple(select), tuple(ignore)
    select_from = "--select" if selected else settings.origins.get("select", "select")
    ignore_from = "--ignore" if ignored else settings.origins.get("ignore", "ignore")
    return Policy(
        Selection(
            _codes(selected or settings.select, select_from),
            _ignorable(ignored or settings.ignore, ignore_from),
            strict,
        ),
        tuple(
            (PathPattern(glob), _ignorable(codes, settings.origins.get(f"per_path_ignores.{glob}", glob)))
            for glob, codes in settings.per_path_ignores.items()
        ),
        tuple(_all_severities(settings)),
        narrow=bool(selected),
        asleep=frozenset() if {*ENGINES} & {target, *configured_targets(settings)} else OF_ENGINES,
    )


def configured_targets(settings: Settings) -> tuple[str, ...]:
    """The targets for which something is configured: code is meant to be generated for them."""
    return tuple(
        target for target in TARGETS_WITH_SETTINGS if settings.origins.get(f"{target}.output", "default") != "default"
    )


def _all_severities(settings: Settings) -> Iterable[tuple[PathPattern | None, Mapping[str, Severity]]]:
    if settings.severity:
        yield None, _severities(settings, settings.severity, "severity")
    for glob, table in settings.per_path_severity.items():
        yield PathPattern(glob), _severities(settings, table, f"per_path_severity.{glob}")


def _severities(settings: Settings, table: Mapping[str, str], key: str) -> dict[str, Severity]:
    found: dict[str, Severity] = {}
    for name, severity in table.items():
        place = settings.origins.get(f"{key}.{name}", key)
        code = _code(name, place)
        if code in found:
            raise ConfigurationError(f"{place}: {name!r} is {code}, which stands in the same table", help="keep one")
        if severity != Severity.ERROR and covered(code) <= NEVER_IGNORED:
            raise ConfigurationError(f"{place}: {name} is always an error", help=_WHY)
        found[code] = Severity(severity)
    return found


_WHY = "it is about what cannot be carried out, or had to be left out of the project"


def _codes(texts: Iterable[str], place: str) -> tuple[str, ...]:
    return tuple(_code(word, place) for word in words(texts))


def _ignorable(texts: Iterable[str], place: str) -> tuple[str, ...]:
    found = _codes(texts, place)
    for word, code in zip(words(texts), found, strict=True):
        if covered(code) <= NEVER_IGNORED:
            raise UsageError(f"{place}: {word} cannot be ignored", help=_WHY)
    return found


def _code(word: str, place: str) -> str:
    try:
        return code_prefix(word)
    except UsageError as error:
        raise UsageError(f"{place}: {error}", help=error.help) from None
