"""What the import of each source module does besides defining things, as facts with places."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flowstone.frontend.bodies.import_work import import_work
from flowstone.frontend.modules import Module
from flowstone.frontend.names import External, Names
from flowstone.frontend.places import location
from flowstone.ir.body import BodyFact


def import_facts(module: Module, names: Names, told: Collection[int]) -> Iterator[BodyFact]:
    """What is done when a module is imported, but on lines of which a finding tells already."""
    for work in import_work(module.tree, module.source):
        if work.dotted and not isinstance(names.dotted(work.dotted), External):  # the project has such a module
            continue
        place = location(module.span(work.node))
        if place.line not in told:
            yield BodyFact(
                kind="runs on import",
                owner_kind="module",
                owner=module.name,
                location=place,
                what=work.what,
                reach=work.reach,
                inside=None if work.inside is None else location(module.span(work.inside)),
            )
