"""Functions defined in a loop see the loop's names as they are when the function runs: after the last turn."""

from __future__ import annotations

import ast
from collections.abc import Set

from flowstone.fixes.signatures import add_default
from flowstone.frontend.declarations import Function
from flowstone.frontend.findings import Findings
from flowstone.frontend.functions import parameters
from flowstone.frontend.modules import Module
from flowstone.frontend.tree import walk


def check_late_binding(function: Function, loop_names: Set[str], module: Module, findings: Findings) -> None:
    """Note where the body of a declared function reads a name that changes from turn to turn."""
    if not loop_names:
        return
    own = {parameter.arg for parameter, _ in parameters(function.args)}
    nodes = [node for statement in function.body for node in walk(statement) if isinstance(node, ast.Name)]
    own |= {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if node.id in loop_names and node.id not in own and node.id != function.name:
            findings.error(
                "FS012",
                f"'{function.name}' reads '{node.id}' when it runs, and by then the loop has ended",
                module.span(node),
                help=f"add a parameter that keeps the value: {node.id}={node.id}",
                fix=add_default(module.name_span(function), node.id),
                related=[(module.name_span(function), "the function is defined in the loop")],
            )
