"""The layers of the configuration, each as flat values by path: defaults, file, profile, variables, command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from msgspec import Struct, field

from flowstone.config.environment import (
    IO_MANAGERS,
    PARAMS,
    PREFIX,
    RESERVED,
    io_manager_overrides,
    override_value,
    param_overrides,
    spelling,
)
from flowstone.config.files import ConfigFile
from flowstone.config.schema import (
    KEYS,
    PROFILES,
    SECTIONS,
    TABLES,
    TOP_LEVEL,
    Table,
    is_unicode,
    matches,
)
from flowstone.diagnostics.suggest import did_you_mean

Path = tuple[str, ...]

SEVERITY = f"{PREFIX}SEVERITY__"
CONCURRENCY = f"{PREFIX}CONCURRENCY__"


class Entry(Struct, frozen=True):
    """One value, and where it comes from."""

    value: Any
    origin: str
    place: str
    """Where it stands, for messages: the origin without the profile's name."""


class Layers(Struct):
    """What has been read so far: later layers replace what earlier ones said, value by value."""

    entries: dict[Path, Entry] = field(default_factory=dict)
    problems: list[tuple[str, str | None]] = field(default_factory=list)
    """Messages with their help."""

    def add_default(self, path: Path, value: Any, origin: str = "default") -> None:
        """A value that holds if nothing else is said."""
        self.entries[path] = Entry(value, origin, origin)

    def add_file(self, file: ConfigFile, profile: str | None = None) -> None:
        """The file's base, or one of its profiles."""
        self._add(_file_layer(file, profile), in_profile=profile is not None)

    def judge_profile(self, file: ConfigFile, profile: str) -> None:
        """Note the mistakes of a profile that does not take part."""
        self._sound(_file_layer(file, profile), in_profile=True)

    def add_environment(self, environment: Mapping[str, str]) -> None:
        """The variables ``FLOWSTONE_*``. Errors: ConfigurationError for one that names no value."""
        layer: dict[Path, Entry] = {}
        environment = self._readable(environment)
        for variable in sorted(environment):
            name = variable.upper()
            if not name.startswith(PREFIX) or name in RESERVED or name.startswith((IO_MANAGERS, PARAMS)):
                continue
            key = KEYS.get(name.removeprefix(PREFIX).lower().replace("__", "."))
            if name.startswith(SEVERITY) and name != SEVERITY:
                layer["severity", _code(name.removeprefix(SEVERITY))] = _variable(variable, environment[variable])
            elif name.startswith(CONCURRENCY) and name != CONCURRENCY:
                limit = spelling(name.removeprefix(CONCURRENCY), self.single("concurrency"))
                layer["concurrency", limit] = _variable(variable, override_value(environment[variable], 0))
            elif key is None:
                self.problem(f"the variable {variable} means nothing to FlowStone", _nearest_variable(name))
            else:
                path = tuple(name.removeprefix(PREFIX).lower().split("__"))
                layer[path] = _variable(variable, key.from_text(environment[variable]))
        for table, overrides in (
            ("io_managers", io_manager_overrides(environment, self.tables("io_managers"))),
            ("params", param_overrides(environment, self.tables("params"))),
        ):
            for override in overrides:
                layer[(table, *override.path)] = _variable(override.variable, override.value)
        self._add(layer)

    def _readable(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Our variables that are text. The mistakes in the others are noted."""
        found = {}
        for variable, value in environment.items():
            if not variable.upper().startswith(PREFIX):
                continue
            if is_unicode(value):
                found[variable] = value
            else:
                self.problem(f"the variable {variable} is no text", "write it in UTF-8")
        return found

    def add_options(self, options: Mapping[str, str]) -> None:
        """Values of the command line by dotted key, such as ``run.workers`` or ``params.step.parameter``."""
        layer: dict[Path, Entry] = {}
        for key, text in options.items():
            path, value = self._option(key, text)
            layer[path] = Entry(value, "command line", "command line")
        self._add(layer)

    def single(self, name: str) -> dict[str, Any]:
        """The values of a table with one level of names."""
        return {path[1]: entry.value for path, entry in self.entries.items() if path[0] == name}

    def tables(self, name: str) -> dict[str, dict[str, Any]]:
        """The values of a table with two levels of names."""
        found: dict[str, dict[str, Any]] = {}
        for path, entry in self.entries.items():
            if path[0] == name:
                found.setdefault(path[1], {})[path[2]] = entry.value
        return found

    def problem(self, message: str, help: str | None = None) -> None:
        """Note a mistake; the loader tells all of them together."""
        self.problems.append((message, help))

    def _option(self, key: str, text: str) -> tuple[Path, Any]:
        if key in KEYS:
            return tuple(key.split(".")), KEYS[key].from_text(text)
        table, _, rest = key.partition(".")
        name, _, last = rest.rpartition(".")
        path = tuple(part for part in (table, name, last) if part)
        old = self.entries.get(path)
        return path, override_value(text, None if old is None else old.value)

    def _add(self, layer: Mapping[Path, Entry], *, in_profile: bool = False) -> None:
        sound = self._sound(layer, in_profile=in_profile)
        self._drop_options_of_other_types(sound)
        self.entries.update(sound)

    def _sound(self, layer: Mapping[Path, Entry], *, in_profile: bool) -> dict[Path, Entry]:
        """The values without mistakes; the others are noted."""
        sound: dict[Path, Entry] = {}
        for path, entry in layer.items():
            problem = _problem(path, entry, in_profile=in_profile)
            if problem is None:
                sound[path] = entry
            else:
                self.problem(*problem)
        return sound

    def _drop_options_of_other_types(self, layer: Mapping[Path, Entry]) -> None:
        """A layer that gives an IO manager another type starts it anew: the old type's options mean nothing to it."""
        for path, entry in layer.items():
            if path[0] == "io_managers" and path[2:] == ("type",):
                old = self.entries.get(path)
                if old is not None and old.value != entry.value:
                    for gone in [other for other in self.entries if other[:2] == path[:2]]:
                        del self.entries[gone]


def _file_layer(file: ConfigFile, profile: str | None) -> dict[Path, Entry]:
    base: Path = () if profile is None else ("profiles", profile)
    table = file.table if profile is None else file.table["profiles"][profile]
    layer: dict[Path, Entry] = {}
    for path, value in _leaves(table, in_profile=profile is not None):
        place = file.place(*base, *path)
        origin = place if profile is None else f"profile {profile} ({place})"
        layer[path] = Entry(_plain(value), origin, place)
    return layer


def _leaves(table: Mapping[str, Any], *, in_profile: bool) -> Iterator[tuple[Path, Any]]:
    """The values of a configuration table by path: tables that FlowStone knows are entered, others are values."""
    for key, value in table.items():
        if key == PROFILES and not in_profile:
            continue
        depth = 1 if key in SECTIONS else len(TABLES[key].names) if key in TABLES else 0
        yield from _inside((key,), value, depth)


def _inside(path: Path, value: Any, depth: int) -> Iterator[tuple[Path, Any]]:
    if depth == 0 or not isinstance(value, dict):
        yield path, value
        return
    for name, item in value.items():
        yield from _inside((*path, name), item, depth - 1)


def _plain(value: Any) -> Any:
    """A value of TOML as one of JSON: dates and times become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _problem(path: Path, entry: Entry, *, in_profile: bool) -> tuple[str, str | None] | None:
    dotted = ".".join(path)
    if path[0] in TABLES:
        return _table_problem(path, entry, TABLES[path[0]])
    key = KEYS.get(dotted)
    if key is None:
        if path[0] in SECTIONS and len(path) == 1:
            return f"{entry.place}: {dotted!r} must be a table", None
        return _unknown_key(path, entry, in_profile=in_profile)
    if not key.accepts(entry.value):
        return f"{entry.place}: {dotted!r} must be {key.expected}, not {entry.value!r}", None
    return None


def _unknown_key(path: Path, entry: Entry, *, in_profile: bool) -> tuple[str, str | None]:
    if len(path) == 1:
        known: tuple[str, ...] = tuple(key for key in TOP_LEVEL if not (in_profile and key == PROFILES))
    else:
        known = tuple(key.partition(".")[2] for key in KEYS if key.startswith(f"{path[0]}."))
    hint = did_you_mean(path[-1], known) or f"there are: {', '.join(sorted(known))}"
    return f"{entry.place}: unknown key {'.'.join(path)!r}", hint


def _table_problem(path: Path, entry: Entry, table: Table) -> tuple[str, str | None] | None:
    where = f"{entry.place}: {'.'.join(path)!r}"
    if len(path) <= len(table.names):
        return f"{where} must be a table", f"{table.entry} is written {'.'.join((path[0], *table.names))} = value"
    for kind, name in zip(table.names, path[1:], strict=True):
        pattern, expected = table.patterns.get(kind, ("", ""))
        if not matches(pattern, name):
            return f"{where}: {name!r} must be {expected}", None
    if path[0] == "io_managers" and path[2] == "type" and not isinstance(entry.value, str):
        return f"{where} must be a text", None
    if not table.value.accepts(entry.value):
        return f"{where} must be {table.value.expected}, not {entry.value!r}", None
    return None


def _code(text: str) -> str:
    """The code or name that the end of a variable's name stands for: ``FS301``, ``TYPE_MISMATCH``."""
    return text if matches("^FS[0-9]*$", text) else text.lower().replace("_", "-")


def _variable(variable: str, value: Any) -> Entry:
    return Entry(value, f"environment {variable}", f"environment {variable}")


def _nearest_variable(name: str) -> str | None:
    known = {PREFIX + key.replace(".", "__").upper() for key in KEYS} | RESERVED
    return did_you_mean(name, known) or f"write {IO_MANAGERS}NAME__OPTION, {PARAMS}STEP__PARAMETER or unset it"
