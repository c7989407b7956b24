"""Writes the reference pages from the code that they describe: ``python docs/generate.py``, or ``make docs``.

The pages are committed; a test compares them with what this makes.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import io_pages
from writing import code, docs_of_class, escape, first_paragraph, paragraphs, table

import flowstone
from flowstone.checks.catalog import all_rules
from flowstone.checks.rule import Rule
from flowstone.cli.root import COMMANDS, cli
from flowstone.config import load_settings
from flowstone.config.json_schema import json_schema
from flowstone.config.schema import KEYS, TABLES
from flowstone.dsl import vocabulary
from flowstone.frontend.pins import USUAL_FILES
from flowstone.io.contract import IOManager, Options
from flowstone.ir.project import Project
from flowstone.registry import IO_MANAGERS, TARGETS, io_manager_class, target
from flowstone.targets.contract import Capability, Target

FOLDER = Path(__file__).parent / "reference"
FAMILIES = {
    "0": "Reading the source",
    "1": "Definitions",
    "2": "Graph",
    "3": "Types and storage",
    "4": "Partitions",
    "5": "Control flow",
    "6": "Schedules and jobs",
    "7": "Resources and secrets",
    "8": "Targets",
    "9": "Bodies",
}
GENERATED = "<!-- Made by docs/generate.py from the code. Do not edit. -->"
LONGEST_LINE = 120


def pages() -> dict[str, str]:
    """Every reference page by its file name."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "README.md": _index,
        "rules.md": _rules,
        "targets.md": _targets,
        "io-managers.md": _io_managers,
        "types.md": io_pages.types,
        "io-contract.md": io_pages.contract,
        "configuration.md": _configuration,
        "command-line.md": _command_line,
        "words.md": _words,
    }
    texts = {name: _page(lines()) for name, lines in made.items()}
    schemas = {"ir.schema.json": Project.model_json_schema(), "configuration.schema.json": json_schema()}
    return {**texts, **{name: f"{json.dumps(schema, indent=2)}\n" for name, schema in schemas.items()}}


def _page(lines: Iterable[str]) -> str:
    title, *rest = lines
    parts = re.split(r"(^```.*?^```$)", "\n".join([title, "", GENERATED, *rest]), flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [re.sub(r"\n{3,}", "\n\n", text) for text in parts[::2]]  # the others are code
    return "".join(parts).strip() + "\n"


def _index() -> Iterator[str]:
    yield from (
        "# Reference",
        "",
        "- [Words of the language](words.md): what can be imported, keywords of the decorators",
        "- [Rules](rules.md): every diagnostic, with a bad and a good example",
        "- [Targets](targets.md): how each construct is lowered for Airflow, Prefect and the local runner",
        "- [IO managers](io-managers.md) and their options",
        "- [Types](types.md): what each IO manager stores, and as what it loads it",
        "- [The contract of IO managers](io-contract.md), for those who write one",
        "- [Configuration](configuration.md), and its [JSON schema](configuration.schema.json) for editors",
        "- [Command line](command-line.md)",
        "- [ir.schema.json](ir.schema.json): JSON schema of what `flowstone ls --output-format json` prints",
    )


def _rules() -> Iterator[str]:
    rules = all_rules()
    yield "# Rules"
    yield f"\n`flowstone check` knows {len(rules)} diagnostics. `flowstone explain CODE` prints what stands here.\n"
    yield "A comment `# flowstone: ignore[CODE]` hides a finding on its line, `# flowstone: ignore-file[CODE]` those in"
    yield "the file.\n"
    yield "`flowstone check --fix` carries out safe fixes, and with `--unsafe-fixes` those too that are a guess. A"
    yield "finding has one if it is clear what is meant, and if it is written where it can be seen.\n"
    for digit, title in FAMILIES.items():
        of_family = [rule for rule in rules if rule.code[2] == digit]
        yield from table(
            (title, "", "", "fix", ""),
            (
                (f"[{rule.code}](#{_anchor(rule)})", rule.name, _severity(rule), _fixes(rule), f"{rule.summary}.")
                for rule in of_family
            ),
        )
    for rule in rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"\n## {rule.code} {rule.name}\n"
    yield f"{rule.summary}. ({_severity(rule)})\n"
    if rule.strict:
        yield f"Shown by `flowstone check --strict`, or where {rule.code} itself is selected.\n"
    yield f"{rule.why}\n"
    for remedy in rule.fixes:
        yield f"Fix: {remedy.what}. ({remedy.kind})\n"
    for title, files in (("Bad", rule.files(bad=True)), ("Good", rule.files(bad=False))):
        yield f"{title}:\n"
        for path, text in files.items():
            if path.endswith(".toml") and not rule.config:
                continue
            comment = "" if len(files) == 2 and path.endswith(".py") else f"# {path}\n"
            yield from code("toml" if path.endswith(".toml") else "python", comment + _shortened(text))


def _fixes(rule: Rule) -> str:
    return ", ".join(sorted({remedy.kind for remedy in rule.fixes}))


def _severity(rule: Rule) -> str:
    return f"{rule.severity}, strict" if rule.strict else str(rule.severity)


def _anchor(rule: Rule) -> str:
    return f"{rule.code.lower()}-{rule.name}"


def _shortened(text: str) -> str:
    """Some examples hold a very long line, or a character that no page can show, on purpose."""
    lines = [line if len(line) <= LONGEST_LINE else f"{line[:80]} ..." for line in text.splitlines()]
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in "\n".join(lines))


