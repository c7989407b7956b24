"""Walking syntax trees."""

import ast
from pathlib import Path

import pytest

from flowstone.frontend.tree import walk


@pytest.mark.parametrize("path", sorted(Path(ast.__file__).parent.glob("[a-d]*.py")), ids=lambda path: path.name)
def test_every_node_is_met_exactly_as_often_as_by_the_standard_library(path):
    tree = ast.parse(path.read_text())
    wanted = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context | ast.operator)]
    assert sorted(map(id, walk(tree))) == sorted(map(id, wanted))
