"""FS104: two resources of one name."""

from flowstone.checks.rule import Rule

_DATABASE = """\
from flowstone import resource


@resource
def database() -> str:
    return "sqlite://"
"""

RULE = Rule(
    code="FS104",
    name="duplicate-resource",
    summary="Two resources have the same name",
    why="A parameter of that name would be given one or the other.",
    bad={
        "pipelines/database.py": _DATABASE,
        "pipelines/shop.py": _DATABASE.replace("str:", "str:  # <- here"),
    },
    good={
        "pipelines/database.py": _DATABASE,
        "pipelines/shop.py": _DATABASE.replace("def database", "def shop_database"),
    },
)
