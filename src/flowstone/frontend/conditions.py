"""The functions that say whether a value has to be approved: found by their names, in the module of the asset."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell
from flowstone.frontend.drafts import Draft
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module


def check_condition(draft: Draft, findings: Findings) -> None:
    """Note a checkpoint whose ``when`` names no function, or one that is async."""
    approval = draft.keywords.values.get("checkpoint")
    if approval is None or approval.when is None:
        return
    module = draft.declared.scope.module
    known = dict(_functions(module))
    if known.get(approval.when, False):
        return
    span = draft.keywords.spans["checkpoint"]
    message = f"the checkpoint of '{draft.name}' asks '{approval.when}', and there is no such function in the module"
    near = nearest(approval.when, known)
    hint = did_you_mean(approval.when, known) or "write the name of a function of this module that takes the value"
    if approval.when in known:
        message = f"the checkpoint of '{draft.name}' asks '{approval.when}', which is async"
        near, hint = None, "write a plain function: it is called with the value"
    fix = None if near is None else respell(span, approval.when, near, argument="when")
    findings.error("FS516", message, span, help=hint, fix=fix)


def _functions(module: Module) -> Iterator[tuple[str, bool]]:
    """Names at the top of a module that are, or may be, functions; and whether they can be called with a value."""
    for statement in module.tree.body:
        for node in ast.walk(statement) if isinstance(statement, ast.If | ast.Try) else (statement,):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, isinstance(node, ast.FunctionDef)
            elif isinstance(node, ast.ImportFrom):
                yield from ((alias.asname or alias.name, True) for alias in node.names)
            elif isinstance(node, ast.Assign):
                yield from ((target.id, True) for target in node.targets if isinstance(target, ast.Name))