def _targets() -> Iterator[str]:
    yield "# Targets"
    yield "\nHow each construct of the language is lowered. *native*: by a construct of the engine; *runtime*: by"
    yield "FlowStone's runtime, which the engine's task calls; *refused*: compiling stops with the diagnostic FS801.\n"
    yield "`flowstone check --target NAME@VERSION` finds what a version cannot do; with `--explain-target` it prints"
    yield "these lines for what a project uses. Code is generated for the newest version that is listed, and needs it;"
    yield "of older ones it is known what they lack."
    for name in sorted(TARGETS):
        engine: Target = target(name)
        yield f"\n## {name}\n"
        if engine.versions:
            yield f"Versions: {', '.join(f'`{name}@{version}`' for version in engine.versions)}.\n"
        rows = ((escape(item.construct), _how(item), escape(item.note)) for item in engine.capabilities)
        yield from table(("construct", "how", "by"), rows)


def _how(item: Capability) -> str:
    return f"{item.how}, from {item.since}" if item.since else item.how


def _io_managers() -> Iterator[str]:
    yield "# IO managers"
    yield "\nA manager is configured under `[tool.flowstone.io_managers.NAME]` with `type` and its options. Those of an"
    yield "asset are the keywords `bucket`, `path`, `table`, `schema` and `format` of `@asset`, or keys of its `io`."
    for name in sorted(IO_MANAGERS):
        manager = io_manager_class(name)
        yield f"\n## {name}\n"
        yield f"{first_paragraph(manager)}\n"
        yield from _traits(manager)
        yield from _options("Option of the manager", manager.Config)
        yield from _options("Option of an asset", manager.AssetOptions)
    yield from io_pages.urls()


_SHARED = {
    True: "can be read from other machines",
    False: "cannot be read from other machines",
    None: "can be read from other machines if these share the configured place",
}


def _traits(manager: type[IOManager]) -> Iterator[str]:
    traits = manager.traits
    facts = [
        "values outlive the process" if traits.durable else "values live as long as the process",
        _SHARED[traits.shared],
        "one writer at a time" if traits.single_writer else "any number of writers",
    ]
    if manager.extra is not None:
        facts.append(f"needs `pip install 'flowstone[{manager.extra}]'`")
    yield f"{'; '.join(facts).capitalize()}.\n"
    for family in traits.families:
        yield f"Stores each of these, and loads it as any other: {', '.join(f'`{name}`' for name in family)}.\n"


def _options(title: str, model: type[Options]) -> Iterator[str]:
    if not model.model_fields:
        return
    docs = _field_docs(model)
    schema = model.model_json_schema().get("properties", {})
    yield from table(
        (title, "accepts", "default", ""),
        (
            (
                f"`{field.alias or name}`",
                _accepts(schema[field.alias or name]),
                _default(field),
                escape(docs.get(name, "")),
            )
            for name, field in model.model_fields.items()
        ),
    )


def _default(field: Any) -> str:
    return "required" if field.is_required() else "" if field.default is None else f"`{json.dumps(field.default)}`"


