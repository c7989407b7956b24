"""Source files: found, decoded, placed; whatever is wrong with one of them is said, and the others are still read."""

# ruff: noqa: E501

from __future__ import annotations

import os

import pytest

from flowstone.config.model import Settings
from flowstone.frontend import load

GOOD = "from flowstone import asset\n@asset\ndef good(): ...\n"
UNDEFINED = "from flowstone import asset\n@asset(group=nope)\ndef good(): ...\n"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("syntax.py", b"def f(:\n", "FS001"),
        ("unfinished.py", b"x = (1,\n", "FS001"),
        ("indented.py", b"  x = 1\n y = 2\n", "FS001"),
        ("latin.py", b"x = '\xe9'\n", "FS002"),
        ("utf16.py", "x = 1\n".encode("utf-16"), "FS002"),
        ("nul.py", b"x = 1\0\n", "FS002"),
        ("cookie.py", b"# -*- coding: klingon -*-\n", "FS002"),
        ("parentheses.py", b"x = " + b"(" * 5000 + b")" * 5000, "FS010"),
        ("lists.py", b"x = " + b"[" * 500 + b"]" * 500, "FS010"),
        ("unary.py", b"x = " + b"-" * 100_000 + b"1", "FS010"),
        ("powers.py", b"x = " + b"1**" * 50_000 + b"1", "FS010"),
        ("attributes.py", b"x = a" + b".b" * 100_000, "FS010"),
    ],
)
def test_a_broken_file_has_one_finding_and_hides_no_other(project, name, content, code):
    loaded = project({name: content, "good.py": GOOD})
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [(code, name)]
    assert list(loaded.project.steps) == ["good"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"# nothing",
        b"\xef\xbb\xbfx = 1\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"x = 1\r\ny = 2\r\n",
        b"x = 1\ry = 2\r",
        b"\x0cx = 1\n",
    ],
)
def test_files_that_are_fine(project, content):
    loaded = project({"fine.py": content, "good.py": GOOD})
    assert loaded.diagnostics == ()
    assert list(loaded.project.steps) == ["good"]


@pytest.mark.parametrize(
    ("change", "line", "column"),
    [
        (lambda text: text, 2, 14),
        (lambda text: "\ufeff" + text, 2, 14),
        (lambda text: text.replace("\n", "\r\n"), 2, 14),
        (lambda text: text.replace("\n", "\r"), 2, 14),
        (lambda text: "\x0c\n" + text, 3, 14),
        (lambda text: text.replace("group=", "path='äöü€😀', group="), 2, 28),
        (lambda text: text.replace("@asset(group=nope)", "@asset(\n    group=nope,\n)"), 3, 11),
        (lambda text: text.replace("@asset", "'a\x0cb\x1cc\u2028d'\n@asset"), 3, 14),
        (lambda text: text.rstrip("\n"), 2, 14),
    ],
)
def test_places_count_lines_and_characters(project, change, line, column):
    (finding,) = project({"pipe.py": change(UNDEFINED).encode()}).diagnostics
    assert (finding.code, finding.span.line, finding.span.column) == ("FS004", line, column)
    assert finding.span.end_column - finding.span.column == 4


def test_syntax_error_behind_other_letters(project):
    assert project.findings("größe = 'ä' €\n") == [("FS001", 1, 13)]


