"""Whether files change what other modules of the project bind: whoever reads only these files does not see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowstone.config.model import Settings
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import ModuleIndex
from flowstone.frontend.names import Names


def reach_out(settings: Settings, texts: Mapping[str, str], paths: Iterable[str]) -> bool:
    """Whether any of the files at these paths may do so. ``texts`` are those of all files of the project."""
    index = ModuleIndex(settings.root, settings.import_roots, Findings(), texts)
    modules = index.add_files(paths)
    changes = Evaluator(Names(index)).changes
    return any(changes.reaches_out(module) for module in modules)
