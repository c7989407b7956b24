"""The committed reference pages are those that the code makes."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"


def load_generator():
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(DOCS))  # as it is when the file is run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return load_generator().pages()


def test_the_committed_pages_are_up_to_date(pages) -> None:
    folder = DOCS / "reference"
    assert {path.name for path in folder.iterdir()} == set(pages)
    stale = [name for name, text in pages.items() if (folder / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


def test_every_rule_has_its_examples(pages) -> None:
    sections = re.split(r"^## ", pages["rules.md"], flags=re.MULTILINE)[1:]
    assert len(sections) > 50
    for section in sections:
        assert section.startswith("FS")
        assert section.count("```python") >= 2, section


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(DOCS)}: {link}"
        for page in DOCS.rglob("*.md")
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_schema_accepts_the_smallest_project(pages) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(pages["ir.schema.json"])
    jsonschema.validate({"name": "empty"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "empty", "unknown": 1}, schema)
