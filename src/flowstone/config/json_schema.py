"""The configuration's JSON schema, for editors that complete and check TOML by one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from flowstone.config.schema import KEYS, PROFILES, SECTIONS, TABLES, Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of ``flowstone.toml``, which is that of ``[tool.flowstone]`` in ``pyproject.toml``."""
    profile = {"type": "object", "properties": _properties(), "additionalProperties": False}
    description = "A profile: what it says replaces what is said outside of profiles."
    return {
        "$schema": DIALECT,
        "title": "Configuration of FlowStone",
        "type": "object",
        "properties": {
            **_properties(),
            PROFILES: {"type": "object", "additionalProperties": {"$ref": "#/$defs/profile"}},
        },
        "additionalProperties": False,
        "$defs": {"profile": {"description": description, **profile}},
    }


def _properties() -> dict[str, Any]:
    found: dict[str, Any] = {name: _section(name) if name in SECTIONS else {} for name in _first_names()}
    for name, key in KEYS.items():
        if name in found:
            found[name] = {"description": key.description, **key.schema}
    return {**found, **{name: _table(table) for name, table in TABLES.items()}}


def _first_names() -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] for name in KEYS))


def _section(section: str) -> dict[str, Any]:
    keys = {name.partition(".")[2]: key for name, key in KEYS.items() if name.startswith(f"{section}.")}
    properties = {name: {"description": key.description, **key.schema} for name, key in keys.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _table(table: Table) -> dict[str, Any]:
    value: Mapping[str, Any] = table.value.schema
    nested: Mapping[str, Any] = reduce(lambda inner, name: _level(table, name, inner), reversed(table.names), value)
    return {"description": table.description, **nested}


def _level(table: Table, name: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    level: dict[str, Any] = {"type": "object", "additionalProperties": inner}
    if name in table.patterns:
        level["propertyNames"] = {"pattern": table.patterns[name][0]}
    if name == "OPTION":
        level["properties"] = {"type": {"type": "string"}}
    return level
