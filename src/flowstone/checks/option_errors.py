"""Pydantic's errors about options of IO managers, sorted into missing, unknown and invalid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from pydantic import ValidationError

from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Span
from flowstone.diagnostics.suggest import nearest
from flowstone.frontend.secrets import looks_secret
from flowstone.io.contract import Options
from flowstone.ir.asset import Asset
from flowstone.ir.node import Location
from flowstone.ir.reference import is_reference

Kind = Literal["missing", "unknown", "invalid"]

_LISTS = "should be '"
"""Stands in the reason where there are only certain values."""


class OptionError(Struct, frozen=True):
    """One option that is wrong."""

    kind: Kind
    owner: str
    """``asset 'orders'`` or ``IO manager 'lake'``."""
    option: str
    """Dotted name; empty if it is about several."""
    reason: str
    manager_type: str
    accepted: tuple[str, ...]
    """Names of the options that there are."""
    at: Location | Span
    meant: tuple[str, str] | None = None
    """What was written, and the one of the values that there are which is clearly meant."""


def option_errors(subject: Subject, kind: Kind) -> Iterator[OptionError]:
    """The errors of one kind in the options of assets and in the configuration of IO managers."""
    for asset_id, options in subject.options.items():
        if isinstance(options, ValidationError):
            yield from _of_asset(subject, subject.project.assets[asset_id], options, kind)
    for name in subject.managers:
        yield from _of_configuration(subject, name, kind)


def _of_configuration(subject: Subject, name: str, kind: Kind) -> Iterator[OptionError]:
    manager, config = subject.managers[name], subject.project.io_managers[name]
    try:
        manager.Config.model_validate(config.options)
    except ValidationError as error:
        for found, option, reason in _split(error):
            if found == kind and not (found == "invalid" and _in_reference(config.options, option)):
                if looks_secret(option, config.options.get(option)):
                    reason = "the value is refused (it looks like a secret, and is not shown)"
                at = subject.configured(f"io_managers.{name}.{option}")
                accepted = _names(manager.Config)
                yield OptionError(kind, f"IO manager {name!r}", option, reason, config.type, accepted, at)


def _in_reference(options: Mapping[str, object], option: str) -> bool:
    """Whether what is at an option, a dotted name, or what holds it, stands for a value that only workers know."""
    value: object = options
    for name in option.split("."):
        value = value.get(name) if isinstance(value, dict) else None
        if is_reference(value):
            return True
    return False


def _of_asset(subject: Subject, asset: Asset, error: ValidationError, kind: Kind) -> Iterator[OptionError]:
    name = asset.storage.manager
    accepted = _names(subject.managers[name].AssetOptions)
    for found, option, reason in _split(error):
        if found == kind:
            top = option.partition(".")[0]
            at = subject.keyword(asset, top, "io", "io_manager") if top else asset.location
            if found == "missing":
                at = subject.keyword(asset, "io_manager")
            kind_of_manager = subject.project.io_managers[name].type
            meant = _meant(asset.storage.options.get(option), reason)
            yield OptionError(kind, f"asset {asset.id!r}", option, reason, kind_of_manager, accepted, at, meant)


def _meant(value: object, reason: str) -> tuple[str, str] | None:
    """A misspelt value, and the nearest of those that the reason lists."""
    near = nearest(value, re.findall("'([^']+)'", reason)) if isinstance(value, str) and _LISTS in reason else None
    return (value, near) if isinstance(value, str) and near is not None else None


def _split(error: ValidationError) -> Iterator[tuple[Kind, str, str]]:
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        option = ".".join(map(str, item["loc"]))
        kind: Kind = {"missing": "missing", "extra_forbidden": "unknown"}.get(item["type"], "invalid")  # type: ignore[assignment]
        reason = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        yield kind, option, reason[:1].lower() + reason[1:]


def _names(model: type[Options]) -> tuple[str, ...]:
    return tuple(sorted(field.alias or name for name, field in model.model_fields.items()))
