"""Secrets that are written into code, as facts of the intermediate representation."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.frontend.bodies.written_secrets import written_secrets
from flowstone.frontend.modules import Module
from flowstone.frontend.places import location
from flowstone.ir.body import BodyFact


def secret_facts(module: Module) -> Iterator[BodyFact]:
    """The secrets of a module as facts with places."""
    for written in written_secrets(module.tree, module.source):
        yield BodyFact(
            kind="secret" if written.certainty == "sure" else "likely secret",
            owner_kind="module",
            owner=module.name,
            location=location(module.span(written.node)),
            what=written.name,
        )
