"""Renaming an asset, a resource or a job over the whole project, or refusing it with the reason.

The edits are proved before they are given: the project that they make must be the old one with another name in it.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from flowstone.checks import judge
from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.edits import apply_all
from flowstone.frontend import load
from flowstone.frontend.drafts import MAX_NAME
from flowstone.frontend.files import UnreadableError, source_files
from flowstone.frontend.modules import Module
from flowstone.ir.asset import Step
from flowstone.ir.project import Project
from flowstone.lsp.literals import part
from flowstone.lsp.mentions import Declaration, Mention, Target, functions
from flowstone.lsp.names import ProjectNames
from flowstone.lsp.python_names import PythonName, UnclearError, keyword_places, places
from flowstone.lsp.scopes import Function, hides
from flowstone.lsp.session import Session
from flowstone.lsp.shape import shape

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JOB_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BY_NAME = frozenset({"locals", "vars", "eval", "exec"})
"""Functions that see names as texts."""


class RefusedError(Exception):
    """The name cannot be changed safely; the text says why."""


def place_to_rename(names: ProjectNames, mention: Mention) -> tuple[Span, Target]:
    """The part of a place that is the name itself, and what is renamed. Errors: RefusedError."""
    target = _only_target(mention)
    if mention.role == "alias":
        raise RefusedError(f"this is another name for '{target.id}'; rename it where it is declared")
    if mention.role == "function":
        raise RefusedError(f"the name of '{target.id}' is not that of its function; rename it at name=")
    if target.kind in ("check", "sensor"):
        raise RefusedError(f"a {target.kind} is used nowhere else: rename its function")
    _declaration(names, target)
    return _own_part(mention.span, target), target


def rename(session: Session, names: ProjectNames, target: Target, new: str) -> list[Edit]:
    """The edits that give something another name, everywhere. Errors: RefusedError."""
    project = names.project
    if project is None or session.settings is None or session.loaded is None:
        raise RefusedError("the project cannot be read: correct its configuration first")
    if session.broken or any(item.code in ("FS001", "FS002", "FS010") for item in session.findings):
        raise RefusedError("some files cannot be parsed: correct them first")
    if new == target.name:
        return []
    _check_name(project, target, new)
    edits = [Edit(span, new) for span in dict.fromkeys(_spans(session, names, target, new))]
    _prove(session, project, edits, target, new)
    return edits


def _only_target(mention: Mention) -> Target:
    if len(mention.targets) > 1:
        every = ", ".join(f"'{item.id}'" for item in mention.targets)
        raise RefusedError(f"this place means several: {every}")
    return mention.targets[0]


def _own_part(span: Span, target: Target) -> Span:
    """The last part of a name with a namespace."""
    length = span.end_column - span.column
    return part(span, length - len(target.name), length)


def _check_name(project: Project, target: Target, new: str) -> None:
    pattern = _JOB_NAME if target.kind == "job" else _NAME
    if not pattern.fullmatch(new) or len(new) > MAX_NAME:
        raise RefusedError(
            f"'{new}' cannot be the name of {_one(target.kind)}: use letters A-Z and a-z, digits and '_'"
        )
    if keyword.iskeyword(new):
        raise RefusedError(f"'{new}' is a word of Python")
    prefix = target.id[: -len(target.name)]
    everything = {"asset": [*project.assets], "resource": [*project.resources], "job": [*project.jobs]}
    known = everything[target.kind]
    if prefix + new in known:
        raise RefusedError(f"there is {_one(target.kind)} '{prefix}{new}' already")
    if target.kind != "job" and new in {*project.resources, *(item.name for item in project.assets.values())}:
        raise RefusedError(f"something else has the name '{new}' already")


def _declaration(names: ProjectNames, target: Target) -> Mention | None:
    """Where the name is written when it is declared; None for a job. Errors: RefusedError."""
    project, span = names.project, names.declaration(target)
    if project is None or span is None:
        raise RefusedError(f"'{target.id}' is not declared in the project")
    found = [item for item in names.in_file(span.file) if item.role == "declaration" and target in item.targets]
    if not found:
        raise RefusedError(f"the name of '{target.id}' is computed at {span.file}:{span.line}")
    if len(found) > 1 or len(found[0].targets) > 1:
        raise RefusedError(f"'{target.id}' is declared by a loop or a factory at {span.file}:{span.line}")
    if target.kind == "job":
        return found[0]
    item = declared(project, target)
    if isinstance(item, Step) and "outputs" in item.keywords:
        raise RefusedError(f"'{target.id}' is one of several outputs: its function returns it under this name")
    if item.function.module != item.function.defined_in:
        raise RefusedError(f"'{target.id}' is declared by a factory at {span.file}:{span.line}")
    return found[0]


def declared(project: Project, target: Target) -> Declaration:
    """The step or resource that a name belongs to."""
    if target.kind == "resource":
        return project.resources[target.id]
    return project.steps[project.assets[target.id].step]


# -- where the name stands -----------------------------------------------------------------------------------------


def _spans(session: Session, names: ProjectNames, target: Target, new: str) -> Iterator[Span]:
    declaration = _declaration(names, target)
    assert declaration is not None
    yield _own_part(declaration.span, target)
    yield from _mentioned(names, target)
    if target.kind == "job":
        return
    project = names.project
    assert project is not None
    _check_configuration(session, project, target)
    modules = _modules(session, target.name)
    users = set(_check_functions(names, project, target, new))
    for spans in keyword_places(modules, users, target.name).values():
        yield from spans
    item = declared(project, target)
    if declaration.span == names.function_span(item):
        yield from _python_spans(modules, PythonName(item.function.defined_in, target.name), new)


def _mentioned(names: ProjectNames, target: Target) -> Iterator[Span]:
    """The name wherever else it is written. Errors: RefusedError if an expression makes it."""
    for mention in names.references(target):
        if mention.role == "use":
            raise RefusedError(
                f"the name comes out of an expression at {mention.span.file}:{mention.span.line}: rename it by hand"
            )
        if mention.role != "alias":
            _only_target(mention)
            yield _own_part(mention.span, target)


def _check_configuration(session: Session, project: Project, target: Target) -> None:
    if target.id in project.params:
        origins = session.settings.origins if session.settings else {}
        place = next((text for key, text in origins.items() if key.startswith(f"params.{target.id}.")), "")
        raise RefusedError(f"the configuration has values for '{target.id}' ({place}): rename it there first")


def _check_functions(names: ProjectNames, project: Project, target: Target, new: str) -> Iterator[str]:
    """The names of the functions with a parameter of the name. Errors: RefusedError if the new name is taken in one."""
    for function, place, signature in functions(project):
        bound = {each.parameter for each in signature.dependencies if each.asset == target.id}
        if target.kind == "resource":
            bound = {each.parameter for each in signature.resources if each.resource == target.id}
        if target.name not in bound:
            continue
        node = names.function(place)
        where = f"'{function.name}' ({place})"
        if node is None or hides(node, target.name) or _BY_NAME & set(_words(node)):
            raise RefusedError(f"the uses of '{target.name}' in {where} cannot all be seen")
        if new in _words(node):
            raise RefusedError(f"{where} has a variable '{new}' already")
        yield function.name


def _words(node: Function) -> Iterator[str]:
    for item in (item for item in ast.walk(node) if not isinstance(item, ast.keyword)):
        for name in ("id", "arg", "name", "asname", "rest"):
            value = getattr(item, name, None)
            if isinstance(value, str):
                yield value


def _python_spans(modules: dict[str, Module], wanted: PythonName, new: str) -> Iterator[Span]:
    """The uses of the function itself. Errors: RefusedError."""
    try:
        found = places(modules, wanted)
    except UnclearError as error:
        raise RefusedError(f"{error}: rename it by hand") from None
    for path, spans in found.items():
        if new in _module_words(modules[path].tree):
            raise RefusedError(f"'{path}' has the name '{new}' already")
        yield from spans


def _module_words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def _modules(session: Session, word: str) -> dict[str, Module]:
    """Every Python file in the project's folder that has the word, parsed; tests and scripts are among them."""
    assert session.settings is not None and session.loaded is not None
    texts = dict(session.loaded.sources)
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    for file in _python_files(session):
        path = file.relative_to(session.root).as_posix()
        if path not in texts:
            text = session.text(path)
            if text is not None:
                texts[path] = text
    found: dict[str, Module] = {}
    for path, text in texts.items():
        if word in text and pattern.search(text):
            found[path] = _parsed(session, path, text)
    return found


