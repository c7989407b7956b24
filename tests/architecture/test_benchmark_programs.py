"""Programs of benchmarks run in processes of their own, where no type checker looks: what they import is there."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[2] / "benchmarks" / "programs").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_a_program_imports_of_flowstone_is_there(program):
    tree = ast.parse(program.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [
        (node.module, alias.name) for node in imports for alias in node.names if "flowstone" in (node.module or "")
    ]
    missing = [f"{module}.{name}" for module, name in names if not hasattr(import_module(module), name)]
    assert missing == []
