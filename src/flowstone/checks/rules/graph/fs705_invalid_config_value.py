"""FS705: a configured value that the parameter cannot take."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.config_values import is_taken
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.reference import is_reference


def check(subject: Subject) -> Iterator[Finding]:
    values = subject.project.params
    for name, signature in subject.signatures() if values else ():
        for parameter in signature.config:
            if parameter.type is None or parameter.name not in values.get(name, {}):
                continue
            value, key = values[name][parameter.name], f"params.{name}.{parameter.name}"
            if subject.is_in_file(key) and not is_reference(value) and not is_taken(parameter.type, value):
                yield Finding(
                    f"the configuration sets {key} to what is no {parameter.type}",
                    subject.configured(key),
                    help=f"{name!r} takes {parameter.name!r} as {parameter.type}",
                    related=((parameter.location, "it is declared here"),),
                )


_ORDERS = """\
from flowstone import asset


@asset
def orders(size: int = 100) -> list[int]:
    return list(range(size))
"""

RULE = Rule(
    code="FS705",
    name="invalid-config-value",
    summary="The configuration sets a config parameter to a value that does not fit its annotation",
    why="The run would be refused when the function is about to be called.",
    bad=_ORDERS,
    good=_ORDERS,
    check=check,
    config="""\
[params.orders]
size = "large"  # <- here
""",
    good_config="""\
[params.orders]
size = 50
""",
)
