"""``flowstone explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from flowstone.errors import UsageError

if TYPE_CHECKING:
    from flowstone.checks.rule import Rule


@click.command("explain")
@click.argument("code", nargs=-1, metavar="[CODE]...")
@click.option("--all", "all_codes", is_flag=True, help="Explain every diagnostic.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(code: tuple[str, ...], all_codes: bool, output_format: str) -> None:
    """Tell what a diagnostic means, why it matters, and show a bad and a good example.

    CODE is a code, such as FS202, or a name, such as cycle. Without one, the codes are listed.
    """
    from flowstone.checks.catalog import all_rules, rule

    if code and all_codes:
        raise UsageError("either name codes or write --all")
    rules = tuple(map(rule, code)) if code else all_rules()
    if output_format == "json":
        import json

        click.echo(json.dumps(list(map(_to_json, rules)), indent=2))
    elif code or all_codes:
        click.echo("\n\n".join("\n".join(_lines(rule)) for rule in rules))
    else:
        click.echo("\n".join(_list(rules)))


def _to_json(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": str(rule.severity),
        "summary": rule.summary,
        "why": rule.why,
        "fixes": [{"what": remedy.what, "safe": remedy.safe} for remedy in rule.fixes],
        "bad": rule.files(bad=True),
        "good": rule.files(bad=False),
    }


def _list(rules: Sequence[Rule]) -> Iterator[str]:
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        yield f"{rule.code}  {rule.name:<{width}}  {rule.summary}"


def _lines(rule: Rule) -> Iterator[str]:
    from textwrap import fill

    from flowstone.checks.selection import NEVER_IGNORED

    yield f"{rule.code} {rule.name} ({rule.severity})"
    yield ""
    yield f"{rule.summary}."
    if rule.code in NEVER_IGNORED:
        yield ""
        yield "It cannot be ignored: what it is about cannot be carried out, or had to be left out of the project."
    if rule.strict:
        yield ""
        yield f"It is shown by `flowstone check --strict`, or where {rule.code} itself is selected."
    yield ""
    yield fill(rule.why, 100)
    for remedy in rule.fixes:
        yield ""
        yield f"Fix ({remedy.kind}): {remedy.what}."
    for title, files in (("Bad", rule.files(bad=True)), ("Good", rule.files(bad=False))):
        for path, text in files.items():
            if path.endswith(".toml") and not rule.config:
                continue
            yield ""
            yield f"{title}: {path}"
            yield ""
            yield from (f"    {line}".rstrip() for line in _shortened(text))


def _shortened(text: str) -> list[str]:
    """Lines of an example; some hold a very long one on purpose."""
    return [line if len(line) <= 120 else f"{line[:80]} ..." for line in text.splitlines()]