def _python_files(session: Session) -> Iterable[Path]:
    try:
        return [file for file in source_files(session.root) if file.is_relative_to(session.root)]
    except UnreadableError as error:
        raise RefusedError(f"the project's folder {error.reason}") from None


def _parsed(session: Session, path: str, text: str) -> Module:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RefusedError(f"'{path}' has the name and cannot be parsed") from None
    return Module(_module_name(session, path), path, text, tree, path.endswith("__init__.py"))


def _module_name(session: Session, path: str) -> str:
    """The dotted name under which a file is imported."""
    assert session.settings is not None
    roots = ["" if root == "." else f"{root}/" for root in session.settings.import_roots]
    fitting = max((root for root in roots if path.startswith(root)), key=len, default="")
    name = path.removeprefix(fitting).removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


# -- the proof -----------------------------------------------------------------------------------------------------


def _prove(session: Session, project: Project, edits: list[Edit], target: Target, new: str) -> None:
    """Errors: RefusedError if the edits change anything but the name."""
    assert session.settings is not None and session.loaded is not None
    texts = {edit.span.file: session.text(edit.span.file) for edit in edits}
    old = {path: text for path, text in texts.items() if text is not None}
    for edit in edits:
        line = old[edit.span.file].split("\n")[edit.span.line - 1]
        if line[edit.span.column - 1 : edit.span.end_column - 1] != target.name:
            raise RefusedError(f"the name cannot be found at {edit.span.file}:{edit.span.line}")
    changed = apply_all(old, edits)
    sources = {**session.loaded.sources, **{path: changed[path] for path in changed if path in session.loaded.sources}}
    loaded = load(session.settings, fingerprints=False, texts=sources)
    if shape(loaded.project) != shape(project, target, new):
        raise RefusedError(f"'{new}' would change what depends on what")
    judged = judge(session.loaded, session.settings)
    left = Counter((item.code, item.span.file) for item in judged.diagnostics)
    for item in judge(loaded, session.settings, judged).diagnostics:
        left[item.code, item.span.file] -= 1
        if left[item.code, item.span.file] < 0:
            raise RefusedError(f"'{new}' would lead to a finding: {item.message}")


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
