"""The Jinja environment of all targets. Python decides, templates print.

Templates get data that is ready to be printed. Each value passes the filter ``py``, each name ``identifier``, free text
in a docstring ``docstring`` and in a comment ``comment``; the result is clean under ``ruff format`` as it is.
"""

from __future__ import annotations

import ast
import re
import traceback
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flowstone.errors import ConfigurationError
from flowstone.targets.literals import identifier, py

_MISTAKES = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What the expressions of a template can raise, beside Jinja's own errors; bytes that are no text are ValueErrors."""
_BREAKS = re.compile(r"[^\S ]+")


def render(name: str, template_folder: Path | None, **values: Any) -> str:
    """The text of a template such as ``airflow/dag.py.jinja``.

    Templates in ``template_folder`` replace those of the same name that come with FlowStone; they run in a sandbox.
    Errors: ConfigurationError for a template that is not there or cannot be rendered, and for one of the project that
    prints no Python where Python is due.
    """
    try:
        text = _environment(template_folder).get_template(name).render(**values)
    except TemplateError as error:
        raise ConfigurationError(f"template {name}: {_line(error)}{error.message or type(error).__name__}") from error
    except _MISTAKES as error:
        if template_folder is None:
            raise
        raise ConfigurationError(f"template {name}: {_line(error)}{type(error).__name__}: {error}") from error
    if template_folder is not None and name.endswith(".py.jinja"):
        demand_python(name, text, template_folder)
    return text


def demand_python(name: str, text: str, folder: Path) -> None:
    """That what a template printed is Python. Errors: ConfigurationError with the template and the line."""
    try:
        ast.parse(text, filename=name)
    except SyntaxError as error:
        line = text.splitlines()[error.lineno - 1].strip() if error.lineno else ""
        where = f"{_place(folder / name, line)}line {error.lineno} of what it prints is no Python: {error.msg}"
        raise ConfigurationError(f"template {name}: {where}", help=f"the line is: {line}" if line else None) from error
    except ValueError as error:  # of NUL and of halves of characters
        raise ConfigurationError(f"template {name}: what it prints is no Python: {error}") from error


def _place(template: Path, printed: str) -> str:
    """Where a printed line stands in a template, if it stands there as it is, and once."""
    source = template.read_text(encoding="utf-8") if template.is_file() else ""
    lines = [number for number, line in enumerate(source.splitlines(), 1) if line.strip() == printed]
    return f"line {lines[0]}: " if len(lines) == 1 else ""


def _line(error: Exception) -> str:
    """Where in a template something went wrong, if that is known."""
    if isinstance(error, TemplateSyntaxError):
        return f"line {error.lineno}: "
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".jinja")]
    return f"line {frames[-1].lineno}: " if frames else ""


def builtin_folder() -> Path:
    """The templates that come with FlowStone: in the package, or beside ``src`` for an editable install."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parents[1] / "templates"


def _environment(template_folder: Path | None) -> ImmutableSandboxedEnvironment:
    folders = [folder for folder in (template_folder, builtin_folder()) if folder is not None]
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in folders]
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(py=py, identifier=identifier, comment=comment, docstring=docstring)
    return environment


def comment(text: str) -> str:
    """Free text made safe for a comment: one line, without control characters."""
    flat = _BREAKS.sub(" ", text).strip()
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in flat)


def docstring(text: str) -> str:
    """A docstring in triple quotes with this text, whatever is in it, at the left margin."""
    lines = (_inside_quotes(line) for line in text.strip().splitlines())
    body = "\n".join(lines)
    if "\n" in body:
        return f'"""{body}\n"""'
    return f'"""{body}"""'


def _inside_quotes(line: str) -> str:
    """One line of a docstring: backslashes doubled, double quotes as single ones."""
    plain = line.rstrip().replace("\\", "\\\\").replace('"', "'")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in plain)
