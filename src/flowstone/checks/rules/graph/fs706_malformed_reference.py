"""FS706: a reference to an environment variable that names none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.node import Json

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 20


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    values = {f"io_managers.{name}": manager.options for name, manager in project.io_managers.items()}
    values.update({f"params.{owner}": given for owner, given in project.params.items()})
    for key, value in values.items():
        for path, reason in _malformed(value, key, 0):
            yield Finding(
                f"{path} {reason}",
                subject.configured(path),
                help='write { env = "NAME" } with the name of a variable, such as WAREHOUSE_DSN',
            )


def _malformed(value: Json, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    if len(value) == 1 and depth and (reason := _reason(*next(iter(value.items())))) is not None:
        yield path, reason
        return
    for name, item in value.items():
        yield from _malformed(item, f"{path}.{name}", depth + 1)


def _reason(key: str, variable: Json) -> str | None:
    if key == "env":
        if isinstance(variable, str) and _VARIABLE.fullmatch(variable):
            return None
        return "refers to an environment variable, but names none"
    if key.lower() == "env" and isinstance(variable, str):
        return f"looks like a reference, but the word is 'env' and not {key!r}"
    return None


_ORDERS = """\
from flowstone import asset


@asset
def orders(url: str = "") -> str:
    return url
"""

RULE = Rule(
    code="FS706",
    name="malformed-reference",
    summary="A reference to an environment variable in the configuration names none",
    why="There can be no such variable, so that every run would end before the first asset.",
    bad=_ORDERS,
    good=_ORDERS,
    check=check,
    config="""\
[params.orders]
url = { env = "" }  # <- here
""",
    good_config="""\
[params.orders]
url = { env = "ORDERS_URL" }
""",
)