def test_fifo_broken_link_and_folder_with_a_file_name(project, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.py").mkdir()
    loaded = project({"good.py": GOOD})
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [("FS002", "gone.py"), ("FS002", "pipe.py")]
    assert list(loaded.project.steps) == ["good"]


def test_link_that_leads_to_itself(project, tmp_path):
    (tmp_path / "circle.py").symlink_to(tmp_path / "circle.py")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert project.findings("from flowstone import asset\n") == [("FS002", 1, 1)]


def test_folders_that_are_not_searched(project, tmp_path):
    files = {f"{folder}/bad.py": "def (" for folder in (".venv", ".git", "__pycache__", "node_modules", "env/lib")}
    loaded = project({**files, "env/pyvenv.cfg": "", "pkg/good.py": GOOD, "pkg/notes.txt": "def ("})
    (tmp_path / "pkg" / "loop").symlink_to(tmp_path)
    assert loaded.diagnostics == ()
    assert project({}).diagnostics == ()


def test_source_that_does_not_exist(project):
    loaded = project({"good.py": GOOD}, sources=("good.py", "missing"))
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [("FS002", "missing")]
    assert list(loaded.project.steps) == ["good"]


def test_source_outside_of_the_import_roots(project):
    loaded = project({"src/a.py": "", "other/b.py": GOOD}, import_roots=("src",), sources=("src", "other"))
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [("FS002", "other/b.py")]


def test_two_files_of_one_module(project):
    loaded = project({"a.py": GOOD, "a/__init__.py": ""})
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [("FS008", "a.py")]
    loaded = project(
        {"x/m.py": GOOD.replace("good", "other"), "y/m.py": ""}, sources=("x", "y"), import_roots=("x", "y")
    )
    assert [(item.code, item.span.file) for item in loaded.diagnostics] == [("FS008", "y/m.py")]


def test_what_uses_a_broken_file_has_no_finding_of_its_own(project):
    loaded = project(
        {
            "broken.py": "from flowstone import asset\nX = 1\n@asset\ndef orders(): ...\nx = (\n",
            "good.py": """
                from broken import X
                from flowstone import asset
                @asset(group=X)
                def a(orders): ...
                @asset(depends_on=["orders"])
                def b(): ...
                """,
        }
    )
    assert [item.code for item in loaded.diagnostics] == ["FS001"]


def test_user_code_is_never_run(project, tmp_path):
    text = f"open({str(tmp_path / 'ran')!r}, 'w')\nimport sys\nsys.exit(3)\nwhile True: pass\n"
    loaded = project({"pipe.py": text + GOOD, "conftest.py": text, "sitecustomize.py": text})
    assert list(loaded.project.steps) == ["good"]
    assert not (tmp_path / "ran").exists()


def test_order_of_files_and_hashes_does_not_matter(project):
    files = {f"m{n}.py": GOOD.replace("good", f"a{n}") for n in (3, 1, 2)}
    assert list(project(files).project.steps) == ["a1", "a2", "a3"]


NESTED = {
    "chain of additions": "'a'" + " + 'a'" * 900,
    "elements": "[" * 150 + "'a'" + "]" * 150 + "[0]" * 150,
    "calls": "str(" * 150 + "'a'" + ")" * 150,
    "methods": "'a'" + ".upper()" * 300,
    "conditions": "'a' if True else " * 300 + "'a'",
    "negations": "not " * 900 + "True and 'a'",
    "comparisons": "'a'" + " if 1" + " < 2" * 0 + " else 'b'",
}


@pytest.mark.parametrize("expression", NESTED.values(), ids=list(NESTED))
def test_nesting_that_python_takes_is_evaluated(project, expression):
    loaded = project(f"from flowstone import asset\n@asset(description={expression})\ndef a(): ...\n")
    assert [item.code for item in loaded.diagnostics if item.code != "FS005"] == []
    assert list(loaded.project.steps) == ["a"]


def test_deep_statements_and_annotations(project):
    text = (
        "from flowstone import asset\n" + "if 0: pass\n" + "elif 0: pass\n" * 900 + "@asset\ndef a(x: " + "list[" * 150
    )
    text += "int" + "]" * 150 + " = 1, y: int" + " | int" * 900 + " = 2): return 1" + " + 1" * 900 + "\n"
    loaded = project(text)
    assert loaded.diagnostics == ()
    assert list(loaded.project.steps) == ["a"]


@pytest.mark.parametrize("name", ["class", "None", "__init__", "asset", "x" * 100])
def test_odd_names_that_are_allowed(project, name):
    loaded = project(f"from flowstone import asset\n@asset(name={name!r})\ndef a(): ...\n")
    assert loaded.diagnostics == ()
    assert list(loaded.project.steps) == [name]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a.b", "a/b", "../a", "a\n", "{{ x }}", "é", "a'b", "a\x00", "-a", "1a", "x" * 101]
)
def test_odd_names_that_are_refused(project, name):
    found = project.findings(f"from flowstone import asset\n@asset(name={name!r})\ndef a(): ...\n")
    assert found == [("FS108", 2, 13)]


def test_hostile_texts_arrive_unchanged(project):
    text = "quotes ' \" ''' and {{ braces }} and \n lines \\ and \u2028 and é 😀"
    loaded = project(
        {
            "pipe.py": f"from flowstone import asset\n@asset(meta={{'x': {text!r}}}, tags=[{text!r}])\ndef a():\n    {text!r}\n"
        }
    )
    asset = loaded.project.assets["a"]
    assert asset.meta == {"x": text}
    assert asset.tags == {text: ""}
    assert asset.description.startswith("quotes")


def test_messages_stay_short(project):
    text = (
        "from flowstone import asset\n@asset(owners='x' * 5000)\ndef a(): ...\n@asset(name='y' * 5000)\ndef b(): ...\n"
    )
    for finding in project(text).diagnostics:
        assert len(finding.message) < 200
        assert len(finding.help or "") < 200


@pytest.mark.parametrize(
    "line",
    [
        "from app.util import x",
        "import app.util",
        "from app import util",
        "import app.util as u",
    ],
)
def test_imports_below_a_folder_that_is_no_import_root(project, line):
    files = {
        "src/app/__init__.py": "",
        "src/app/util.py": "x = 1\n",
        "src/app/a.py": f"from flowstone import asset\n{line}\n",
    }
    (found,) = project(files).diagnostics
    assert (found.code, found.span.line) == ("FS004", 2)
    assert "src.app.util" in found.message
    assert 'import_roots = ["src"]' in (found.help or "")
    assert not project(files, import_roots=("src",)).diagnostics


def test_folders_named_like_packages_of_others(project):
    text = "from flowstone import asset\nimport stripe\nfrom stripe import Client\nimport google.cloud\nimport json.decoder\n"
    assert not project({"jobs/stripe/a.py": text, "jobs/google.py": "", "jobs/json/decoder.py": ""}).diagnostics


def test_texts_are_read_instead_of_files(project):
    before = project({"a.py": GOOD, "b.py": "x = 1\n"})
    root = project.root
    settings = Settings(name="demo", root=root, home=root / ".flowstone", sources=(".",))
    text = before.sources["a.py"].replace("good", "two")

    after = load(settings, texts={"a.py": text})

    assert list(after.project.assets) == ["two"]
    assert after.sources == {**before.sources, "a.py": text}


def test_names_that_are_too_long_for_a_file(project):
    name = "x" * 5000
    loaded = project(
        {
            "shop/__init__.py": "",
            "pipe.py": f"from flowstone import asset, {name}\nfrom shop import {name} as y\nimport shop.{name}\n"
            f"from .{name} import z\n@asset(group=y)\ndef a() -> int: ...\n",
        }
    )
    assert {item.code for item in loaded.diagnostics} == {"FS004"}