def _accepts(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(_accepts(item) for item in schema["anyOf"] if item.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    kind = names.get(schema.get("type", ""), schema.get("type", "any value"))
    return f"{kind} above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else kind


def _field_docs(model: type) -> dict[str, str]:
    """The string under each field, also of the base classes."""
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith("flowstone."):
            docs.update(docs_of_class(base))
    return docs


def _configuration() -> Iterator[str]:
    yield "# Configuration"
    yield "\nA project has one configuration: `[tool.flowstone]` in `pyproject.toml`, or `flowstone.toml` with the keys"
    yield "without that prefix. Unknown keys are errors. `flowstone config show` prints each value and its origin.\n"
    yield "Precedence: command line, then environment, then profile, then base, then default. A variable is the key in"
    yield "upper case behind `FLOWSTONE_`, with `__` for each dot: `FLOWSTONE_RUN__WORKERS=4`,"
    yield "`FLOWSTONE_IO_MANAGERS__LAKE__ROOT=/mnt/lake`, `FLOWSTONE_PARAMS__STEP__PARAMETER=3`.\n"
    defaults = _defaults()
    rows = [(f"`{key}`", item.expected, defaults[key], escape(item.description)) for key, item in KEYS.items()]
    yield from table(("key", "accepts", "default", ""), rows)
    yield "\n## Tables\n"
    tables = [(f"`{'.'.join((name, *table.names[:-1]))}`", table.description) for name, table in TABLES.items()]
    profiles = "the same keys and tables again, for `--profile NAME` or `FLOWSTONE_PROFILE=NAME`"
    tables.append(("`profiles.NAME`", profiles))
    yield from table(("table", "holds"), tables)
    yield "\nAn option of an IO manager that is a text may be a reference to an environment variable, which the worker"
    yield 'reads that needs it: `root = { env = "LAKE_ROOT" }`. Secrets are written so.\n'
    yield "A rule is named by its code, by the beginning of codes or by its name; the longest beginning decides."
    yield "A pattern of paths is relative to the project's folder: `*` is anything within a name, `**` any folders,"
    yield "`{a,b}` one of several; a folder means all that is in it, a pattern without a slash is looked for at any"
    yield "depth, and `!` before a pattern turns it around. See [Find mistakes](../guide/find-mistakes.md).\n"
    yield "`flowstone config schema` prints the [JSON schema](configuration.schema.json) of `flowstone.toml`.\n"
    yield "## Variables that are no keys\n"
    variables = (
        ("`FLOWSTONE_HOME`", "state folder: caches, logs and the default folders of the stores; default `.flowstone`"),
        ("`FLOWSTONE_PROFILE`", "profile, unless `--profile` is given"),
        ("`FLOWSTONE_PROJECT_ROOT`", "where a worker finds the project, if not relative to the manifest"),
        ("`NO_COLOR`", "no colours"),
    )
    yield from table(("variable", ""), variables)


def _defaults() -> dict[str, str]:
    """The default of each key, as the loader makes them of a project that says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "flowstone.toml").write_text('sources = ["."]\n', encoding="utf-8")
        table: dict[str, Any] = load_settings(Path(folder), environment={}).to_json()
    found = {}
    for key in KEYS:
        section, _, rest = key.rpartition(".")
        value = table[section][rest] if section else table[key]
        found[key] = "" if value is None else f"`{json.dumps(value)}`"
    return {
        **found,
        "name": "the name in `[project]`, else the folder's",
        "sources": "must be given",
        "requirements": ", ".join(f"`{name}`" for name in USUAL_FILES),
        "run.workers": "number of processors",
    }


def _command_line() -> Iterator[str]:
    yield "# Command line"
    yield "\nExit codes: 0 done; 1 the thing failed (findings, a failed asset, stale output); 2 it could not be done"
    yield "(usage, configuration, nothing selected); 130 interrupted. Results go to stdout, progress and summaries to"
    yield "stderr."
    context = click.Context(cli, info_name="flowstone")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield from _command(command, context, name)


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from _command(found, context, sub)
        return
    yield f"\n## {context.command_path}\n"
    yield from code("console", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}")
    yield f"{paragraphs(command.help or '')}\n"
    records = [item.get_help_record(context) for item in command.params]
    yield from table(
        ("option", ""), ((f"`{escape(item[0])}`", escape(item[1])) for item in records if item is not None)
    )


def _words() -> Iterator[str]:
    yield "# Words of the language"
    yield "\n`from flowstone import ...`; see [the language](../language.md) for their meaning.\n"
    rows = (
        (f"`{name}`", escape(first_paragraph(getattr(flowstone, name)))) for name in sorted(vocabulary.PUBLIC_NAMES)
    )
    yield from table(("name", ""), rows)
    tables = (
        ("@asset", vocabulary.AssetKeywords),
        ("@resource, @item_reader", vocabulary.ResourceKeywords),
        ("@check", vocabulary.CheckKeywords),
        ("@route", vocabulary.RouteKeywords),
        ("@join", vocabulary.JoinKeywords),
    )
    for title, keywords in tables:
        docs = docs_of_class(keywords)
        yield f"\n## Keywords of `{title}`\n"
        of_keywords = (
            (f"`{name}`", f"`{escape(_annotation(keywords, name))}`", escape(docs.get(name, "")))
            for name in keywords.__annotations__
        )
        yield from table(("keyword", "type", ""), of_keywords)


def _annotation(keywords: type, name: str) -> str:
    annotation = keywords.__annotations__[name]
    return getattr(annotation, "__forward_arg__", str(annotation))


def main() -> None:
    """Write the pages that have changed."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
