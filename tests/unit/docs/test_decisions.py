"""The records of decisions: each has a number of its own, and the list names all."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "docs" / "adr"


def test_decisions_are_numbered_and_listed():
    files = sorted(path.name for path in FOLDER.glob("0*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    listed = re.findall(r"^(\d+)\. \[.*\]\((.*)\)$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == [(str(int(name[:4])), name) for name in files]
    for name in files:
        assert (FOLDER / name).read_text("utf-8").startswith(f"# {int(name[:4])}. ")
